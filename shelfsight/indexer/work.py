"""What travels through the job: one row of the catalogue, and what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

import numpy as np
import numpy.typing as npt

from shelfsight.core.errors import PictureError
from shelfsight.core.protocols import Fingerprints, StoredItem, StoredPicture
from shelfsight.core.types import Failure, Item, Value
from shelfsight.core.vectors import FloatArray
from shelfsight.indexer.fingerprints import Stamp, to_fingerprints

__all__ = ["Decision", "Entry", "Got", "PictureTask", "Row", "Work"]


class Decision(Enum):
    """What a row needs."""

    ENCODE = auto()
    """New, or with other pictures."""
    MOVE = auto()
    """The same pictures under other names or paths: the vectors it has, written again."""
    UPDATE = auto()
    """Other title or metadata alone."""
    RENEW = auto()
    """Nothing but what to ask servers of its pictures with, the next time."""
    NOTHING = auto()
    FAIL = auto()


@dataclass(frozen=True, slots=True)
class Got:
    """What came from an address. ``data`` is ``None`` where it is what the stamp says, and was not sent or kept."""

    stamp: Stamp
    data: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row as the catalogue gave it: an item and what the collection knows of it, or a failure.

    Attributes:
        fetched: by place among the item's pictures, what came of those with addresses.
    """

    item: Item | None = None
    known: Fingerprints | None = None
    failure: Failure | None = None
    fetched: Mapping[int, Got | PictureError] = field(default_factory=dict, repr=False)


@dataclass(slots=True, kw_only=True)
class Work:
    """One row on its way. Pictures' bytes are not in it, so that waiting for a commit costs little memory.

    Attributes:
        pictures: those that can be used, in order.
        vectors: one for each of ``pictures``, where they were encoded.
        keep_fields: the catalogue says of title and metadata what it said before, so what the collection has stays.
        held: indexes, among the catalogue's pictures, of those that are no files.
        stamps: what is known of those with addresses, in their places.
        undecodable: indexes, among the catalogue's pictures, of those read but not decoded.
        failures: of pictures, in order, or of the row.
    """

    decision: Decision
    id: str = ""
    title: str | None = None
    metadata: Mapping[str, Value] = field(default_factory=dict)
    pictures_hash: str = ""
    metadata_hash: str = ""
    places_hash: str = ""
    pictures: list[StoredPicture] = field(default_factory=list)
    vectors: list[FloatArray] = field(default_factory=list)
    keep_fields: bool = False
    held: tuple[int, ...] = ()
    stamps: tuple[Stamp | None, ...] = ()
    undecodable: list[int] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def to_stored(self) -> StoredItem:
        """The item as the collection is to remember it."""
        return StoredItem(
            id=self.id,
            title=self.title,
            metadata=self.metadata,
            pictures=tuple(self.pictures),
            fingerprints=to_fingerprints(
                self.pictures_hash,
                self.undecodable,
                self.metadata_hash,
                self.places_hash,
                self.held,
                self.stamps,
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureTask:
    """One picture to prepare; or none, for a row with nothing to prepare.

    Attributes:
        index: the picture's place among the item's pictures.
        item: where the picture is; ``None`` for a row with nothing to prepare.
        data: its bytes, where they were kept.
        last: whether the row is complete with this.
    """

    work: Work
    index: int = 0
    item: Item | None = None
    data: bytes | None = field(default=None, repr=False)
    last: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A :class:`PictureTask` done.

    Attributes:
        pixels: (3, h, w) uint8 for the encoder, where the picture could be used.
        picture: how the collection is to remember it, likewise.
        failure: why it could not be used.
    """

    work: Work
    index: int
    last: bool
    pixels: npt.NDArray[np.uint8] | None = None
    picture: StoredPicture | None = None
    failure: Failure | None = None
