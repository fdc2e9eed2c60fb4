"""What erasing items did: a delete after which no byte of them is left."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Erased", "ErasedPlace", "Piece", "PieceKind"]


class PieceKind(StrEnum):
    """What a piece is of."""

    VECTOR = "vector"
    TEXT = "text"
    PREVIEW = "preview"
    FEATURES = "features"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Piece:
    """Something that an item held, by which a file that still has it is recognised.

    Attributes:
        forms: bytes, six of each at least; a file that has any of them has the piece.
    """

    kind: PieceKind
    forms: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedPlace:
    """One place that was searched, byte by byte, before and after.

    Attributes:
        name: such as ``vectors``, ``index``, ``items``, ``notes``, ``words``, ``cache``.
        found: pieces that it held before.
        shared: those of them that it holds still, for an item that stays holds them too: a brand, a picture twice.
        left: those that it holds still and nobody else does. 0, or what :attr:`Erased.later` tells of.
    """

    name: str
    found: int
    shared: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What :meth:`shelfsight.core.protocols.Store.erase` did.

    Attributes:
        ids: those that were there, in any version of the collection.
        absent: those that were not.
        held: what they held: ``vectors``, ``texts``, ... -> how many.
        places: where that was; places without anything of it are left out.
        later: what is not done yet, and who does it when; empty: nothing is left.
        files, bytes: that were searched.
        pieces: what they held and nobody else does, for those who search further places.
    """

    ids: tuple[str, ...]
    absent: tuple[str, ...]
    held: Mapping[str, int]
    places: tuple[ErasedPlace, ...]
    later: tuple[str, ...] = ()
    files: int = 0
    bytes: int = 0
    pieces: tuple[Piece, ...] = field(default=(), repr=False, compare=False)

    @property
    def verified(self) -> bool:
        """Whether every place was searched and nothing was left."""
        return not self.later and not any(place.left for place in self.places)
