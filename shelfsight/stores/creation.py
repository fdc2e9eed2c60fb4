"""Making a collection: the database first, the manifest last. Where a manifest is, a collection is."""

from collections.abc import Callable
from pathlib import Path

from shelfsight.core.errors import Conflict
from shelfsight.core.protocols import EncoderSpec
from shelfsight.stores.faults import storage_faults
from shelfsight.stores.files import TEMPORARY, locked, sync_directory
from shelfsight.stores.ledger import DATABASE, create_database
from shelfsight.stores.maintenance import MAINTAIN_LOCK
from shelfsight.stores.manifest import FORMAT, MANIFEST, METRIC, Header, write_header
from shelfsight.stores.segments import SEGMENTS
from shelfsight.stores.versions import active

__all__ = ["create_collection"]


def create_collection(path: Path, kind: str, encoder: EncoderSpec, *, before: Callable[[], None] | None = None) -> None:
    """An empty collection at ``path``. An interrupted creation is taken up where it ended.

    Args:
        before: makes what else there has to be, before the manifest says that there is a collection.

    Raises:
        Conflict: a collection, a file, or a directory with something else in it is there.
        StoreError, StoreFull: it cannot be written.
    """
    with storage_faults(path):
        _refuse_foreign(path)
        path.mkdir(parents=True, exist_ok=True)
        with locked(path / MAINTAIN_LOCK, wait=True):
            _refuse_existing(path)
            (path / SEGMENTS).mkdir(exist_ok=True)
            create_database(path)
            if before is not None:
                before()
            sync_directory(path)
            write_header(path, Header(format=FORMAT, store=kind, encoder=encoder, metric=METRIC))


def _refuse_existing(path: Path) -> None:
    if (active(path) / MANIFEST).exists():
        raise Conflict(f"there is a collection at {path} already", hint="open it, or choose another directory")


def _refuse_foreign(path: Path) -> None:
    if not path.exists():
        return
    if not path.is_dir():
        raise Conflict(f"{path} is a file", hint="name a directory that is empty or does not exist yet")
    _refuse_existing(path)
    foreign = [entry.name for entry in path.iterdir() if not _ours(entry.name)]
    if foreign:
        raise Conflict(
            f"{path} is not empty ({foreign[0]!r} is in it) and no collection",
            hint="name a directory that is empty or does not exist yet",
        )


def _ours(name: str) -> bool:
    """What an interrupted creation leaves."""
    return name in (MAINTAIN_LOCK, SEGMENTS) or name.startswith((DATABASE, "milvus.")) or name.endswith(TEMPORARY)
