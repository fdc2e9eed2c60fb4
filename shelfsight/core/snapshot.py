"""The promise of one committed state of a collection: what a search reads."""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from shelfsight.core.filters.tree import Expr
from shelfsight.core.listing import Histogram, Match, SortKey, WordQuery, WordsFound
from shelfsight.core.stored import PictureKey, StoredItem
from shelfsight.core.types import Value
from shelfsight.core.vectors import FloatArray

__all__ = ["Snapshot"]


class Snapshot(Protocol):
    """One committed state of a collection. Reads on it agree with one another, whatever is written since.

    Everywhere: ``where`` is a filter that items must pass, exactly; ``exclude`` are ids left out; ``among``, where
    given, are the only ids that count. A field that no item has raises :class:`~shelfsight.core.errors.UnknownField`.
    """

    @property
    def token(self) -> str:
        """Names this state: two snapshots of a collection with the same token read the same."""
        ...

    @property
    def erased(self) -> int:
        """Grows when items are erased: a state with a lesser one may hold what is to be gone."""
        ...

    def search(
        self, vectors: FloatArray, k: int, *, where: Expr | None = None, exclude: Sequence[str] = ()
    ) -> list[list[Match]]:
        """The k best items for each of (q, d) query vectors: score descending, ties by id ascending.

        An item's score is the exact cosine of its best picture. Only what passes ``where`` is found, and fewer than k
        only when fewer pass. A store with an approximate index may miss some of the true k best; how many it missed on
        held-out vectors when it was built is in :attr:`Manifest.index`.
        """
        ...

    def above(
        self, vector: FloatArray, score: float, *, where: Expr | None = None, exclude: Sequence[str] = ()
    ) -> list[Match]:
        """Every item that scores at least ``score`` for a (d,) vector, best first; exact in every store."""
        ...

    def scored(self, vector: FloatArray, ids: Sequence[str]) -> dict[str, Match]:
        """Those of ``ids`` that are there, each with its best picture for a (d,) vector."""
        ...

    def words(
        self,
        query: WordQuery,
        k: int,
        *,
        where: Expr | None = None,
        exclude: Sequence[str] = (),
        among: Collection[str] | None = None,
    ) -> WordsFound:
        """The k best items by the words of their title and metadata."""
        ...

    def select(
        self,
        k: int,
        *,
        sort: Sequence[SortKey] = (),
        offset: int = 0,
        where: Expr | None = None,
        exclude: Sequence[str] = (),
    ) -> list[str]:
        """Ids of the items that pass, in the order of ``sort``, then by id: k of them behind the first ``offset``."""
        ...

    def values(self, ids: Sequence[str], fields: Sequence[str]) -> dict[str, tuple[Value, ...]]:
        """id -> its values of ``fields``, in their order; absent ids left out. Cheaper than :meth:`items`."""
        ...

    def count(self, where: Expr | None = None) -> int:
        """Items that pass."""
        ...

    def facets(
        self,
        fields: Sequence[str],
        where: Expr | None = None,
        *,
        limit: int | None = 50,
        among: Collection[str] | None = None,
    ) -> dict[str, dict[str, int]]:
        """Exact value counts per field over items that pass, most frequent first, ties by value; ``None``: all."""
        ...

    def histogram(
        self, field: str, where: Expr | None = None, *, bins: int = 20, among: Collection[str] | None = None
    ) -> Histogram:
        """The numbers of ``field`` over items that pass, in at most ``bins`` bins of equal width with round edges."""
        ...

    def fields(self) -> dict[str, str]:
        """Field name -> type: ``text``, ``number``, ``boolean`` or ``json``."""
        ...

    def items(self, ids: Sequence[str]) -> dict[str, StoredItem]:
        """The stored items (previews left out), absent ids left out."""
        ...

    def vectors(self, id: str) -> FloatArray:
        """(p, d) float32 vectors of one item.

        Raises:
            NotFound: no such item.
        """
        ...

    def picture_vectors(self, keys: Sequence[PictureKey]) -> FloatArray:
        """(n, d) float32: the vector of each picture.

        Raises:
            NotFound: no such item or picture.
        """
        ...

    def contains(self, ids: Iterable[str]) -> set[str]:
        """Those of ``ids`` that are in the collection."""
        ...
