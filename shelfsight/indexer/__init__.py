"""The write path: catalogue in, collection up to date.

::

    rows ─► examine (threads: read, hash, compare) ─► prepare (threads: decode, resize) ─► encode (batches) ─► commit

Every arrow keeps the catalogue's order and holds a bounded number of items, so the same catalogue gives the same
collection and memory does not grow with it.
"""

from shelfsight.indexer.job import index
from shelfsight.indexer.progress import Progress
from shelfsight.indexer.report import Report, report_of

__all__ = ["Progress", "Report", "index", "report_of"]
