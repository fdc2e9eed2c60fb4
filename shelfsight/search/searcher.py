"""A query in, a page of hits out."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from threading import Event
from typing import Any

from shelfsight.core.atoms import Atom
from shelfsight.core.errors import NotFound, UsageError
from shelfsight.core.protocols import Encoder, Match, Snapshot, Store
from shelfsight.core.relevance import RelevanceScale
from shelfsight.core.rules import NO_RULES, Rules
from shelfsight.core.settings import Settings
from shelfsight.core.streaming import HitsFound, SearchDone, SearchEvent, Stream
from shelfsight.core.texts import check_text
from shelfsight.core.types import Example, Page, Query
from shelfsight.core.vectors import FloatArray
from shelfsight.core.why import Why
from shelfsight.search.answering import Answer, Tools
from shelfsight.search.compose import Weighted
from shelfsight.search.embedding import QueryEmbedder
from shelfsight.search.hybrid import spelt
from shelfsight.search.look import OpenLook
from shelfsight.search.planning import Plan, browsing_plan, plan_of
from shelfsight.search.query import understand
from shelfsight.search.reading import Reader
from shelfsight.search.rules import ruling_of
from shelfsight.search.second import SecondLook
from shelfsight.search.snapshots import Snapshots
from shelfsight.search.trace import Trace
from shelfsight.search.vectors import vectors_of
from shelfsight.search.why import why_of

__all__ = ["Searcher"]

_RANK_BATCH = 256
"""Queries the store compares with the collection at a time: bounds the memory of a scores matrix."""


class Searcher:
    """The read path over one collection. Safe to share between threads.

    Every search works on one snapshot of the collection: the newest when it starts, or that of an earlier page. A
    commit that lands meanwhile is seen by the next search, whole.
    """

    def __init__(
        self,
        encoder: Encoder,
        store: Store,
        settings: Settings,
        *,
        look: OpenLook | None = None,
        scale: RelevanceScale | None = None,
        rules: Callable[[], Rules] | None = None,
    ) -> None:
        """
        Args:
            look: called by each search that wants to be re-ranked or explained; without it none can be.
            scale: what is known of the encoder's cosines; without it nobody judges how relevant hits are.
            rules: called by each search that wants them: the merchandiser's rules of now.
        """
        self._rules = rules
        self._settings = settings.search
        self._embedder = QueryEmbedder(encoder, settings)
        self._snapshots = Snapshots(store, settings.search)
        self._reader = Reader()
        second = None if look is None else SecondLook(look)
        self._tools = Tools(settings=settings.search, name=self._snapshots.name, second=second, scale=scale)

    def search(self, query: Query) -> Page:
        """The hits ``query.offset + 1`` to ``query.offset + query.k`` of all items that pass the filter.

        ``score`` is the cosine of the query's final vector (text and pictures blended, minus terms subtracted, turned
        away from what hits should not look like) with the item's best picture. By vector alone hits are ordered by it,
        ties by id. ``trace`` holds the milliseconds of ``understand``, ``encode``, ``retrieve``, ``items``, ``facets``
        and ``total``.

        Stages work on the same candidates whatever page is asked for, so pages of one snapshot are parts of one order,
        without repeats and holes: give :attr:`Page.snapshot` with the next page's query. Rules, duplicates and
        diversity see the first :data:`~shelfsight.search.planning.HEAD`, re-ranking the first ``depth``.

        A query that wants to be re-ranked or explained, or comes with atoms, is taken apart: its limits bound the hits,
        the total and the facets like its filter, what it negates are minus terms, and its positive text is looked up.
        What the model does never fails the search, and ``warnings`` and ``stages`` tell of it. ``trace`` then has
        ``parse``, ``look`` (the model is opened where it was not), ``rerank``, ``explain`` and ``keep`` too.

        A sorted search shows what passes ``min_relevance``; where none is given, what passes the cutoff that the
        encoder's calibration suggests, or without one all, or the first ``settings.search.max_window``.

        Raises:
            UsageError: the query is empty, only says what to avoid, has no words to re-rank or explain by, or a value
                is out of range; nobody can look; or ``min_relevance`` is given and nobody can judge.
            FilterError: the filter, or that of a limit, does not parse.
            UnknownField: the filter, a limit, a facet, a sort or a group names a field that no item has.
            PictureError: the query's picture cannot be read.
            NotFound: there is no item that hits should look like, or should not.
            SnapshotGone: the state that ``query.snapshot`` names is kept no longer.
        """
        return self._page(query, self._snapshots.get(query.snapshot))

    def stream(self, query: Query) -> Stream[SearchEvent]:
        """:meth:`search`, told step by step: what the first stage finds does not wait for a second look.

        The query is understood, and what is wrong with it raised, when the first event is asked for.

        Returns:
            :class:`~shelfsight.core.streaming.HitsFound`; ``OrderChanged`` where the query wants to be re-ranked; a
            ``HitExplained`` for each hit that is explained, as soon as it is; and ``SearchDone``.
            :func:`~shelfsight.core.streaming.joined` they are what :meth:`search` answers.

        Raises:
            As :meth:`search`.
        """
        stopped = Event()
        return Stream(self._events(query, stopped), stopped)

    def similar(self, id: str, **asked: Any) -> Page:
        """Items that look like the item ``id``, itself left out.

        Args:
            asked: fields of a :class:`~shelfsight.core.types.Query` other than what is looked up.

        The item's first picture is what is compared: it is the main one, the one a person clicked on,
        and the score stays the cosine of two pictures that can be looked at.

        Raises:
            NotFound: no such item.
            As :meth:`search`.
        """
        snapshot = self._snapshots.get(asked.get("snapshot"))
        main_picture = snapshot.vectors(id)[0]
        return self._page(Query(vector=main_picture, exclude=(id,), **asked), snapshot)

    def why(self, id: str, query: Query) -> Why:
        """Why the item ``id`` stands where it does in a :meth:`search`, or is not found by it; see
        :class:`~shelfsight.core.why.Why`. The search is run and gone down until the item is met; nothing is explained,
        and the page that is asked for is the first.

        Raises:
            NotFound: no such item.
            As :meth:`search`.
        """
        snapshot = self._snapshots.get(query.snapshot)
        item = snapshot.items([id]).get(id)
        if item is None:
            raise NotFound(f"there is no item {id!r}")
        return why_of(item, self._answer(replace(query, offset=0, facets=(), histograms=()), snapshot))

    def browse(self, query: Query) -> Page:
        """Items that pass the filter, in the order of ``query.sort``, then by id. Nothing is looked up: scores are 0.

        Raises:
            UsageError: a value is out of range; ``FilterError`` and ``UnknownField`` among them.
            SnapshotGone: the state that ``query.snapshot`` names is kept no longer.
        """
        snapshot, trace = self._snapshots.get(query.snapshot), Trace()
        with trace.stage("understand"):
            plan = self._ruled(browsing_plan(query, self._settings), snapshot)
        answer = Answer(plan, snapshot, None, self._tools, trace)
        return answer.page() if snapshot.count() else answer.nothing()

    def rank(self, queries: Sequence[Query]) -> list[list[tuple[str, float]]]:
        """The (id, score) pairs of each query, best first: :meth:`search` without items, for many at once.

        Texts are encoded and compared with the collection in batches; all queries see the newest snapshot. Those that
        want it are re-ranked, one after another.

        Raises:
            As :meth:`search`, for the first query that cannot be answered; and ``ModelError`` where re-ranking fails,
            because the first stage's order must not be taken for the other.
        """
        snapshot = self._snapshots.get(None)
        if not queries or snapshot.count() == 0:
            return [[] for _ in queries]
        plans = [spelt(self._plan(query, snapshot, Trace()), snapshot) for query in queries]
        vectors = vectors_of(plans, self._embedder)
        alike: dict[str, list[int]] = defaultdict(list)
        for index, plan in enumerate(plans):
            alike[repr((plan.where, plan.query.exclude, plan.hybrid, plan.first))].append(index)
        ranked: list[list[tuple[str, float]]] = [[] for _ in queries]
        for members in alike.values():
            for start in range(0, len(members), _RANK_BATCH):
                batch = members[start : start + _RANK_BATCH]
                found = _retrieve(snapshot, [plans[index] for index in batch], vectors[batch])
                for index, known in zip(batch, found, strict=True):
                    answer = Answer(plans[index], snapshot, vectors[index], self._tools, Trace(), known=known)
                    ranked[index] = answer.pairs()
        return ranked

    def parse(self, text: str) -> tuple[Atom, ...]:
        """What ``text`` asks for, in the words of this collection.

        Raises:
            UsageError: the text is too long or holds half a character.
        """
        check_text(text, self._settings.max_text)
        return self._reader.read(text, self._snapshots.get(None))

    def _page(self, query: Query, snapshot: Snapshot) -> Page:
        answer = self._answer(query, snapshot)
        return answer.page() if snapshot.count() else answer.nothing()

    def _events(self, query: Query, stopped: Event) -> Iterator[SearchEvent]:
        snapshot = self._snapshots.get(query.snapshot)
        answer = self._answer(query, snapshot, stopped)
        if snapshot.count():
            yield from answer.events()
            return
        page = answer.nothing()
        yield HitsFound(page=page)
        yield SearchDone(page=page)

    def _answer(self, query: Query, snapshot: Snapshot, stopped: Event | None = None) -> Answer:
        trace = Trace()
        with trace.stage("understand"):
            plan = self._plan(query, snapshot, trace)
        if snapshot.count() == 0:
            return Answer(plan, snapshot, None, self._tools, trace)
        with trace.stage("encode"):
            plan = spelt(plan, snapshot)
            vector = vectors_of([plan], self._embedder)[0]
        return Answer(plan, snapshot, vector, self._tools, trace, stopped=stopped)

    def _plan(self, query: Query, snapshot: Snapshot, trace: Trace) -> Plan:
        def take_apart(text: str) -> tuple[Atom, ...]:
            with trace.stage("parse"):
                return self._reader.read(text, snapshot)

        if (query.rerank or query.explain) and self._tools.second is None:
            raise UsageError(
                "this searcher has no vision-language model", hint="search without re-ranking and explaining"
            )
        plan = plan_of(query, self._settings, take_apart)
        like, unlike = _main_pictures(plan.query.like, snapshot), _main_pictures(plan.query.unlike, snapshot)
        return self._ruled(replace(plan, like=like, unlike=unlike), snapshot)

    def _ruled(self, plan: Plan, snapshot: Snapshot) -> Plan:
        """The plan under the merchandiser's rules, where there are some and the query wants them."""
        rules = self._rules() if self._rules is not None and plan.query.rules else NO_RULES
        if rules == NO_RULES:
            return plan
        text = None if plan.query.text is None else understand(plan.query).text
        ruling = ruling_of(rules, text, snapshot, date.today())
        return replace(plan, where=ruling.narrowed(plan.where), ruling=ruling)


def _main_pictures(examples: Sequence[Example], snapshot: Snapshot) -> tuple[Weighted, ...]:
    """Of items, with their weights: it is the picture that a person clicked on.

    Raises:
        NotFound: there is no such item.
    """
    return tuple((snapshot.vectors(each.id)[0], each.weight) for each in examples)


def _retrieve(snapshot: Snapshot, plans: Sequence[Plan], vectors: FloatArray) -> Sequence[Sequence[Match] | None]:
    """What each plan's retrieval asks for at first; ``None`` where that is no search by vector. The plans share
    filter, exclusions, mode and how many that is."""
    first = plans[0]
    if first.hybrid or first.query.min_relevance or first.query.sort:
        return [None] * len(plans)
    return snapshot.search(vectors, first.first, where=first.where, exclude=first.query.exclude)
