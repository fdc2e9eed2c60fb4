"""Asking a collection: search, more like this, browsing, and many judged queries at once."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from shelfsight.api import collection
from shelfsight.api.asked import Browsing, Finding, Searching, of_query
from shelfsight.api.enriching import with_suggestions
from shelfsight.core.atoms import Atom
from shelfsight.core.streaming import HitExplained, SearchEvent, Stream
from shelfsight.core.types import Mode, Page, Query
from shelfsight.core.vision import VisionLanguageModel
from shelfsight.core.why import Why

if TYPE_CHECKING:
    from shelfsight.evaluation import EvaluationReport, JudgedQuery
    from shelfsight.search import Searcher

__all__ = ["Findable"]


class Findable(collection.Collection):
    """A collection that can be asked. Every error is a :class:`~shelfsight.ShelfsightError`."""

    def search(self, text: str | None = None, **asked: Unpack[Searching]) -> Page:
        """The k items whose pictures fit best.

        Args:
            text: a phrase or sentence; words written ``-floral`` are things the hits should not show.
            k: hits wanted (10), 1 to ``settings.search.max_k``; fewer come back only when fewer pass the filter.
            image: a picture to look for: a file, or encoded bytes.
            image_weight: share of the picture in a query of text and picture (0.5), in [0, 1].
            like: ids of items whose main pictures hits should look like (or ids with weights, as a mapping); with
                text they have the share ``image_weight``. They are no hits themselves.
            unlike: likewise, of what hits should not look like; not alone.
            negative: more things the hits should not show.
            filter: boolean expression over metadata: ``price < 80 and color in ["red", "blue"]``.
            offset: hits skipped.
            mode: ``vector``, or ``hybrid``, which also looks for the words of the text in titles and metadata.
            facets: fields whose value counts are wanted in ``page.facets``.
            histograms: number fields whose spread is wanted in ``page.histograms``.
            min_relevance: leave out hits less likely relevant than this, in [0, 1], also of total and counts. Where
                none is given a sorted search is cut at what the encoder's calibration suggests; 0 cuts nothing.
            sort: order by fields in place of relevance: ``["price", "-rating"]``, dearer later, better first.
            group_by: one hit for each value of this field; the others of its group are in ``hit.variants``.
            duplicates: fold hits into better ones whose picture has at least this cosine with theirs: 0.95 folds what
                looks the same.
            diversity: in [0, 1): how far hits that look alike make room for others.
            snapshot: ``page.snapshot`` of the page before, so that this one is of the same state of the collection.
            rules: whether the merchandiser's rules count; they do unless told otherwise.
            atoms: what the text asks for, in place of what would be read from it: ``page.atoms`` or :meth:`parse`,
                edited, as atoms or as JSON shows them.
            rerank: let the vision-language model look at the best candidates again.
            explain: say why hits are there: of so many, from the first on; ``True``: ``settings.search.explained``.
            depth: candidates that are looked at; ``settings.search.depth`` where left out.
            budget_ms: milliseconds that looking may take; the best order so far is answered. Opening the model counts
                (without a budget it is waited for a minute): what needs it at once takes :attr:`vlm` first.

        Returns:
            Hits by ``score`` (cosine similarity in [-1, 1]) descending, ties by id ascending, unless they are asked for
            in another order; re-ranked hits by ``relevance``. Where the model cannot be had, fails or is too slow, that
            is the order of the first stage, and ``page.warnings`` says why.

        Raises:
            UsageError: the query is empty or out of range; ``FilterError`` and ``UnknownField`` among them.
            PictureError: the query picture cannot be used.
            NotFound: there is no item that hits should look like, or should not.
            SnapshotGone: the state that ``snapshot`` names is kept no longer.
            EncoderMismatch, ModelError: the collection's encoder cannot be had.
        """
        fields = of_query(asked, Searching, explained=self._settings.search.explained)
        with self._following.held():
            return with_suggestions(self._search_with().search(Query(text=text, **fields)), self._store)

    def search_events(self, text: str | None = None, **asked: Unpack[Searching]) -> Stream[SearchEvent]:
        """:meth:`search`, told as it comes about; what is wrong with it is raised with the first event.

        Returns:
            :class:`~shelfsight.core.streaming.HitsFound`, which waits for no model; with ``rerank`` ``OrderChanged``;
            with ``explain`` a ``HitExplained`` for each hit that is explained, as soon as it is; and ``SearchDone``,
            whose page is what :meth:`search` answers. Close it to have no more.
        """
        fields = of_query(asked, Searching, explained=self._settings.search.explained)
        return self._search_with().stream(Query(text=text, **fields)).around(self._told)

    def parse(self, text: str) -> tuple[Atom, ...]:
        """What ``text`` asks for, in the words of this collection; edited, it goes back as ``atoms`` of a search.

        Raises:
            UsageError: the text is too long or holds half a character.
        """
        return self._search_with().parse(text)

    def why(self, id: str, text: str | None = None, **asked: Unpack[Searching]) -> Why:
        """Why item ``id`` stands where it does among the hits of a :meth:`search`, however far down that is, or why it
        is not found; and what would change that.

        Args:
            text, asked: those of :meth:`search`; ``offset``, ``facets`` and ``histograms`` change nothing.

        Raises:
            NotFound: no such item.
            As :meth:`search`.
        """
        fields = of_query(asked, Searching, explained=self._settings.search.explained)
        with self._following.held():
            return self._search_with().why(id, Query(text=text, **fields))

    def similar(self, id: str, **asked: Unpack[Finding]) -> Page:
        """The k items that look most like item ``id``, itself left out; otherwise like :meth:`search`.

        Raises:
            NotFound: no such item.
        """
        fields = of_query(asked, Finding)
        with self._following.held():
            return with_suggestions(self._search_with().similar(id, **fields), self._store)

    def browse(self, **asked: Unpack[Browsing]) -> Page:
        """Items that pass the filter, in the order of ``sort`` and then of ids; see :meth:`search`.

        Nothing is compared: every ``score`` is 0, and the picture is the item's first.
        """
        return self._search_with().browse(Query(**of_query(asked, Browsing)))

    def rank(
        self,
        queries: Sequence[Query],
        *,
        mode: Mode | None = None,
        rerank: bool | None = None,
        depth: int | None = None,
    ) -> list[list[tuple[str, float]]]:
        """(id, score) pairs of each query, best first: :meth:`search` without the items, for many queries at once.

        Args:
            queries: each with its own k, at most ``settings.search.max_k``.
            mode, rerank, depth: in place of the queries' own.

        Raises:
            As :meth:`search`, for the first query that cannot be answered; ``ModelError`` and ``MissingExtra`` too
            where a query wants to be re-ranked and the vision-language model cannot be had.
        """
        changes = {"mode": mode, "rerank": rerank, "depth": depth}
        given: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}
        asked = [replace(query, **given) for query in queries]
        if any(query.rerank for query in asked):
            _ = self.vlm
        with self._following.held():
            return self._search_with().rank(asked)

    def evaluate(
        self,
        queries: "str | Path | Sequence[JudgedQuery]",
        *,
        ks: Sequence[int] = (10,),
        mode: Mode = "vector",
        rerank: bool = False,
        depth: int | None = None,
    ) -> "EvaluationReport":
        """Ask judged queries (a JSONL file, or loaded ones); see :func:`shelfsight.evaluation.evaluate`.

        They are answered without a merchandiser's rules, which say what is to be shown and not what fits.

        Two reports on the same queries are held against each other by :func:`shelfsight.evaluation.compare`, and
        :func:`shelfsight.api.reporting.write_report` makes a page of either.
        """
        from shelfsight import evaluation

        if isinstance(queries, str | Path):
            queries = evaluation.load_queries(Path(queries))
        answer = partial(self._rank_unruled, mode=mode, rerank=rerank, depth=depth)
        return evaluation.evaluate(answer, queries, ks=ks, contains=self._store.snapshot().contains)

    @property
    @abstractmethod
    def vlm(self) -> VisionLanguageModel:
        """The vision-language model, loaded now if it was not."""

    def _told(self, events: Iterator[SearchEvent]) -> Iterator[SearchEvent]:
        with self._following.held():
            for event in events:
                if isinstance(event, HitExplained):
                    yield event
                else:
                    yield replace(event, page=with_suggestions(event.page, self._store))

    def _rank_unruled(self, queries: Sequence[Query], **given: Any) -> list[list[tuple[str, float]]]:
        return self.rank([replace(query, rules=False) for query in queries], **given)

    @abstractmethod
    def _search_with(self) -> "Searcher":
        """What answers queries, made now if it was not."""
