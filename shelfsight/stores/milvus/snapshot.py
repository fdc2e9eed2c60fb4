"""A snapshot whose vectors are in Milvus; what is not about vectors is as in any other."""

from collections.abc import Collection, Sequence

import numpy as np

from shelfsight.core.errors import NotFound, UsageError
from shelfsight.core.filters.tree import Expr
from shelfsight.core.listing import WordQuery, WordsFound
from shelfsight.core.protocols import Match, PictureKey
from shelfsight.core.vectors import FloatArray
from shelfsight.stores.blocks import IntArray
from shelfsight.stores.columns import Columns
from shelfsight.stores.milvus.blocks import RemoteBlocks
from shelfsight.stores.milvus.expressions import expression
from shelfsight.stores.milvus.nearest import Finder
from shelfsight.stores.milvus.words import FullText
from shelfsight.stores.snapshot import LocalSnapshot
from shelfsight.stores.state import State
from shelfsight.stores.words import WordFinder

__all__ = ["MilvusSnapshot"]


class MilvusSnapshot(LocalSnapshot):
    """See :class:`shelfsight.core.snapshot.Snapshot`."""

    def __init__(self, state: State, columns: Columns, dimension: int, words: WordFinder, *, erased: int = 0) -> None:
        super().__init__(state, columns, dimension, words.find, erased=erased)
        self._full_text = words if isinstance(words, FullText) else None

    def search(
        self, vectors: FloatArray, k: int, *, where: Expr | None = None, exclude: Sequence[str] = ()
    ) -> list[list[Match]]:
        """See the protocol; raises as :meth:`shelfsight.stores.snapshot.LocalSnapshot.search`."""
        queries = self._queries(vectors)
        if k < 1:
            raise UsageError(f"k is {k}", hint="ask for at least one hit")
        return self._finder(where, exclude).best(queries, k)

    def above(
        self, vector: FloatArray, score: float, *, where: Expr | None = None, exclude: Sequence[str] = ()
    ) -> list[Match]:
        return self._finder(where, exclude).above(self._queries(vector[None])[0], score)

    def words(
        self,
        query: WordQuery,
        k: int,
        *,
        where: Expr | None = None,
        exclude: Sequence[str] = (),
        among: Collection[str] | None = None,
    ) -> WordsFound:
        if self._full_text is None:
            return super().words(query, k, where=where, exclude=exclude, among=among)
        allowed = self._sieve.passing(where, exclude, among)
        return self._full_text.find(self, query, k, allowed, None if where is None else expression(where))

    def vectors(self, id: str) -> FloatArray:
        return _there(super().vectors(id), id)

    def picture_vectors(self, keys: Sequence[PictureKey]) -> FloatArray:
        return _there(super().picture_vectors(keys), *(id for id, _ in keys))

    def _ranked(self, rows: IntArray, query: FloatArray) -> list[Match]:
        return self._finder(None, ()).scored(rows, query)

    def _finder(self, where: Expr | None, exclude: Sequence[str]) -> Finder:
        blocks = self._state.blocks
        assert isinstance(blocks, RemoteBlocks)
        allowed = self._allowed_rows(where, exclude)
        exact = blocks.source.index().exact  # now: another machine may have built one that is not
        return Finder(blocks, self._rows, allowed, None if where is None else expression(where), exact)


def _there(vectors: FloatArray, *ids: str) -> FloatArray:
    """Themselves.

    Raises:
        NotFound: one was dropped meanwhile.
    """
    if np.isnan(vectors).any():
        raise NotFound(f"one of the items was erased meanwhile: {', '.join(map(repr, ids[:20]))}")
    return vectors
