"""Collections in Milvus: Lite in a file, a server or a cluster.

What is the truth? For a directory it is SQLite. A cluster, though, is there because others operate it, and because
readers and writers are on several machines: what it holds has to be complete without anybody's directory. So Milvus is
the truth, with everything in it (items with their metadata, vectors, hashes, previews, the journal of commits), and the
directory is a handle on it: where it is, and a ledger in SQLite that repeats what Milvus says. The ledger can be thrown
away, is made anew from Milvus, and lets everything that reads or changes a ledger (filters and facets by column, words,
notes, patches) work on Milvus unchanged.

Milvus has no transactions over rows, no compare-and-set, and values of 64 kB at most. A commit is worked out in an
open transaction of the ledger, under a lock; its rows are written to Milvus under numbers that rise and that are
nobody's yet; one entry in the journal, a single insert, says up to which number rows count (:mod:`.shipping`); then the
ledger's transaction ends. Killed before the entry: nothing is in, the next writer drops the rows. Killed after it: all
is in, and the ledger learns it from the journal, as it learns of the commits of other machines (:mod:`.replica`). Rows
are never changed: a snapshot is the rows up to a number, less those that the ledger knows to be replaced, which stay
for a while (:mod:`.upkeep`). Larger values lie in the journal in parts, by their digest.

A version with another encoder is a Milvus collection of its own beside the first (:mod:`.standby`, :mod:`.adopting`); a
backup has the files of a collection in a directory, of which any store can be made (:mod:`.exporting`,
:mod:`.importing`).

Searches push filters down as expressions that let through at least what passes, and hold them exactly in memory, as do
counts and facets (:mod:`.expressions`, :mod:`.nearest`). Words are looked up in the index that follows the ledger, as
in every store, unless a place wants them from Milvus's full text (:mod:`.words`): BM25 knows no typing errors, no whole
values and no words to leave out, and counts statistics by segment, so it finds and does not score. The index beside the
ledger is the default, for it asks nobody and looks at all items; Milvus's is for collections of which no machine should
build and hold it: what stays here is the vocabulary.

The index of the vectors goes by their number (:mod:`.indexing`). Large commits are imported as files where a server and
a place for these are named (:mod:`.bulk`).
"""

from dataclasses import replace
from pathlib import Path

from shelfsight.core.protocols import EncoderSpec, Store
from shelfsight.stores.creation import create_collection
from shelfsight.stores.manifest import Header
from shelfsight.stores.milvus.adopting import follow_alias
from shelfsight.stores.milvus.client import Milvus
from shelfsight.stores.milvus.connection import library
from shelfsight.stores.milvus.creation import GoneError, MovedError, prepare
from shelfsight.stores.milvus.place import PLACE, TOKEN, MilvusPlace, name_of, read_place, report, write_place
from shelfsight.stores.milvus.store import MilvusStore
from shelfsight.stores.versions import active

__all__ = ["PLACE", "TOKEN", "MilvusPlace", "create", "open_milvus", "read_place", "report"]


def create(path: Path, encoder: EncoderSpec, place: MilvusPlace | None = None) -> None:
    """A new collection at ``path``; where ``place`` names one that Milvus has, a handle on that.

    Raises:
        Conflict: Milvus has one that is called as the directory, and ``place`` does not name it.
        Conflict, StoreError: as :func:`shelfsight.stores.create_store`.
        UsageError: a place that cannot be, or an index type that Milvus Lite takes and does not build.
        EncoderMismatch: Milvus has one of another encoder.
    """
    asked = (place or MilvusPlace()).checked()
    chosen = asked if asked.collection else replace(asked, collection=name_of(path))
    library()

    def remote() -> None:
        milvus = Milvus(path, chosen)
        try:
            prepare(milvus, chosen, encoder, join=bool(asked.collection))
        finally:
            milvus.close()
        write_place(path, chosen)

    create_collection(path, "milvus", encoder, before=remote)


def open_milvus(path: Path, header: Header, *, home: Path | None = None) -> Store:
    """The collection at ``path``.

    Raises:
        StoreError: Milvus cannot be reached.
        CorruptCollection: it has not got the collection, or ``milvus.json`` makes no sense.
        EncoderMismatch: what it has is of another encoder.
    """
    from shelfsight.stores import open_store

    try:
        store = MilvusStore(path, header, read_place(path), home=home)
    except (MovedError, GoneError):
        if home is None or (followed := follow_alias(path)) is None:
            raise
        store = MilvusStore(path, followed, read_place(path), home=home)
    if home is None:
        return store
    store.token()  # it hears of a switch that the alias, which others share, did not follow
    if active(home) == path:
        return store
    store.close()
    return open_store(home)
