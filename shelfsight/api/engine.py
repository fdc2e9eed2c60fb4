"""The Python front door: a collection, its encoder and its searcher behind one object."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from shelfsight.api.asking import Asker, conversation
from shelfsight.api.embedding import embed_pictures, embed_texts
from shelfsight.api.enriching import add_notes, check_able
from shelfsight.api.fetching import LateFetcher, fetcher_of
from shelfsight.api.finding import Findable
from shelfsight.api.gallery import Gallery
from shelfsight.api.late import LateEncoder
from shelfsight.api.live import LiveCollection
from shelfsight.api.looking import look_opener
from shelfsight.api.matching import check_spec, scale_of
from shelfsight.api.models import Models
from shelfsight.api.rules import RULES_FILE, RulesFile
from shelfsight.api.service.batching import BatchingEncoder, EncoderUse
from shelfsight.api.service.embeddings import Embeddings
from shelfsight.core.dialogue import Answer, Turn
from shelfsight.core.errors import EncoderMismatch, MissingExtra, ModelError, ShelfsightError
from shelfsight.core.protocols import Catalogue, Encoder, Fetcher, Store
from shelfsight.core.relevance import RelevanceScale
from shelfsight.core.settings import Settings
from shelfsight.core.vectors import FloatArray
from shelfsight.core.vision import VisionLanguageModel

if TYPE_CHECKING:
    from shelfsight.core.types import Page
    from shelfsight.evaluation import ClassifyReport, JudgedQuery
    from shelfsight.indexer import NotesProgress, NotesReport, Progress, Report
    from shelfsight.search import Searcher

__all__ = ["Engine"]

_PROBE = "a product"


class Engine(Findable, LiveCollection):
    """A collection that can be searched and written to. Safe to share between threads.

    Use it as a context manager, or call :meth:`close`. Every error is a :class:`~shelfsight.ShelfsightError`.
    """

    def __init__(
        self,
        store: Store,
        *,
        path: Path,
        settings: Settings,
        models: Models | None = None,
        encoder: Encoder | None = None,
        vlm: str | VisionLanguageModel | None = None,
        rules: Path | None = None,
        follow: bool = True,
        fetch: Fetcher | bool = True,
    ) -> None:
        """
        Args:
            follow: whether what is asked after a switch to another version is asked of that one.
            models: where the encoder and the vision-language model come from, which other engines may use as well;
                its own where left out.
            fetch: see :func:`shelfsight.open_engine`.
        """
        super().__init__(store, path=path, settings=settings, follow=follow)
        self._rules = RulesFile(path / RULES_FILE) if rules is None else RulesFile(rules, must=True)
        self._models = models or Models()
        self._encoder = encoder
        self._encoded = store if encoder is not None else None
        self._searcher: Searcher | None = None
        self._searched: Store | None = None
        self._late = False
        self._embeddings = Embeddings(settings.load.embeddings)
        self._batching: BatchingEncoder | None = None
        self._loading = RLock()
        self._vlm = self._models.vlm(settings.search.vlm if vlm is None else vlm)
        self._asker = Asker()
        self._fetch = fetcher_of(fetch, settings.fetch)

    def close(self) -> None:
        super().close()
        if isinstance(self._fetch, LateFetcher):
            self._fetch.close()

    @property
    def opened_with(self) -> dict[str, str | None]:
        """``device``, ``runtime`` and ``vlm``, for whoever opens the collection in another process."""
        return {"device": self._models.device, "runtime": self._models.runtime, "vlm": self._vlm.name}

    @property
    def ready(self) -> bool:
        """Whether the encoder is loaded, so that a search does not have to wait for it."""
        return self._searcher is not None or self._encoder is not None

    def warm_up(self) -> None:
        """Load the encoder, where it can be had, so that the next search does not have to."""
        self._search_with()

    def probe(self) -> "Page":
        """A small query, whose text goes through the encoder each time: proof that queries are answered.

        Raises:
            ModelError, MissingExtra, EncoderMismatch: the encoder cannot be had, or fails.
            StoreError: the collection cannot be read.
        """
        self._search_with()
        if self._batching is not None:
            try:
                self._batching.encode_anew(_PROBE)
            except ShelfsightError:
                raise
            except Exception as error:
                raise ModelError(f"the encoder cannot encode a text: {error}") from error
        return self.search(_PROBE, k=1)

    @property
    def encoder_use(self) -> EncoderUse:
        """What searches used encoders for so far: passes, texts, and how many were remembered."""
        return EncoderUse() if self._batching is None else self._batching.use

    @property
    def fetches(self) -> Mapping[str, int]:
        """What became of pictures that were asked of addresses: ``fetched``, ``unchanged``, or a reason -> how many."""
        return self._fetch.counts if isinstance(self._fetch, LateFetcher) else {}

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
            catalogue: an open one, or the path or address of one; see :func:`shelfsight.catalog.remote.opened`.
            features, enrich: then also :meth:`add_notes`.
        """
        from shelfsight import indexer
        from shelfsight.catalog.remote import Opened, opened

        if features or enrich:
            check_able(self.vlm, features=features, enrich=enrich)
        given: dict[str, Any] = {"prune": prune, "progress": progress, "failures_to": failures_to}
        with ExitStack() as held:
            if isinstance(catalogue, str | Path):
                source = held.enter_context(opened(catalogue, settings=self._settings, fetch=self._fetch))
            else:
                source = Opened(catalogue, self._fetch)
            given |= {"settings": self._settings, "fetch": source.fetch}
            report = self._write(
                lambda store: indexer.index(source.catalogue, encoder=self._encoder_of(store), store=store, **given)
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
        with self._following.held():
            return add_notes(self._store, self.vlm, settings=self._settings, progress=progress, **given)

    def embed(self, texts: Sequence[str] = (), pictures: Sequence[bytes] = ()) -> tuple[FloatArray, FloatArray]:
        """Texts and encoded pictures to vectors of the collection's encoder: (t, d) and (p, d) float32 of length 1.

        Raises:
            UsageError, PictureError: one of them cannot be used; its place is named.
            ModelError, EncoderMismatch: the encoder cannot be had.
        """
        encoder = self.encoder
        return embed_texts(texts, encoder, self._settings), embed_pictures(pictures, encoder, self._settings)

    def classify(self, field: str) -> "ClassifyReport":
        """How often the picture alone tells the value of ``field``; see :func:`shelfsight.evaluation.classify`."""
        from shelfsight import evaluation

        with self._following.held():
            return evaluation.classify(self._store, self.encoder, field)

    def _forget_all(self) -> dict[str, int]:
        with self._loading:
            caches = {"thumbnails": self._gallery.kept, "queries": self._embeddings.forget()}
            self._shown = Gallery(self._store, self._settings.pictures)
            self._searcher = None
        return caches

    def _fetcher(self) -> Fetcher | None:
        return self._fetch

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
                    opened = self._models.encoder(wanted.name, wanted)
                    check_spec(self._path, wanted, opened.spec)
                    self._encoder = opened
                self._encoded = store
            return self._encoder

    def _encoder_or_late(self, store: Store) -> Encoder:
        """One that cannot be had says so when it is needed: what asks by vectors alone does not need it."""
        try:
            return self._encoder_of(store)
        except (EncoderMismatch, MissingExtra, ModelError):
            return LateEncoder(store.manifest.encoder, partial(self._encoder_of, store))

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

    def calibrate(self, queries: "str | Path | Sequence[JudgedQuery]") -> RelevanceScale:
        """Learn from judged queries (a JSONL file, or loaded ones) how relevant hits of this collection are, and keep
        it there: from now on hits have their ``relevance``; see :func:`shelfsight.api.calibrating.calibrate`.

        Raises:
            UsageError: there are too few queries, or they tell nothing apart.
        """
        from shelfsight.api.calibrating import calibrate
        from shelfsight.evaluation import load_queries

        judged = load_queries(Path(queries)) if isinstance(queries, str | Path) else queries
        store = self._store
        scale = calibrate(
            judged,
            encoder=self._encoder_of(store),
            snapshot=store.snapshot(),
            folder=self._path,
            settings=self._settings,
        )
        with self._loading:
            self._searcher = None
        return scale

    def check_rules(self) -> None:
        """Read the merchandiser's rules now; searches only warn of a file that cannot be read.

        Raises:
            UsageError, NotFound: they cannot be read, or a rule is none; the message names its line.
        """
        self._rules.check()

    def _search_with(self) -> "Searcher":
        with self._loading:
            store = self._store
            came = self._late and self._encoded is store  # what it knows beside encoding counts from now on
            if self._searcher is None or self._searched is not store or came:
                from shelfsight.search import Searcher

                encoder = self._encoder_or_late(store)
                self._late = isinstance(encoder, LateEncoder)
                look = look_opener(self._vlm, Gallery(store, self._settings.pictures), store, encoder)
                scale = scale_of(encoder, self._path)
                shared = self._batching = BatchingEncoder(
                    encoder, self._settings.load, self._embeddings, before=self.encoder_use
                )
                self._searcher = Searcher(shared, store, self._settings, look=look, scale=scale, rules=self._rules)
                self._searched = store
            return self._searcher
