"""Hits that show the same, folded into the best of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.search.candidates import Candidate

__all__ = ["Folded", "fold"]

_ROUNDING = 1e-6
"""The same vector twice has a cosine of 1 but for the rounding of float32."""


@dataclass(frozen=True, slots=True)
class Folded:
    """A list less what repeats.

    Attributes:
        kept: those that stay, in their order.
        into: id of one that stays -> ids folded into it, in their order.
    """

    kept: list[Candidate]
    into: dict[str, tuple[str, ...]]

    @property
    def gone(self) -> tuple[str, ...]:
        """Ids that were folded into others."""
        return tuple(id for ids in self.into.values() for id in ids)


def fold(free: Sequence[Candidate], fixed: Sequence[Candidate], vectors: FloatArray, threshold: float) -> Folded:
    """Walk down the list; one whose best picture's cosine with a better one's is ``threshold`` or more goes into the
    best such. What went into another takes no more in itself, so nothing is folded along a chain.

    Args:
        free: candidates, best first.
        fixed: those that stay whatever they show, and count as better than all.
        vectors: (fixed + free, d) float32, the best picture of each: the fixed first.
    """
    directions = normalise(vectors)
    like: npt.NDArray[Any] = directions @ directions.T >= threshold - _ROUNDING
    stays = np.zeros(len(directions), dtype=bool)
    stays[: len(fixed)] = True
    everyone = [*fixed, *free]
    into: dict[str, list[str]] = {}
    for place in range(len(fixed), len(everyone)):
        better = np.flatnonzero(like[place, :place] & stays[:place])
        if better.size:
            into.setdefault(everyone[better[0]].match.id, []).append(everyone[place].match.id)
        else:
            stays[place] = True
    kept = [each for each, staying in zip(free, stays[len(fixed) :], strict=True) if staying]
    return Folded(kept, {id: tuple(ids) for id, ids in into.items()})
