"""What is true: the nearest rows by blocked matrix products, and how much of it was found."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shelfsight.core.vectors import FloatArray

__all__ = ["nearest", "recall"]

_BLOCK = 65_536
_TIE = 1e-5

Rows = npt.NDArray[np.int64]


def nearest(
    vectors: FloatArray, queries: FloatArray, k: int, *, keep: npt.NDArray[np.bool_] | None = None
) -> tuple[Rows, FloatArray]:
    """(q, k) rows and cosines of the best rows of (n, d) unit ``vectors``, best first, ties by row; only rows that
    ``keep``, (n,) bool, where it is given. Where fewer than k are kept, row -1 with cosine -2 follows."""
    rows = np.full((len(queries), k), -1, np.int64)
    scores = np.full((len(queries), k), -2.0, np.float32)
    for start in range(0, len(vectors), _BLOCK):
        block = slice(start, min(start + _BLOCK, len(vectors)))
        among = np.arange(block.start, block.stop)
        if keep is not None:
            among = among[keep[block]]
        if len(among):
            part = np.asarray(vectors[block] if keep is None else vectors[among])
            rows, scores = _merge(rows, scores, among, queries @ part.T, k)
    return rows, scores


def _merge(rows: Rows, scores: FloatArray, among: Rows, found: FloatArray, k: int) -> tuple[Rows, FloatArray]:
    if found.shape[1] > k:
        best = np.argpartition(found, found.shape[1] - k, axis=1)[:, -k:]
        found = np.take_along_axis(found, best, axis=1)
        among = among[best]
    else:
        among = np.broadcast_to(among, found.shape)
    all_rows = np.concatenate([rows, among], axis=1)
    all_scores = np.concatenate([scores, found], axis=1)
    order = np.lexsort((all_rows, -all_scores), axis=1)[:, :k]
    return np.take_along_axis(all_rows, order, axis=1), np.take_along_axis(all_scores, order, axis=1)


def recall(
    found: Sequence[Sequence[int]] | Rows, truth: Rows, scores: FloatArray, own: FloatArray | None = None
) -> float:
    """Share of the true k best that were found, over (q, k) ``truth`` with cosines ``scores``.

    Where the exact cosines ``own`` of the rows found, (q, k), are given, a row that ties with the last of the truth
    (to 1e-5) counts as well. Queries with fewer than k true answers count what they have.
    """
    hits = total = 0
    for i, (mine, true) in enumerate(zip(found, truth, strict=True)):
        there = set(true[true >= 0].tolist())
        good = {row for row in map(int, mine) if row in there}
        if own is not None:
            floor = scores[i][len(there) - 1] - _TIE
            good |= {int(row) for row, score in zip(mine, own[i], strict=True) if row >= 0 and score >= floor}
        hits += min(len(good), len(there))
        total += len(there)
    return hits / total if total else 1.0
