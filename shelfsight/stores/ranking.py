"""From rows to items: exact top-k whatever kernel found the rows.

Kernels round inner products as their blocking happens to fall, so the same vector can score differently
in two places. Rows that may matter are scored again in float64, which makes scores the same in every store,
alone or in a batch, and ties real ties. A float32 inner product of d terms of unit vectors is off by at most
d * 2**-24 (N. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., eq. 3.5); a row that a kernel
puts further than twice that below the k-th item cannot belong to the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shelfsight.core.protocols import Match
from shelfsight.core.vectors import FloatArray
from shelfsight.stores.blocks import Blocks, BoolArray, IntArray

__all__ = ["Rows", "best_items", "cosines", "ranked"]

_FEW = 1024  # so few rows are scored outright
_SPARE = 32
_GROWTH = 8
_STEP = 8192


@dataclass(frozen=True, slots=True)
class Rows:
    """What a row is: ``slot`` (n,) is its item's slot, ``first`` (slots,) an item's first row, ``ids`` by slot."""

    slot: npt.NDArray[np.int32]
    first: IntArray
    ids: Sequence[str]


def best_items(blocks: Blocks, rows: Rows, queries: FloatArray, k: int, allowed: BoolArray | None) -> list[list[Match]]:
    """The k best items for each query among ``allowed`` rows ((n,) bool): score descending, ties by id."""
    total = len(blocks) if allowed is None else int(np.count_nonzero(allowed))
    if total == 0:
        return [[] for _ in queries]
    if total <= max(_FEW, len(blocks) // 100) and allowed is not None:
        few = np.flatnonzero(allowed)
        vectors = blocks.gather(few)
        return [ranked(rows, few, cosines(vectors, query))[:k] for query in queries]
    found: list[list[Match] | None] = [None] * len(queries)
    fetch = min(total, k + _SPARE)
    while pending := [i for i, matches in enumerate(found) if matches is None]:
        scores, places = blocks.top(queries[pending], fetch, allowed)
        for i, approximate, here in zip(pending, scores, places, strict=True):
            found[i] = _proven(blocks, rows, queries[i], k, here, approximate, fetch, total)
        fetch = min(total, fetch * _GROWTH)
    return [matches for matches in found if matches is not None]


def _proven(
    blocks: Blocks,
    rows: Rows,
    query: FloatArray,
    k: int,
    places: IntArray,
    approximate: FloatArray,
    fetch: int,
    total: int,
) -> list[Match] | None:
    """The answer from the best ``fetch`` rows, or ``None`` when a row not among them may belong to it."""
    if len(places) > fetch:
        best = np.argpartition(-approximate, fetch - 1)[:fetch]
        places, approximate = places[best], approximate[best]
    real = places >= 0
    matches = ranked(rows, places[real], cosines(blocks.gather(places[real]), query))
    if fetch >= total:
        return matches[:k]
    unseen = float(approximate.min()) + 2 * query.shape[0] * 2.0**-24
    return matches[:k] if len(matches) >= k and matches[k - 1].score > unseen else None


def cosines(vectors: FloatArray, query: FloatArray) -> npt.NDArray[np.float32]:
    """Cosines of (n, d) and (d,), each independent of the other rows."""
    wide = query.astype(np.float64)
    parts = [np.sum(vectors[s : s + _STEP] * wide, axis=1) for s in range(0, len(vectors), _STEP)]
    return np.asarray(np.clip(np.concatenate(parts), -1, 1), np.float32)


def ranked(rows: Rows, places: IntArray, scores: npt.NDArray[np.float32]) -> list[Match]:
    """Items of the rows at ``places``, each with its best row (the earliest of equals)."""
    order = np.lexsort((places, -scores))
    places, scores = places[order], scores[order]
    slots = rows.slot[places]
    _, first = np.unique(slots, return_index=True)
    matches = [
        Match(rows.ids[slot], score, place - start)
        for slot, score, place, start in zip(
            slots[first].tolist(),
            scores[first].tolist(),
            places[first].tolist(),
            rows.first[slots[first]].tolist(),
            strict=True,
        )
    ]
    return sorted(matches, key=lambda match: (-match.score, match.id))
