"""What a place in Milvus has, for as long as somebody looks at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shelfsight.stores.milvus.client import Milvus
from shelfsight.stores.milvus.creation import opened
from shelfsight.stores.milvus.journal import Journal
from shelfsight.stores.milvus.place import MilvusPlace
from shelfsight.stores.milvus.rows import Rows

__all__ = ["Reached", "connection", "reached"]


@dataclass(frozen=True, slots=True)
class Reached:
    """The journal and the rows of a place, and the connection that they are asked by."""

    milvus: Milvus
    journal: Journal
    rows: Rows


@contextmanager
def connection(directory: Path, place: MilvusPlace) -> Iterator[Milvus]:
    """The Milvus of ``place``.

    Raises:
        MissingExtra, StoreError: as :class:`Milvus`.
    """
    milvus = Milvus(directory, place)
    try:
        yield milvus
    finally:
        milvus.close()


@contextmanager
def reached(directory: Path, place: MilvusPlace) -> Iterator[Reached]:
    """Raises as :func:`connection` and :func:`~shelfsight.stores.milvus.creation.opened`."""
    with connection(directory, place) as milvus:
        yield Reached(milvus, *opened(milvus, directory, place))
