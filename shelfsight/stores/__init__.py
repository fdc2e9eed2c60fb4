"""Where vectors and items live. A collection is a directory that is complete in itself.

``exact`` multiplies matrices and is the oracle; ``faiss`` searches with FAISS. Both keep the same files and
differ in the structure that finds rows. ``milvus`` keeps items and vectors in Milvus. Backends are imported when a
collection that needs one is opened.
"""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from shelfsight.core.errors import StoreError, UsageError
from shelfsight.core.protocols import EncoderSpec, Manifest, Store
from shelfsight.core.settings import VectorSettings

if TYPE_CHECKING:
    from shelfsight.stores.blocks import BlockFactory
    from shelfsight.stores.milvus.place import MilvusPlace

__all__ = ["KINDS", "create_store", "open_store", "open_version", "read_manifest"]

DEFAULT_VECTORS = VectorSettings()
KINDS = ("faiss", "exact", "milvus")


def create_store(
    path: Path,
    *,
    kind: str = "faiss",
    encoder: EncoderSpec,
    place: "MilvusPlace | None" = None,
    vectors: VectorSettings = DEFAULT_VECTORS,
) -> Store:
    """A new, empty collection at ``path``; the directory is made.

    Args:
        place: where in Milvus; ``None``: Milvus Lite, in a file in the directory. Other kinds have none.
        vectors: what finds vectors in it, where the store is one that chooses (``faiss``).

    Raises:
        Conflict: there is a collection already, or a directory with something else in it.
        UsageError: an unknown ``kind``.
        MissingExtra: the package that ``kind`` needs is not installed.
    """
    from shelfsight.stores.creation import create_collection

    if kind == "milvus":
        from shelfsight.stores.milvus import create

        create(path, encoder, place)
    elif place is not None:
        raise UsageError(f"a {kind!r} collection has no place in Milvus", hint="leave the place out, or the store")
    else:
        _factory(kind, vectors)
        create_collection(path, kind, encoder)
    return open_store(path, encoder=encoder, vectors=vectors)


def open_store(path: Path, *, encoder: EncoderSpec | None = None, vectors: VectorSettings = DEFAULT_VECTORS) -> Store:
    """The collection at ``path``; ``encoder`` is checked when given, and ``vectors`` says what finds vectors from
    the next maintenance on.

    Raises:
        NotFound: there is none.
        EncoderMismatch: it was built with another encoder, dimension or preprocessing.
        CorruptCollection: its files contradict each other.
        StoreError: it cannot be read, or a newer Shelfsight wrote it.
        MissingExtra: the package its store needs is not installed.
    """
    from shelfsight.stores.versions import active

    return _open(active(path), path, encoder, vectors)


def open_version(path: Path, version: str, *, vectors: VectorSettings = DEFAULT_VECTORS) -> Store:
    """A version of the collection at ``path`` that does not count, open for writing; see
    :mod:`shelfsight.stores.versions`.

    Raises:
        As :func:`open_store`.
    """
    from shelfsight.stores.versions import folder_of

    return _open(folder_of(path, version), None, None, vectors)


def _open(folder: Path, home: Path | None, encoder: EncoderSpec | None, vectors: VectorSettings) -> Store:
    from shelfsight.stores.erasing import resumed
    from shelfsight.stores.local import LocalStore
    from shelfsight.stores.manifest import check_encoder, read_header

    header = read_header(folder)
    if encoder is not None:
        check_encoder(home or folder, header.encoder, encoder)
    if header.store not in KINDS:
        raise StoreError(
            f"{folder} is a {header.store!r} collection, this Shelfsight knows {', '.join(KINDS)}",
            hint="upgrade shelfsight",
        )
    if header.store == "milvus":
        from shelfsight.stores.milvus import open_milvus

        return resumed(open_milvus(folder, header, home=home), home)
    return resumed(LocalStore(folder, header, _factory(header.store, vectors), home=home), home)


def read_manifest(path: Path) -> Manifest:
    """What the collection at ``path`` is, without loading its backend.

    Raises:
        NotFound: there is none.
        CorruptCollection, StoreError: as for :func:`open_store`.
    """
    from shelfsight.stores.blocks import ExactBlock
    from shelfsight.stores.local import LocalStore
    from shelfsight.stores.manifest import read_header
    from shelfsight.stores.versions import active

    folder = active(path)
    header = read_header(folder)
    with closing(LocalStore(folder, header, ExactBlock)) as store:
        manifest = store.manifest
    if header.store == "milvus":
        from shelfsight.stores.milvus import read_place, report

        return replace(manifest, index=report(read_place(folder), manifest.pictures))
    return manifest


def _factory(kind: str, vectors: VectorSettings) -> "BlockFactory":
    match kind:
        case "exact":
            from shelfsight.stores.blocks import ExactBlock

            return ExactBlock
        case "faiss":
            from shelfsight.stores.faiss_finders import FaissBlocks

            return FaissBlocks(vectors)
    raise UsageError(f"there is no store {kind!r}", hint=f"choose one of {', '.join(KINDS)}")
