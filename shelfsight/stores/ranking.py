"""From rows to items: exact top-k whatever kernel found the rows.

Kernels round inner products as their blocking happens to fall, so the same vector can score differently
in two places. Rows that may matter are scored again in float64, which makes scores the same in every store,
alone or in a batch, and ties real ties. A float32 inner product of d terms of unit vectors is off by at most
d * 2**-24 (N. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., eq. 3.5); a row that a kernel
puts further than twice that below the k-th item cannot belong to the answer.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shelfsight.core.protocols import Match
from shelfsight.core.vectors import FloatArray
from shelfsight.stores.allowed import Allowed, BoolArray, IntArray
from shelfsight.stores.blocks import Blocks

__all__ = ["SPARE", "Rows", "best_items", "cosines", "ranked"]

_FEW = 1024  # so few rows are scored outright
SPARE = 32
"""Rows that blocks are asked for beyond the items that are wanted."""
_BY_HAND = 100  # so few rows are put in order sooner without NumPy
_GROWTH = 8
_STEP = 8192


@dataclass(frozen=True, slots=True)
class Rows:
    """What a row is: ``slot`` (n,) is its item's slot, ``first`` (slots,) an item's first row, ``ids`` by slot."""

    slot: npt.NDArray[np.int32]
    first: IntArray
    ids: Sequence[str]


def best_items(
    blocks: Blocks,
    rows: Rows,
    queries: FloatArray,
    k: int,
    allowed: Allowed | BoolArray | None,
    *,
    without: Collection[int] = (),
) -> list[list[Match]]:
    """The k best items for each query among ``allowed`` rows: score descending, ties by id.

    Args:
        allowed: a mask (n,) bool, or better what was made of it once; ``None`` allows all.
        without: slots left out, few: as many more are looked for, which is cheaper than a mask of their own.

    Rows of nobody, slot -1, are never found; many of them are better masked.
    """
    if isinstance(allowed, np.ndarray):
        allowed = Allowed(allowed)
    if without:
        ids = {rows.ids[slot] for slot in without}
        found = best_items(blocks, rows, queries, k + len(ids), allowed)
        return [[match for match in matches if match.id not in ids][:k] for matches in found]
    total = len(blocks) if allowed is None else allowed.count
    if total == 0:
        return [[] for _ in queries]
    if allowed is not None and total <= _FEW:
        scored = blocks.gather(allowed.rows)
        return [_best(blocks, rows, query, k, *_sorted(allowed.rows, scored @ query, total)) for query in queries]
    return _widening(blocks, rows, queries, k, allowed, total)


def _widening(
    blocks: Blocks, rows: Rows, queries: FloatArray, k: int, allowed: Allowed | None, total: int
) -> list[list[Match]]:
    """By asking the blocks for more and more rows, until the answers stand."""
    found: list[list[Match] | None] = [None] * len(queries)
    fetch = min(total, k + SPARE)
    while pending := [i for i, matches in enumerate(found) if matches is None]:
        asked = queries if len(pending) == len(queries) else queries[pending]
        scores, places = blocks.top(asked, fetch, allowed)
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
    places, approximate = _sorted(places, approximate, fetch)
    if len(places) and places[-1] < 0:
        real = places >= 0
        places, approximate = places[real], approximate[real]
    unseen = float(approximate[-1]) + _slack(query) if len(places) else np.inf
    owned = rows.slot[places] >= 0
    if not owned.all():
        places, approximate = places[owned], approximate[owned]
    matches = _best(blocks, rows, query, k, places, approximate)
    if fetch >= total:
        return matches
    return matches if len(matches) >= k and matches[k - 1].score > unseen else None


def _sorted(places: IntArray, approximate: FloatArray, count: int) -> tuple[IntArray, FloatArray]:
    """The best ``count`` of these, best first."""
    order = (-approximate).argsort()[:count]
    return places[order], approximate[order]


def _best(
    blocks: Blocks, rows: Rows, query: FloatArray, k: int, places: IntArray, approximate: FloatArray
) -> list[Match]:
    """The k best items of the rows at ``places``, whose scores are ``approximate``ly known and fall.

    First only rows are scored in float64 that may be among the k best; these are too few where items have several."""
    if k < len(places):
        slack = _slack(query) / 2
        least = float(approximate[k - 1]) - slack
        head = places[: np.count_nonzero(approximate >= least - slack)]
        matches = ranked(rows, head, cosines(blocks.gather(head), query))
        if (len(matches) >= k and matches[k - 1].score >= least) or len(head) == len(places):
            return matches[:k]
    return ranked(rows, places, cosines(blocks.gather(places), query))[:k]


def _slack(query: FloatArray) -> float:
    """What a float32 product and the true one may differ by, twice."""
    return 2 * len(query) * 2.0**-24


def cosines(vectors: FloatArray, query: FloatArray) -> npt.NDArray[np.float32]:
    """Cosines of (n, d) and (d,), each independent of the other rows."""
    wide = query.astype(np.float64)
    if len(vectors) <= _STEP:
        products = np.add.reduce(vectors * wide, axis=1)
    else:
        parts = [np.add.reduce(vectors[s : s + _STEP] * wide, axis=1) for s in range(0, len(vectors), _STEP)]
        products = np.concatenate(parts)
    return np.asarray(products.clip(-1, 1), np.float32)


def ranked(rows: Rows, places: IntArray, scores: npt.NDArray[np.float32]) -> list[Match]:
    """Items of the rows at ``places``, each with its best row (the earliest of equals)."""
    if len(places) <= _BY_HAND:
        return _ranked_by_hand(rows, places, scores)
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


def _ranked_by_hand(rows: Rows, places: IntArray, scores: npt.NDArray[np.float32]) -> list[Match]:
    slots = rows.slot[places]
    best: dict[int, tuple[float, int, int]] = {}
    owned = zip((-scores).tolist(), places.tolist(), slots.tolist(), rows.first[slots].tolist(), strict=True)
    for worse, place, slot, first in sorted(owned):
        best.setdefault(slot, (worse, place, first))
    ids = rows.ids
    matches = [(worse, ids[slot], place - first) for slot, (worse, place, first) in best.items()]
    matches.sort()
    return [Match(id, -worse, picture) for worse, id, picture in matches]
