"""What a vision-language model makes of the pictures that a collection has: features to look at again, captions, and
values for fields that the merchant left empty. Kept beside the items, in :class:`~shelfsight.core.protocols.Notes`.

::

    ids without notes ─► look (threads: read, decode) ─► model (batches) ─► notes

It goes over what is missing, so a job that was cut short goes on where it ended.
"""

from shelfsight.indexer.noting.attributes import is_said
from shelfsight.indexer.noting.job import add_notes, check_able, model_name
from shelfsight.indexer.noting.report import NotesProgress, NotesReport

__all__ = ["NotesProgress", "NotesReport", "add_notes", "check_able", "is_said", "model_name"]
