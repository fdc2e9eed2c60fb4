"""An explanation in the making."""

from collections.abc import Sequence
from dataclasses import dataclass

from shelfsight.core.atoms import Atom
from shelfsight.core.protocols import PictureKey
from shelfsight.core.types import Claim, Hit
from shelfsight.search.explain.claims import by_nobody

__all__ = ["Draft"]


@dataclass(slots=True)
class Draft:
    """A hit with a claim an atom, ``None`` where nobody has judged it yet."""

    hit: Hit
    claims: list[Claim | None]

    @property
    def is_open(self) -> bool:
        """Whether an atom is not judged yet."""
        return None in self.claims

    @property
    def key(self) -> PictureKey:
        """The picture to look at."""
        return self.hit.id, self.hit.picture_index

    @property
    def gaps(self) -> list[int]:
        """Places of the atoms that are not judged yet."""
        return [place for place, claim in enumerate(self.claims) if claim is None]

    def close(self, atoms: Sequence[Atom]) -> None:
        """Nobody can judge what is left."""
        for place in self.gaps:
            self.claims[place] = by_nobody(atoms[place])
