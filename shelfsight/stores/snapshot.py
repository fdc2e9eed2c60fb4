"""A :class:`~shelfsight.core.protocols.Snapshot` over a :class:`~shelfsight.stores.state.State`."""

from collections.abc import Callable, Collection, Iterable, Sequence

import numpy as np

from shelfsight.core.errors import NotFound, UsageError
from shelfsight.core.filters.tree import Expr, FieldPath
from shelfsight.core.listing import Histogram, Match, SortKey, WordQuery, WordsFound
from shelfsight.core.stored import PictureKey, StoredItem
from shelfsight.core.types import Value
from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.stores import counting, records, sorting
from shelfsight.stores.blocks import BoolArray, IntArray
from shelfsight.stores.columns import Column, Columns, Type
from shelfsight.stores.ranking import Rows, best_items, cosines, ranked
from shelfsight.stores.sieve import Sieve
from shelfsight.stores.state import State, token_of

__all__ = ["LocalSnapshot", "WordSearch"]

WordSearch = Callable[["LocalSnapshot", WordQuery, int, BoolArray], WordsFound]
"""What :meth:`LocalSnapshot.words` asks: with the snapshot, the query, k, and (slots,) which items may be found."""


class LocalSnapshot:
    """One committed state, held in memory; later commits do not reach it."""

    def __init__(
        self, state: State, columns: Columns, dimension: int, words: WordSearch | None = None, *, erased: int = 0
    ) -> None:
        self.erased = erased
        self._state = state
        self._dimension = dimension
        self._words = words
        self._rows = Rows(state.row_slot, state.first_row, state.slots.ids)
        self._sieve = Sieve(state, columns)

    def regrouped(self, state: State) -> "LocalSnapshot":
        """The same snapshot of ``state``, whose blocks alone are others."""
        other = LocalSnapshot(state, self._sieve.columns, self._dimension, self._words, erased=self.erased)
        other._sieve = self._sieve.of_same_items(state)
        return other

    @property
    def generation(self) -> int:
        """Which commit this is the state after; two equal ones are the same state."""
        return self._state.generation

    @property
    def state(self) -> State:
        """What it reads."""
        return self._state

    @property
    def token(self) -> str:
        return token_of(self._state.generation)

    def search(
        self, vectors: FloatArray, k: int, *, where: Expr | None = None, exclude: Sequence[str] = ()
    ) -> list[list[Match]]:
        """See :meth:`shelfsight.core.protocols.Snapshot.search`. Queries of any length are normalised.

        Raises:
            UnknownField: ``where`` names a field no item has.
            UsageError: k below 1, or vectors that are not (q, d) with a direction each.
        """
        queries = self._queries(vectors)
        if k < 1:
            raise UsageError(f"k is {k}", hint="ask for at least one hit")
        excluded = self._sieve.slots(exclude) if exclude else ()
        return best_items(self._state.blocks, self._rows, queries, k, self._sieve.searchable(where), without=excluded)

    def above(
        self, vector: FloatArray, score: float, *, where: Expr | None = None, exclude: Sequence[str] = ()
    ) -> list[Match]:
        query = self._queries(vector[None])[0]
        allowed = self._allowed_rows(where, exclude)
        slack = 2 * self._dimension * 2.0**-24  # see ranking: what a float32 product may be off
        found, start = [np.zeros(0, np.int64)], 0
        for part in self._state.blocks.parts:
            near = part.vectors @ query >= score - slack
            end = start + len(near)
            found.append(start + np.flatnonzero(near if allowed is None else near & allowed[start:end]))
            start = end
        return [match for match in self._ranked(np.concatenate(found), query) if match.score >= score]

    def scored(self, vector: FloatArray, ids: Sequence[str]) -> dict[str, Match]:
        query = self._queries(vector[None])[0]
        rows = [np.zeros(0, np.int64), *(self._rows_of(slot) for slot in self._sieve.slots(dict.fromkeys(ids)))]
        return {match.id: match for match in self._ranked(np.concatenate(rows), query)}

    def words(
        self,
        query: WordQuery,
        k: int,
        *,
        where: Expr | None = None,
        exclude: Sequence[str] = (),
        among: Collection[str] | None = None,
    ) -> WordsFound:
        if self._words is None:
            return WordsFound(kind="none")
        return self._words(self, query, k, self._sieve.passing(where, exclude, among))

    def select(
        self,
        k: int,
        *,
        sort: Sequence[SortKey] = (),
        offset: int = 0,
        where: Expr | None = None,
        exclude: Sequence[str] = (),
    ) -> list[str]:
        """See the protocol.

        Raises:
            UnknownField: ``sort`` or ``where`` names a field no item has.
            UsageError: k below 1, or offset below 0.
        """
        if k < 1 or offset < 0:
            raise UsageError(f"k is {k}, offset {offset}", hint="ask for at least one item")
        orders = [sorting.order_of(self._sieve.column(FieldPath(key.field)), key.descending) for key in sort]
        slots = np.flatnonzero(self._sieve.passing(where, exclude))
        slots_in_order = sorting.first_slots(slots, orders, offset + k, self._state.slots.first_by_id)
        return [self._state.slots.ids[slot] for slot in slots_in_order[offset:]]

    def values(self, ids: Sequence[str], fields: Sequence[str]) -> dict[str, tuple[Value, ...]]:
        """See the protocol. A number without a fraction comes as an ``int``, an empty text as ``None``.

        Raises:
            UnknownField: one of ``fields`` that no item has.
        """
        columns = [self._sieve.column(FieldPath(name)) for name in fields]
        slots = self._sieve.slots(dict.fromkeys(ids))
        by_field = [self._values(name, column, slots) for name, column in zip(fields, columns, strict=True)]
        names = self._state.slots.ids
        return {names[slot]: tuple(values[i] for values in by_field) for i, slot in enumerate(slots)}

    def count(self, where: Expr | None = None) -> int:
        return int(np.count_nonzero(self._sieve.passing(where)))

    def facets(
        self,
        fields: Sequence[str],
        where: Expr | None = None,
        *,
        limit: int | None = 50,
        among: Collection[str] | None = None,
    ) -> dict[str, dict[str, int]]:
        """See the protocol. Each element of a list counts once an item; objects do not count.

        Raises:
            UnknownField: one of ``fields``, or one in ``where``, that no item has.
        """
        chosen = counting.Chosen(self._sieve.passing(where, among=among))
        columns = {name: self._sieve.column(FieldPath(name)) for name in fields}
        return {name: counting.facet(column, chosen, limit) for name, column in columns.items()}

    def histogram(
        self, field: str, where: Expr | None = None, *, bins: int = 20, among: Collection[str] | None = None
    ) -> Histogram:
        """See the protocol.

        Raises:
            UnknownField: ``field``, or one in ``where``, is none that an item has.
            UsageError: ``bins`` is not in 1 .. 1000.
        """
        chosen = counting.Chosen(self._sieve.passing(where, among=among))
        return counting.spread(self._sieve.column(FieldPath(field)), chosen, bins)

    def fields(self) -> dict[str, str]:
        """Metadata field -> type, by name; ``json`` where a list or object, or more than one type, occurs.
        A field that is null in every item is none. ``id`` and ``title`` can be filtered by and are not listed."""
        return self._sieve.fields()

    def items(self, ids: Sequence[str]) -> dict[str, StoredItem]:
        records_by_slot = self._state.slots.records
        return {
            id: records.decode(id, records_by_slot[slot]) for id in ids if (slot := self._state.find(id)) is not None
        }

    def vectors(self, id: str) -> FloatArray:
        return self._state.blocks.gather(self._rows_of(self._slot(id)))

    def picture_vectors(self, keys: Sequence[PictureKey]) -> FloatArray:
        rows = [self._row(id, index) for id, index in keys]
        if not rows:
            return np.zeros((0, self._dimension), np.float32)
        return self._state.blocks.gather(np.array(rows, np.int64))

    def contains(self, ids: Iterable[str]) -> set[str]:
        return {id for id in ids if self._state.find(id) is not None}

    def _slot(self, id: str) -> int:
        slot = self._state.find(id)
        if slot is None:
            raise NotFound(f"there is no item {id!r}")
        return slot

    def _row(self, id: str, index: int) -> int:
        rows = self._rows_of(self._slot(id))
        if not 0 <= index < len(rows):
            raise NotFound(f"item {id!r} has {len(rows)} pictures, there is no picture {index}")
        return int(rows[index])

    def _rows_of(self, slot: int) -> IntArray:
        first = int(self._state.first_row[slot])
        return np.arange(first, first + int(self._state.pictures[slot]))

    def _ranked(self, rows: IntArray, query: FloatArray) -> list[Match]:
        if not len(rows):
            return []
        return ranked(self._rows, rows, cosines(self._state.blocks.gather(rows), query))

    def _values(self, name: str, column: Column, slots: Sequence[int]) -> list[Value]:
        values: list[Value] = [*column.values(slots)]
        if Type.JSON in column.kinds():
            for i in np.flatnonzero(column.types[slots] == Type.JSON).tolist():
                values[i] = records.decode_field(self._state.slots.records[slots[i]], name)
        return values

    def _queries(self, vectors: FloatArray) -> FloatArray:
        if vectors.ndim != 2 or vectors.shape[1] != self._dimension:
            raise UsageError(f"query vectors have shape {vectors.shape}, (queries, {self._dimension}) is needed")
        try:
            return np.ascontiguousarray(normalise(vectors))
        except ValueError as error:
            raise UsageError(f"a query vector cannot be used: {error}") from error

    def _allowed_rows(self, where: Expr | None, exclude: Sequence[str]) -> BoolArray | None:
        """(rows,) that may be found; ``None`` when all may."""
        if exclude:
            return self._sieve.rows_of(self._sieve.passing(where, exclude))
        allowed = self._sieve.allowed(where)
        return None if allowed is None else allowed.mask
