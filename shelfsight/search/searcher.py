"""A query in, a page of hits out."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from shelfsight.core.atoms import Atom
from shelfsight.core.errors import ModelError, UsageError
from shelfsight.core.protocols import Encoder, Match, Snapshot, Store
from shelfsight.core.settings import Settings
from shelfsight.core.types import Page, Query
from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.search.compose import blend, subtract
from shelfsight.search.embedding import QueryEmbedder
from shelfsight.search.hits import Seen, hits_of
from shelfsight.search.look import OpenLook
from shelfsight.search.planning import Plan, plan_of
from shelfsight.search.query import check_text
from shelfsight.search.reading import Reader
from shelfsight.search.second import SecondLook, Shown
from shelfsight.search.trace import Trace

__all__ = ["Searcher"]

_RANK_BATCH = 256
"""Queries the store compares with the collection at a time: bounds the memory of a scores matrix."""

_EMPTY = "the collection is empty; index a catalogue into it first"


class Searcher:
    """The read path over one collection. Safe to share between threads.

    Every search works on one snapshot of the collection, taken when it starts: a commit that lands
    meanwhile is seen by the next search, whole.
    """

    def __init__(self, encoder: Encoder, store: Store, settings: Settings, *, look: OpenLook | None = None) -> None:
        """``look`` is called by each search that wants to be re-ranked or explained; without it none can be."""
        self._store = store
        self._settings = settings.search
        self._embedder = QueryEmbedder(encoder, settings)
        self._second = None if look is None else SecondLook(look)
        self._reader = Reader()

    def search(self, query: Query) -> Page:
        """The hits ``query.offset + 1`` to ``query.offset + query.k`` of all items that pass the filter.

        ``score`` is the cosine of the query's final vector (text and picture blended, minus terms
        subtracted) with the item's best picture; ties are in the order of ids. ``trace`` holds the
        milliseconds of ``understand``, ``encode``, ``retrieve``, ``items``, ``facets`` and ``total``.

        A query that wants to be re-ranked or explained, or comes with atoms, is taken apart: its limits bound the hits,
        the total and the facets like its filter, what it negates are minus terms, and its positive text is looked up.
        Re-ranking gives the first ``depth`` of these a new order, whatever part of it the page shows; what the model
        does never fails the search, and ``warnings`` and ``stages`` tell of it. ``trace`` then has ``parse``, ``look``
        (the model is opened where it was not), ``rerank``, ``explain`` and ``keep`` too.

        Raises:
            UsageError: the query is empty, only says what to avoid, has no words to re-rank or explain by, or a value
                is out of range; or nobody can look.
            FilterError: the filter, or that of a limit, does not parse.
            UnknownField: the filter, a limit or a facet names a field that no item has.
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

        Texts are encoded and compared with the collection in batches; all queries see one snapshot. Those that want it
        are re-ranked, one after another.

        Raises:
            As :meth:`search`, for the first query that cannot be answered; and ``ModelError`` where re-ranking fails,
            because the first stage's order must not be taken for the other.
        """
        snapshot = self._store.snapshot()
        if not queries or snapshot.count() == 0:
            return [[] for _ in queries]
        plans = [self._plan(query, snapshot, Trace()) for query in queries]
        vectors = self._embed(plans)
        groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[int]] = defaultdict(list)
        for index, plan in enumerate(plans):
            groups[plan.filters, plan.query.exclude].append(index)
        ranked: list[list[tuple[str, float]]] = [[] for _ in queries]
        for members in groups.values():
            for start in range(0, len(members), _RANK_BATCH):
                batch = members[start : start + _RANK_BATCH]
                answers = _retrieve(snapshot, [plans[index] for index in batch], vectors[batch])
                for index, matches in zip(batch, answers, strict=True):
                    ranked[index] = self._pairs(plans[index], matches, snapshot)
        return ranked

    def parse(self, text: str) -> tuple[Atom, ...]:
        """What ``text`` asks for, in the words of this collection.

        Raises:
            UsageError: the text is too long or holds half a character.
        """
        check_text(text, self._settings.max_text)
        return self._reader.read(text, self._store.snapshot())

    def _answer(self, query: Query, snapshot: Snapshot) -> Page:
        trace = Trace()
        with trace.stage("understand"):
            plan = self._plan(query, snapshot, trace)
        if snapshot.count() == 0:
            nothing: dict[str, dict[str, int]] = {field: {} for field in query.facets}
            return Page(hits=(), total=0, facets=nothing, trace=trace.finish(), warnings=(_EMPTY,), atoms=plan.atoms)
        with trace.stage("encode"):
            vectors = self._embed([plan])
        with trace.stage("retrieve"):
            matches = _retrieve(snapshot, [plan], vectors)[0]
        with trace.stage("items"):
            items = snapshot.items(_needed(matches, plan))
            shown = Shown(hits=hits_of(Seen.first(matches, query.offset), items, offset=query.offset, k=query.k))
        if query.rerank or query.explain:
            shown = self._looking.page(plan, matches, items, trace)
        with trace.stage("facets"):
            total = snapshot.count(plan.ranked)
            facets = snapshot.facets(query.facets, plan.ranked) if query.facets else {}
        return Page(
            hits=shown.hits,
            total=total,
            facets=facets,
            trace=trace.finish(),
            warnings=shown.warnings,
            atoms=plan.atoms,
            stages=shown.stages,
        )

    def _plan(self, query: Query, snapshot: Snapshot, trace: Trace) -> Plan:
        def take_apart(text: str) -> tuple[Atom, ...]:
            with trace.stage("parse"):
                return self._reader.read(text, snapshot)

        if (query.rerank or query.explain) and self._second is None:
            raise UsageError(
                "this searcher has no vision-language model", hint="search without re-ranking and explaining"
            )
        return plan_of(query, self._settings, take_apart)

    @property
    def _looking(self) -> SecondLook:
        assert self._second is not None
        return self._second

    def _pairs(self, plan: Plan, matches: Sequence[Match], snapshot: Snapshot) -> list[tuple[str, float]]:
        """The (id, score) pairs of a page.

        Raises:
            ModelError: re-ranking failed.
        """
        if plan.depth:
            items = snapshot.items(_needed(matches, plan))
            seen = self._looking.order(plan, matches, items)
            if seen.failed:
                raise ModelError(seen.warnings[0])
            matches = seen.matches
        return [(match.id, match.score) for match in matches[plan.query.offset : plan.window]]

    def _embed(self, plans: Sequence[Plan]) -> FloatArray:
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


def _retrieve(snapshot: Snapshot, plans: Sequence[Plan], vectors: FloatArray) -> list[list[Match]]:
    """Each plan's matches, as far down as it reaches. The plans share filter and exclusions."""
    first = plans[0]
    reach = max(plan.reach for plan in plans)
    answers = snapshot.search(vectors, reach, where=first.where, exclude=first.query.exclude)
    return [matches[: plan.reach] for plan, matches in zip(plans, answers, strict=True)]


def _needed(matches: Sequence[Match], plan: Plan) -> list[str]:
    """Ids of the candidates and of what may be on the page."""
    page = matches[plan.query.offset : plan.window]
    return list(dict.fromkeys(match.id for match in (*matches[: plan.depth], *page)))
