"""What a directory does that is about a Milvus collection when another machine switched to another one.

The version that was left stays as the one to go back to, and a handle on what counts now becomes the version that
counts, as if the switch had been made here.
"""

from dataclasses import replace
from pathlib import Path

from shelfsight.stores.creation import create_collection
from shelfsight.stores.faults import storage_faults
from shelfsight.stores.manifest import Header, read_header, write_header
from shelfsight.stores.milvus.creation import encoder_of, pointed
from shelfsight.stores.milvus.place import read_place, write_place
from shelfsight.stores.milvus.reaching import connection
from shelfsight.stores.milvus.standby import handle_at, pinned, version_of
from shelfsight.stores.shadow import changing, copy_notes, left, new_version
from shelfsight.stores.versions import MAIN, Current, active, folder_of, point

__all__ = ["adopt", "follow_alias"]


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


def follow_alias(folder: Path) -> Header | None:
    """Make the version in ``folder`` one about the Milvus collection that the alias stands for, where it is another
    one: a directory that was closed while other machines switched, and maybe dropped what it was about. Its manifest
    from now on; ``None`` where there is nothing to follow.

    Raises:
        StoreError, StoreFull: as :func:`adopt`.
    """
    place, header = read_place(folder), read_header(folder)
    with connection(folder, place) as milvus:
        found = pointed(milvus, place.collection)
        if found is None or found == place.rows:
            return None
        header = replace(header, encoder=encoder_of(milvus, replace(place, rows=found)))
    if place.rows:
        write_place(folder, replace(place, rows=found))
    with storage_faults(folder):
        write_header(folder, header)
    return header


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
