"""A block whose rows are found by an index and scored from the vectors themselves."""

from collections.abc import Sequence

import numpy as np

from shelfsight.core.vectors import FloatArray
from shelfsight.stores.allowed import Allowed, IntArray
from shelfsight.stores.ann.checking import checked, dense
from shelfsight.stores.ann.finding import EVERYTHING, Finder
from shelfsight.stores.ann.plans import Plan, Plans
from shelfsight.stores.blocks import Block, Top, best_by_product

__all__ = ["ApproximateBlock"]

_FEW = 4096  # so few rows, or so few that pass, are all scored


class ApproximateBlock:
    """See :class:`shelfsight.stores.blocks.Block`.

    Whatever passes a filter can be found: where the plan's effort brings too few rows, everything is looked at."""

    def __init__(self, vectors: FloatArray, finder: Finder, plans: Plans, *, sealed: bool = False) -> None:
        """
        Args:
            vectors: (n, d) float32; row i is the finder's row i.
            sealed: whether they are those of a file.
        """
        self.sealed = sealed
        self.vectors = vectors
        self.finder = finder
        self.plans = plans

    def top(self, queries: FloatArray, k: int, allowed: Allowed | None) -> Top:
        count = len(self.vectors) if allowed is None else allowed.count
        if allowed is not None and count == len(self.vectors):
            allowed = None
        if len(self.vectors) <= _FEW or (allowed is not None and count <= _FEW) or k >= count:
            return best_by_product(self.vectors, queries, k, allowed)
        plan = self.plans.chosen(k, count / len(self.vectors))
        found = None if allowed is None else checked(self.vectors, self.finder, queries, k, allowed, plan)
        return self.planned(queries, k, allowed, plan) if found is None else found

    def joined(self, before: Sequence[Block], vectors: FloatArray) -> Block | None:
        """A block of the rows of ``before``, which lie in memory, and ``vectors`` behind them, with what this one's
        finder learned; ``None``: it does not grow. What is small is searched row by row all the same, but its rows
        are then known to the finders of those it is joined to later: the work is done as rows come."""
        known: list[tuple[int, Finder, None]] = []
        start = 0
        for block in before:
            if isinstance(block, ApproximateBlock):
                known.append((start, block.finder, None))
            start += len(block.vectors)
        together = np.concatenate([*(block.vectors for block in before), vectors])
        finder = self.finder.grown(together, known)
        return None if finder is None else ApproximateBlock(together, finder, self.plans)

    def planned(self, queries: FloatArray, k: int, allowed: Allowed | None, plan: Plan) -> Top:
        """:meth:`top`, as ``plan`` says."""
        count = len(self.vectors) if allowed is None else allowed.count
        depth = min(max(k, plan.depth), count)
        if dense(depth, count):
            return best_by_product(self.vectors, queries, k, allowed)
        rows = self.finder.candidates(queries, depth, plan.effort, allowed)
        there = rows >= 0
        if not there.all() and len(short := np.flatnonzero(there.sum(axis=1) < min(k, count))):
            more = self.finder.candidates(queries[short], depth, EVERYTHING, allowed)
            rows = _wider(rows, more.shape[1])
            rows[short] = _wider(more, rows.shape[1])
        return self.finder.products(self.vectors, queries, rows), rows


def _wider(rows: IntArray, width: int) -> IntArray:
    """With -1 to the right."""
    if rows.shape[1] >= width:
        return rows
    return np.pad(rows, ((0, 0), (0, width - rows.shape[1])), constant_values=-1)
