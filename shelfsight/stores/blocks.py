"""Vectors in memory: immutable blocks, searched one by one and merged.

A block never changes once made, so a search needs no lock and a snapshot keeps its own list of blocks.
Scores of :meth:`Block.top` are what the backend's kernel gives; the caller re-computes those it keeps.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from shelfsight.core.vectors import FloatArray
from shelfsight.stores.allowed import Allowed, BoolArray, IntArray

__all__ = ["Block", "BlockFactory", "Blocks", "BoolArray", "ExactBlock", "IntArray", "Kin", "Top", "best_by_product"]

Top = tuple[FloatArray, IntArray]

_SMALL = 4096  # so many rows are searched one by one
_MERGED = 32_768  # larger blocks stay as they are
_MAPPED = 131_072  # and such ones on disk
_SCORES_AT_ONCE = 8_000_000  # 32 MB of scores
_FEW_PASS = 8  # copying one row costs as much as scoring so many


class Block(Protocol):
    """A search structure over (n, d) vectors."""

    @property
    def vectors(self) -> FloatArray:
        """(n, d) float32, row i as it was given."""
        ...

    def top(self, queries: FloatArray, k: int, allowed: Allowed | None) -> Top:
        """The k rows of largest inner product for each of (q, d) queries, among ``allowed`` (of n rows), or most of
        these and others (an approximate block); at least k as long as there are k.

        Returns:
            scores (q, m) float32 in no order and rows (q, m), m >= k; fewer than m: score -inf and row -1.
        """
        ...


BlockFactory = Callable[[FloatArray], Block]
"""Makes a block of (n, d) vectors; what comes memory-mapped from a sealed file may have an index beside it."""


class ExactBlock:
    """Every inner product, by matrix multiplication."""

    def __init__(self, vectors: FloatArray) -> None:
        self.vectors = vectors

    def top(self, queries: FloatArray, k: int, allowed: Allowed | None) -> Top:
        return best_by_product(self.vectors, queries, k, allowed)


def best_by_product(vectors: FloatArray, queries: FloatArray, k: int, allowed: Allowed | None) -> Top:
    """:meth:`Block.top` by brute force, a bounded number of scores at a time."""
    scores = np.full((len(queries), k), -np.inf, np.float32)
    rows = np.full((len(queries), k), -1, np.int64)
    places = np.arange(len(vectors)) if allowed is None else allowed.rows
    kept = min(k, len(places))
    if kept == 0:
        return scores, rows
    few = len(places) * _FEW_PASS <= len(vectors)
    among = vectors[places] if few else vectors
    step = max(1, _SCORES_AT_ONCE // len(among))
    for start in range(0, len(queries), step):
        part = slice(start, start + step)
        products = queries[part] @ among.T
        if allowed is not None and not few:
            products = products[:, places]
        best = np.argpartition(products, len(places) - kept, axis=1)[:, len(places) - kept :]
        scores[part, :kept] = np.take_along_axis(products, best, axis=1)
        rows[part, :kept] = places[best]
    return scores, rows


@runtime_checkable
class Kin(Block, Protocol):
    """A block from which others can be made; a ``sealed`` one is not made part of another."""

    @property
    def sealed(self) -> bool: ...

    def joined(self, before: Sequence[Block], vectors: FloatArray) -> Block | None:
        """One of the rows of ``before`` and of ``vectors`` behind them; ``None``: it cannot."""
        ...


@dataclass(frozen=True, slots=True)
class Blocks:
    """An append-only sequence of rows, cut into blocks."""

    factory: BlockFactory
    parts: tuple[Block, ...] = ()

    def __len__(self) -> int:
        return sum(len(part.vectors) for part in self.parts)

    def append(self, vectors: FloatArray) -> "Blocks":
        """With ``vectors`` as the last rows, in a block that is searched row by row: nobody waits for more. Trailing
        ones that are small and not larger are merged in, so that n small appends leave about log(n) of them."""
        if not len(vectors):
            return self
        parts, merged = list(self.parts), [vectors]
        rows = len(vectors)
        most = _SMALL if any(isinstance(part, Kin) for part in parts) else _MERGED
        while parts and len(parts[-1].vectors) <= min(rows, most) and not isinstance(parts[-1], Kin):
            merged.insert(0, parts.pop().vectors)
            rows += len(merged[0])
        return Blocks(self.factory, (*parts, self.factory(np.concatenate(merged) if len(merged) > 1 else vectors)))

    @property
    def waiting(self) -> bool:
        """Whether :meth:`joined` has something to do."""
        return self._next() is not None

    def joined(self) -> "Blocks":
        """With the first block that is no longer small, and none yet, put among its kin; work for a thread of its own.
        The same where none can be."""
        place = self._next()
        if place is None:
            return self
        start, rows = place, len(self.parts[place].vectors)
        while start and _joins(self.parts[start - 1], min(rows, _MERGED)):
            start -= 1
            rows += len(self.parts[start].vectors)
        kin = max((each for each in self.parts if isinstance(each, Kin)), key=lambda each: len(each.vectors))
        block = kin.joined(self.parts[start:place], self.parts[place].vectors)
        if block is None:
            return self
        return Blocks(self.factory, (*self.parts[:start], block, *self.parts[place + 1 :]))

    def replaced(self, before: "Blocks", after: "Blocks") -> "Blocks | None":
        """These, which followed from ``before``, had they followed from ``after``, whose rows are the same; ``None``:
        they did not. What differs between the two must have been too large to be merged since."""
        tail = 0
        while tail < len(after.parts) and after.parts[-1 - tail] is before.parts[-1 - tail]:
            tail += 1
        head = len(before.parts) - tail
        if [*map(id, self.parts[:head])] != [*map(id, before.parts[:head])]:
            return None
        return Blocks(self.factory, (*after.parts[: len(after.parts) - tail], *self.parts[head:]))

    def _next(self) -> int | None:
        """The first block that is to be joined, where one can be."""
        if not any(isinstance(part, Kin) for part in self.parts):
            return None
        waiting = (i for i, part in enumerate(self.parts) if _SMALL < len(part.vectors) <= _MAPPED and _plain(part))
        return next(waiting, None)

    def top(self, queries: FloatArray, k: int, allowed: Allowed | None) -> Top:
        """:meth:`Block.top` over all rows; (q, m) with m >= k unless there are fewer rows."""
        if len(self.parts) == 1:
            return self.parts[0].top(queries, min(k, len(self)), allowed)
        scores, rows = [], []
        offset = 0
        for part in self.parts:
            end = offset + len(part.vectors)
            part_allowed = None if allowed is None else allowed.part(offset, end)
            part_scores, part_rows = part.top(queries, min(k, end - offset), part_allowed)
            scores.append(part_scores)
            rows.append(np.where(part_rows < 0, -1, part_rows + offset))
            offset = end
        return np.concatenate(scores, axis=1), np.concatenate(rows, axis=1)

    def gather(self, rows: IntArray) -> FloatArray:
        """(len(rows), d) copies of those rows, in that order."""
        if len(self.parts) == 1:
            return self.parts[0].vectors[rows]
        found = np.empty((len(rows), self.parts[0].vectors.shape[1]), np.float32)
        offset = 0
        for part in self.parts:
            end = offset + len(part.vectors)
            here = (rows >= offset) & (rows < end)
            found[here] = part.vectors[rows[here] - offset]
            offset = end
        return found


def _plain(block: Block) -> bool:
    return not isinstance(block, Kin)


def _joins(block: Block, rows: int) -> bool:
    return isinstance(block, Kin) and not block.sealed and len(block.vectors) <= rows
