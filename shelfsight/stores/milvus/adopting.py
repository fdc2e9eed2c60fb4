"""What a directory does that is about a Milvus collection when another machine switched to another one.

The version that was left stays as the one to go back to, and a handle on what counts now becomes the version that
counts, as if the switch had been made here.
"""

from pathlib import Path

from shelfsight.stores.creation import create_collection
from shelfsight.stores.faults import storage_faults
from shelfsight.stores.milvus.creation import encoder_of
from shelfsight.stores.milvus.place import write_place
from shelfsight.stores.milvus.reaching import connection
from shelfsight.stores.milvus.standby import handle_at, pinned, version_of
from shelfsight.stores.shadow import changing, copy_notes, left, new_version
from shelfsight.stores.versions import MAIN, Current, active, folder_of, point

__all__ = ["adopt"]


def adopt(home: Path, folder: Path, rows: str, successor: tuple[str, int]) -> None:
    """Let the version of the collection at ``home`` that is about the Milvus collection ``successor`` count, which is
    made where there is none. Nothing happens where somebody is changing versions: who does sees to it.

    Args:
        folder: the version that counted, which is about the Milvus collection ``rows``.
        successor: its name, and the generation that it began with.

    Raises:
        StoreError, StoreFull: Milvus cannot be reached, or the handle cannot be written.
        CorruptCollection: Milvus has lost what counts.
    """
    with changing(home) as alone:
        if not alone or active(home) != folder:
            return
        pinned(folder, rows)
        name, generation = successor
        before = MAIN if folder == home else folder.name
        version = version_of(home, name) or _handle(home, folder, name)
        left(home, before, version, generation)
        with storage_faults(home):
            point(home, Current(active=version, previous=before))


def _handle(home: Path, source: Path, rows: str) -> str:
    """A new version that is about the Milvus collection ``rows``."""
    version = new_version(home)
    folder = folder_of(home, version)
    place = handle_at(folder, source, rows)
    with connection(source, handle_at(source, source, rows)) as milvus:
        encoder = encoder_of(milvus, place)
    create_collection(folder, "milvus", encoder, before=lambda: write_place(folder, place))
    copy_notes(source, folder)
    return version
