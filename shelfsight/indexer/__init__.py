"""The write path: catalogue in, collection up to date.

::

    rows ─► examine (threads: read, hash, compare) ─► prepare (threads: decode, resize) ─► encode (batches) ─► commit

Every arrow keeps the catalogue's order and holds a bounded number of items, so the same catalogue gives the same
collection and memory does not grow with it. What a vision-language model makes of the pictures is a job of its own
behind it: :mod:`shelfsight.indexer.noting`. Writes of a shop that is open: :mod:`shelfsight.indexer.live`.
"""

from shelfsight.indexer.job import index
from shelfsight.indexer.live import delete, update, upsert
from shelfsight.indexer.noting import NotesProgress, NotesReport, add_notes, check_able, is_said, model_name
from shelfsight.indexer.progress import Progress
from shelfsight.indexer.report import Report, report_of

__all__ = [
    "NotesProgress",
    "NotesReport",
    "Progress",
    "Report",
    "add_notes",
    "check_able",
    "delete",
    "index",
    "is_said",
    "model_name",
    "report_of",
    "update",
    "upsert",
]
