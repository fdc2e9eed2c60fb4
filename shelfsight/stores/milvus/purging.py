"""Rows of items that are erased, dropped from Milvus, and Milvus asked to let go of what it only marks as deleted.

Rows are the item's of all its versions, by its id. Snapshots of other items lose nothing. A server writes its segments
anew when it is asked, and throws the old ones away by itself after a while. Milvus Lite has no request for that: it is
made to do, file by file, what it does by itself once files are many, where this process is the one that serves it.
"""

from collections.abc import Sequence

import numpy as np

from shelfsight.core.errors import StoreError
from shelfsight.stores.milvus.client import Milvus
from shelfsight.stores.milvus.journal import Journal
from shelfsight.stores.milvus.rows import Rows

__all__ = ["compact", "drop"]

_AT_ONCE = 100


def drop(journal: Journal, rows: Rows, ids: Sequence[str]) -> None:
    """Drop all rows of ``ids``, none of which is an item any more, and bytes that no other row needs. Nobody may write
    meanwhile."""
    for start in range(0, len(ids), _AT_ONCE):
        found = [*rows.called(ids[start : start + _AT_ONCE])]
        names = sorted({name for _, kept in found for name in kept if name})
        rows.forget(np.array([row for row, _ in found], np.int64))
        journal.drop_blobs(set(names) - rows.needed(names))


def compact(milvus: Milvus, names: Sequence[str]) -> tuple[str, ...]:
    """Ask for it; what comes later by itself, in words.

    Raises:
        StoreError: another process has the file of Lite open.
    """
    if milvus.lite:
        if all(milvus.compact_file(name) for name in names):
            return ()
        if not milvus.serving:
            raise StoreError("only the process that has the Milvus Lite file open can write it anew")
        return ("this version of Milvus Lite writes its file anew when it consists of many",)
    try:
        for name in names:
            milvus.compact(name)
    except StoreError as error:
        return (f"{error.message}: deleted rows stay in its storage until its next compaction",)
    return (
        "Milvus was asked for a compaction; it throws old segments away when its garbage collection finds them, by"
        " default within hours",
        "other machines' directories of this Milvus collection: each has deleted records in free pages until an erasure"
        " there",
    )
