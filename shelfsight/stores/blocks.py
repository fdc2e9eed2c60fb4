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

_MERGED = 32_768  # larger blocks stay as they are, memory-mapped ones on disk
_HANDFUL = 256  # so many new rows are not worth more than a flat block
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
        """With ``vectors`` as the last rows. Trailing blocks that are small and not larger are merged in,
        so that n small appends leave about log(n) small blocks and copy a row about log(n) times."""
        if not len(vectors):
            return self
        parts, merged = list(self.parts), list[Block]()
        rows = len(vectors)
        while parts and len(parts[-1].vectors) <= min(rows, _MERGED) and not _sealed(parts[-1]):
            merged.insert(0, parts.pop())
            rows += len(merged[0].vectors)
        return Blocks(self.factory, (*parts, self._block(parts, merged, vectors, rows)))

    def _block(self, others: Sequence[Block], merged: Sequence[Block], vectors: FloatArray, rows: int) -> Block:
        """One of ``merged`` and ``vectors``; what a larger one learned serves them too."""
        if rows >= _HANDFUL and (merged or not isinstance(vectors, np.memmap)):
            kin = max(
                (each for each in others if isinstance(each, Kin)), key=lambda each: len(each.vectors), default=None
            )
            block = kin and kin.joined(merged, vectors)
            if block is not None:
                return block
        return self.factory(np.concatenate([*(part.vectors for part in merged), vectors]) if merged else vectors)

    def top(self, queries: FloatArray, k: int, allowed: Allowed | None) -> Top:
        """:meth:`Block.top` over all rows; (q, m) with m >= k unless there are fewer rows."""
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


def _sealed(block: Block) -> bool:
    return isinstance(block, Kin) and block.sealed
