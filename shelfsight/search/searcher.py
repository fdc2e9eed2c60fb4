"""A query in, a page of hits out."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shelfsight.core.errors import StoreError, UsageError
from shelfsight.core.filters import And, Expr, FieldPath, In, Not, parse
from shelfsight.core.protocols import Encoder, Match, Snapshot, Store, StoredItem
from shelfsight.core.settings import Settings
from shelfsight.core.types import Hit, Page, Query
from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.search.compose import blend, subtract
from shelfsight.search.embedding import QueryEmbedder
from shelfsight.search.query import Understood, check, understand
from shelfsight.search.trace import Trace

__all__ = ["Searcher"]

_RANK_BATCH = 256
"""Queries the store compares with the collection at a time: bounds the memory of a scores matrix."""

_EMPTY = "the collection is empty; index a catalogue into it first"


@dataclass(frozen=True, slots=True)
class _Plan:
    """A query that was found answerable."""

    query: Query
    words: Understood
    where: Expr | None


class Searcher:
    """The read path over one collection. Safe to share between threads.

    Every search works on one snapshot of the collection, taken when it starts: a commit that lands
    meanwhile is seen by the next search, whole.
    """

    def __init__(self, encoder: Encoder, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings.search
        self._embedder = QueryEmbedder(encoder, settings)

    def search(self, query: Query) -> Page:
        """The hits ``query.offset + 1`` to ``query.offset + query.k`` of all items that pass the filter.

        ``score`` is the cosine of the query's final vector (text and picture blended, minus terms
        subtracted) with the item's best picture; ties are in the order of ids. ``trace`` holds the
        milliseconds of ``understand``, ``encode``, ``retrieve``, ``items``, ``facets`` and ``total``.

        Raises:
            UsageError: the query is empty, only says what to avoid, or a value is out of range.
            FilterError: the filter does not parse.
            UnknownField: the filter or a facet names a field that no item has.
            PictureError: the query's picture cannot be read.
        """
        return self._answer(query, self._store.snapshot())

    def similar(
        self,
        id: str,
        *,
        k: int = 10,
        offset: int = 0,
        filter: str | None = None,
        facets: Sequence[str] = (),
    ) -> Page:
        """Items that look like the item ``id``, itself left out.

        The item's first picture is what is compared: it is the main one, the one a person clicked on,
        and the score stays the cosine of two pictures that can be looked at.

        Raises:
            NotFound: no such item.
            UsageError, FilterError, UnknownField: as :meth:`search`.
        """
        snapshot = self._store.snapshot()
        main_picture = snapshot.vectors(id)[0]
        query = Query(vector=main_picture, k=k, offset=offset, filter=filter, exclude=(id,), facets=tuple(facets))
        return self._answer(query, snapshot)

    def rank(self, queries: Sequence[Query]) -> list[list[tuple[str, float]]]:
        """The (id, score) pairs of each query, best first: :meth:`search` without items, for many at once.

        Texts are encoded and compared with the collection in batches; all queries see one snapshot.

        Raises:
            As :meth:`search`, for the first query that cannot be answered.
        """
        snapshot = self._store.snapshot()
        if not queries or snapshot.count() == 0:
            return [[] for _ in queries]
        plans = [self._plan(query) for query in queries]
        vectors = self._embed(plans)
        groups: dict[tuple[str | None, tuple[str, ...]], list[int]] = defaultdict(list)
        for index, query in enumerate(queries):
            groups[query.filter, query.exclude].append(index)
        ranked: list[list[tuple[str, float]]] = [[] for _ in queries]
        for members in groups.values():
            for start in range(0, len(members), _RANK_BATCH):
                batch = members[start : start + _RANK_BATCH]
                answers = _retrieve(snapshot, [plans[index] for index in batch], vectors[batch])
                for index, matches in zip(batch, answers, strict=True):
                    ranked[index] = [(match.id, match.score) for match in matches]
        return ranked

    def _answer(self, query: Query, snapshot: Snapshot) -> Page:
        trace = Trace()
        with trace.stage("understand"):
            plan = self._plan(query)
        if snapshot.count() == 0:
            return Page(
                hits=(), total=0, facets={field: {} for field in query.facets}, trace=trace.finish(), warnings=(_EMPTY,)
            )
        with trace.stage("encode"):
            vectors = self._embed([plan])
        with trace.stage("retrieve"):
            matches = _retrieve(snapshot, [plan], vectors)[0]
        with trace.stage("items"):
            hits = _hits(snapshot, matches, query.offset)
        with trace.stage("facets"):
            ranked = _ranked(plan)
            total = snapshot.count(ranked)
            facets = snapshot.facets(query.facets, ranked) if query.facets else {}
        return Page(hits=hits, total=total, facets=facets, trace=trace.finish())

    def _plan(self, query: Query) -> _Plan:
        check(query, self._settings)
        where = parse(query.filter) if query.filter is not None else None
        return _Plan(query, understand(query), where)

    def _embed(self, plans: Sequence[_Plan]) -> FloatArray:
        """(q, d) float32 of length 1: the vector each plan is looked up with."""
        texts = self._embedder.texts(
            text for plan in plans for text in (plan.words.text, *plan.words.negative) if text is not None
        )
        pictured = [plan for plan in plans if plan.query.image is not None]
        pictures = iter(
            self._embedder.pictures([plan.query.image for plan in pictured if plan.query.image is not None])
        )
        vectors = []
        for plan in plans:
            query, words = plan.query, plan.words
            picture = next(pictures) if query.image is not None else self._ready_vector(query)
            text = texts[words.text] if words.text is not None else None
            wanted = blend(text, picture, query.image_weight)
            vectors.append(subtract(wanted, [texts[term] for term in words.negative]))
        return np.stack(vectors)

    def _ready_vector(self, query: Query) -> FloatArray | None:
        if query.vector is None:
            return None
        dimension = self._embedder.dimension
        if np.shape(query.vector) != (dimension,):
            raise UsageError(
                f"the query's vector has shape {np.shape(query.vector)}",
                hint=f"the collection's encoder makes vectors of {dimension} numbers",
            )
        try:
            return normalise(query.vector)
        except ValueError as error:
            raise UsageError(f"the query's vector cannot be used: {error}") from error


def _retrieve(snapshot: Snapshot, plans: Sequence[_Plan], vectors: FloatArray) -> list[list[Match]]:
    """Each plan's own window of matches. The plans share filter and exclusions."""
    first = plans[0]
    depth = max(plan.query.offset + plan.query.k for plan in plans)
    answers = snapshot.search(vectors, depth, where=first.where, exclude=first.query.exclude)
    return [
        matches[plan.query.offset : plan.query.offset + plan.query.k]
        for plan, matches in zip(plans, answers, strict=True)
    ]


def _ranked(plan: _Plan) -> Expr | None:
    """The filter that passes what is ranked: the query's own, less the items left out."""
    if not plan.query.exclude:
        return plan.where
    others = Not(In(FieldPath("id"), plan.query.exclude))
    return others if plan.where is None else And((plan.where, others))


def _hits(snapshot: Snapshot, matches: Sequence[Match], offset: int) -> tuple[Hit, ...]:
    items = snapshot.items([match.id for match in matches])
    return tuple(_hit(match, items, rank) for rank, match in enumerate(matches, start=offset + 1))


def _hit(match: Match, items: dict[str, StoredItem], rank: int) -> Hit:
    item = items.get(match.id)
    if item is None or match.picture_index >= len(item.pictures):
        raise StoreError(f"item {match.id!r} was found by its picture but is not in the same state of the collection")
    return Hit(
        id=match.id,
        rank=rank,
        score=match.score,
        title=item.title,
        picture=item.pictures[match.picture_index].name,
        picture_index=match.picture_index,
        metadata=item.metadata,
        ranks={"retrieval": rank},
    )
