"""The Python front door: a collection, its encoder and its searcher behind one object."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy as np

from shelfsight.api.asking import Asker, conversation
from shelfsight.api.atoms import atoms_of
from shelfsight.api.enriching import add_notes, check_able, with_suggestions
from shelfsight.api.gallery import Gallery
from shelfsight.api.live import LiveCollection
from shelfsight.api.looking import VlmOpener, look_opener
from shelfsight.api.matching import check_spec, open_encoder_named
from shelfsight.core.atoms import Atom
from shelfsight.core.dialogue import Answer, Turn
from shelfsight.core.protocols import Catalogue, Encoder, Store
from shelfsight.core.settings import Settings
from shelfsight.core.types import Mode, Page, Query
from shelfsight.core.vision import VisionLanguageModel

if TYPE_CHECKING:
    from shelfsight.evaluation import ClassifyReport, EvaluationReport, JudgedQuery
    from shelfsight.indexer import NotesProgress, NotesReport, Progress, Report
    from shelfsight.search import Searcher

__all__ = ["Engine"]


class Engine(LiveCollection):
    """A collection that can be searched and written to. Safe to share between threads.

    Use it as a context manager, or call :meth:`close`. Every error is a :class:`~shelfsight.ShelfsightError`.
    """

    def __init__(
        self,
        store: Store,
        *,
        path: Path,
        settings: Settings,
        device: str | None = None,
        runtime: str | None = None,
        encoder: Encoder | None = None,
        vlm: str | VisionLanguageModel | None = None,
    ) -> None:
        super().__init__(store, path=path, settings=settings)
        self._device = device
        self._runtime = runtime
        self._encoder = encoder
        self._encoded = store if encoder is not None else None
        self._searcher: Searcher | None = None
        self._searched: Store | None = None
        self._loading = RLock()
        self._vlm = VlmOpener(settings.search.vlm if vlm is None else vlm, device)
        self._asker = Asker()

    @property
    def ready(self) -> bool:
        """Whether the encoder is loaded, so that a search does not have to wait for it."""
        return self._searcher is not None

    def search(
        self,
        text: str | None = None,
        *,
        k: int = 10,
        image: str | Path | bytes | None = None,
        image_weight: float = 0.5,
        negative: Sequence[str] = (),
        filter: str | None = None,
        offset: int = 0,
        mode: Mode = "vector",
        facets: Sequence[str] = (),
        atoms: Sequence[Atom | Mapping[str, Any]] | None = None,
        rerank: bool = False,
        explain: bool | int = False,
        depth: int | None = None,
        budget_ms: float | None = None,
    ) -> Page:
        """The k items whose pictures fit best.

        Args:
            text: a phrase or sentence; words written ``-floral`` are things the hits should not show.
            k: hits wanted, 1 to ``settings.search.max_k``; fewer come back only when fewer pass the filter.
            image: a picture to look for: a file, or encoded bytes.
            image_weight: share of the picture in a query of text and picture, in [0, 1].
            negative: more things the hits should not show.
            filter: boolean expression over metadata: ``price < 80 and color in ["red", "blue"]``.
            offset: hits skipped.
            facets: fields whose value counts are wanted in ``page.facets``.
            atoms: what the text asks for, in place of what would be read from it: ``page.atoms`` or :meth:`parse`,
                edited, as atoms or as JSON shows them.
            rerank: let the vision-language model look at the best candidates again.
            explain: say why hits are there: of so many, from the first on; ``True``: ``settings.search.explained``.
            depth: candidates that are looked at; ``settings.search.depth`` where left out.
            budget_ms: milliseconds that looking may take; the best order so far is answered. Opening the model counts
                (without a budget it is waited for a minute): what needs it at once takes :attr:`vlm` first.

        Returns:
            Hits by ``score`` (cosine similarity in [-1, 1]) descending, ties by id ascending; re-ranked hits by
            ``relevance``. Where the model cannot be had, fails or is too slow, that is the order of the first stage,
            and ``page.warnings`` says why.

        Raises:
            UsageError: the query is empty or out of range; ``FilterError`` and ``UnknownField`` among them.
            PictureError: the query picture cannot be used.
            EncoderMismatch, ModelError: the collection's encoder cannot be had.
        """
        query = Query(
            text=text,
            image=Path(image) if isinstance(image, str) else image,
            image_weight=image_weight,
            negative=tuple(negative),
            filter=filter,
            k=k,
            offset=offset,
            mode=mode,
            facets=tuple(facets),
            atoms=None if atoms is None else atoms_of(atoms),
            rerank=rerank,
            depth=depth,
            budget_ms=budget_ms,
            explain=self._settings.search.explained if explain is True else int(explain),
        )
        return with_suggestions(self._search_with().search(query), self._store)

    def parse(self, text: str) -> tuple[Atom, ...]:
        """What ``text`` asks for, in the words of this collection; edited, it goes back as ``atoms`` of a search.

        Raises:
            UsageError: the text is too long or holds half a character.
        """
        return self._search_with().parse(text)

    def ask(
        self,
        id: str,
        question: str = "",
        *,
        turns: Sequence[Turn] = (),
        picture: int = 0,
        max_tokens: int = 64,
        seconds: float = 30.0,
        on_text: Callable[[str], None] | None = None,
    ) -> Answer:
        """What the vision-language model answers about a picture of item ``id``; an empty question gives a caption.

        Args:
            turns: what was asked and answered about the picture before, oldest first.
            picture: which of the item's pictures, from 0.
            max_tokens: length of the answer at most, in tokens of the model.
            seconds: after that time what there is of the answer is returned, and its ``stop`` says so.
            on_text: called in another thread with the next piece of the answer as soon as it is there; what it raises
                ends the call.

        Raises:
            NotFound: no such item or picture, or its file is gone.
            PictureError: its file cannot be read or decoded.
            UsageError: a text is too long, a limit is out of range, or the model cannot do what is asked.
            ModelError, MissingExtra: the model cannot be had, fails or does not answer.
        """
        asked = conversation(question, turns)
        shown = self._gallery.decoded(id, picture)
        return self._asker.ask(self.vlm, shown, asked, max_tokens=max_tokens, seconds=seconds, on_text=on_text)

    def similar(
        self, id: str, *, k: int = 10, filter: str | None = None, offset: int = 0, facets: Sequence[str] = ()
    ) -> Page:
        """The k items that look most like item ``id``, itself left out; otherwise like :meth:`search`.

        Raises:
            NotFound: no such item.
        """
        page = self._search_with().similar(id, k=k, filter=filter, offset=offset, facets=tuple(facets))
        return with_suggestions(page, self._store)

    def browse(self, *, k: int = 10, offset: int = 0, filter: str | None = None, facets: Sequence[str] = ()) -> Page:
        """Items that pass the filter, in a fixed order that says nothing; scores mean nothing either."""
        nowhere = np.zeros(self.manifest.encoder.dimension, dtype=np.float32)
        nowhere[0] = 1.0
        return self._search_with().search(
            Query(vector=nowhere, k=k, offset=offset, filter=filter, facets=tuple(facets))
        )

    def index(
        self,
        catalogue: Catalogue | str | Path,
        *,
        prune: bool = False,
        progress: "Progress | None" = None,
        failures_to: Path | None = None,
        features: bool = False,
        enrich: bool = False,
    ) -> "Report":
        """Bring the collection up to date with a catalogue; see :func:`shelfsight.indexer.index`.

        Args:
            features, enrich: then also :meth:`add_notes`.
        """
        from shelfsight import catalog, indexer

        if isinstance(catalogue, str | Path):
            catalogue = catalog.open_catalogue(catalogue)
        if features or enrich:
            check_able(self.vlm, features=features, enrich=enrich)
        given: dict[str, Any] = {
            "settings": self._settings,
            "prune": prune,
            "progress": progress,
            "failures_to": failures_to,
        }
        report = self._write(
            lambda store: indexer.index(catalogue, encoder=self._encoder_of(store), store=store, **given)
        )
        if features or enrich:
            self.add_notes(features=features, enrich=enrich)
        return report

    def add_notes(
        self, *, features: bool = False, enrich: bool = False, progress: "NotesProgress | None" = None
    ) -> "NotesReport":
        """Let the vision-language model look at every picture that it has not seen.

        Args:
            features: keep what it sees, so that re-ranking encodes no picture twice.
            enrich: keep captions, and values for fields that the merchant left empty; hits have them in
                ``suggestions``.

        Raises:
            As :func:`shelfsight.api.enriching.add_notes`, and where the model cannot be had.
        """
        given = {"features": features, "enrich": enrich}
        return add_notes(self._store, self.vlm, settings=self._settings, progress=progress, **given)

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
            self._vlm.open()
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

        Two reports on the same queries are held against each other by :func:`shelfsight.evaluation.compare`, and
        :func:`shelfsight.api.reporting.write_report` makes a page of either.
        """
        from shelfsight import evaluation

        if isinstance(queries, str | Path):
            queries = evaluation.load_queries(Path(queries))
        answer = partial(self.rank, mode=mode, rerank=rerank, depth=depth)
        return evaluation.evaluate(answer, queries, ks=ks, contains=self._store.snapshot().contains)

    def classify(self, field: str) -> "ClassifyReport":
        """How often the picture alone tells the value of ``field``; see :func:`shelfsight.evaluation.classify`."""
        from shelfsight import evaluation

        return evaluation.classify(self._store, self.encoder, field)

    @property
    def encoder(self) -> Encoder:
        """The collection's encoder, loaded now if it was not.

        Raises:
            ModelError: it cannot be found or loaded.
            EncoderMismatch: what is installed under its name is not what the collection was built with.
        """
        return self._encoder_of(self._store)

    def _encoder_of(self, store: Store) -> Encoder:
        with self._loading:
            if self._encoder is None or self._encoded is not store:
                wanted = store.manifest.encoder
                if self._encoder is None or self._encoder.spec != wanted:
                    opened = open_encoder_named(wanted.name, self._device, self._runtime)
                    check_spec(self._path, wanted, opened.spec)
                    self._encoder = opened
                self._encoded = store
            return self._encoder

    @property
    def vlm(self) -> VisionLanguageModel:
        """The vision-language model that re-ranks, explains and answers, loaded now if it was not.

        Raises:
            ModelError: it cannot be found or loaded.
            MissingExtra: a package that it needs is not installed.
        """
        return self._vlm.open()

    @property
    def vlm_name(self) -> str:
        """The string that opens it, whether or not it can be."""
        return self._vlm.name

    def _search_with(self) -> "Searcher":
        with self._loading:
            store = self._store
            if self._searcher is None or self._searched is not store:
                from shelfsight.search import Searcher

                encoder = self._encoder_of(store)
                look = look_opener(self._vlm, Gallery(store, self._settings.pictures), store, encoder)
                self._searcher = Searcher(encoder, store, self._settings, look=look)
                self._searched = store
            return self._searcher
