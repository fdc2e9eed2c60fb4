"""A snapshot whose vectors are in Milvus; what is not about vectors is as in any other."""

from collections.abc import Collection, Sequence

from shelfsight.core.errors import UsageError
from shelfsight.core.filters.tree import Expr
from shelfsight.core.listing import WordQuery, WordsFound
from shelfsight.core.protocols import Match
from shelfsight.core.vectors import FloatArray
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

    def __init__(self, state: State, columns: Columns, dimension: int, words: WordFinder, *, exact: bool) -> None:
        super().__init__(state, columns, dimension, words.find)
        self._full_text = words if isinstance(words, FullText) else None
        self._exact = exact

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

    def _finder(self, where: Expr | None, exclude: Sequence[str]) -> Finder:
        blocks = self._state.blocks
        assert isinstance(blocks, RemoteBlocks)
        allowed = self._allowed_rows(where, exclude)
        return Finder(blocks, self._rows, allowed, None if where is None else expression(where), self._exact)
