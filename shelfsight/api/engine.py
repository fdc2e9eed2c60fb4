"""The Python front door: a collection, its encoder and its searcher behind one object."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from shelfsight.api.choices import suggested_facets
from shelfsight.api.gallery import Gallery
from shelfsight.api.matching import check_spec, open_encoder_named
from shelfsight.api.pictures import PictureFile
from shelfsight.core.errors import UsageError
from shelfsight.core.filters import Expr, parse
from shelfsight.core.protocols import Catalogue, Encoder, Manifest, Store, StoredItem
from shelfsight.core.settings import Settings
from shelfsight.core.types import Mode, Page, Query

if TYPE_CHECKING:
    from shelfsight.evaluation import ClassifyReport, EvaluationReport, JudgedQuery
    from shelfsight.indexer import Progress, Report
    from shelfsight.search import Searcher

__all__ = ["Engine"]

_NO_VLM = "re-ranking and explaining need a vision-language model, and this version has none yet"


class Engine:
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
    ) -> None:
        self._store = store
        self._path = path
        self._settings = settings
        self._device = device
        self._runtime = runtime
        self._encoder = encoder
        self._searcher: Searcher | None = None
        self._loading = RLock()
        self._gallery = Gallery(store, settings.pictures)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Release the collection's files."""
        self._store.close()

    @property
    def path(self) -> Path:
        """The collection's directory."""
        return self._path

    @property
    def settings(self) -> Settings:
        return self._settings

    @property
    def manifest(self) -> Manifest:
        """What the collection is, with its counts of now."""
        return self._store.manifest

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
        rerank: bool = False,
        explain: bool = False,
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

        Returns:
            Hits by ``score`` (cosine similarity in [-1, 1]) descending, ties by id ascending.

        Raises:
            UsageError: the query is empty or out of range; ``FilterError`` and ``UnknownField`` among them.
            PictureError: the query picture cannot be used.
            EncoderMismatch, ModelError: the collection's encoder cannot be had.
        """
        if rerank or explain:
            raise UsageError(_NO_VLM, hint="search without `rerank` and `explain`")
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
        )
        return self._search_with().search(query)

    def similar(
        self, id: str, *, k: int = 10, filter: str | None = None, offset: int = 0, facets: Sequence[str] = ()
    ) -> Page:
        """The k items that look most like item ``id``, itself left out; otherwise like :meth:`search`.

        Raises:
            NotFound: no such item.
        """
        return self._search_with().similar(id, k=k, filter=filter, offset=offset, facets=tuple(facets))

    def browse(self, *, k: int = 10, offset: int = 0, filter: str | None = None, facets: Sequence[str] = ()) -> Page:
        """Items that pass the filter, in a fixed order that says nothing; scores mean nothing either."""
        nowhere = np.zeros(self.manifest.encoder.dimension, dtype=np.float32)
        nowhere[0] = 1.0
        return self._search_with().search(
            Query(vector=nowhere, k=k, offset=offset, filter=filter, facets=tuple(facets))
        )

    def get(self, id: str) -> StoredItem:
        """One item.

        Raises:
            NotFound: no such item.
        """
        return self._gallery.item(id)

    def picture(self, id: str, index: int = 0) -> PictureFile:
        """Picture ``index`` of an item as it was indexed: its file, or the preview kept of it.

        Raises:
            NotFound: no such item or picture, or its file is gone.
            PictureError: its file cannot be read.
        """
        return self._gallery.picture(id, index)

    def thumbnail(self, id: str, index: int = 0, *, side: int = 320) -> PictureFile:
        """Picture ``index`` of an item, upright, at most ``side`` pixels a side, as JPEG without metadata.

        Raises:
            NotFound: no such item or picture, or its file is gone.
            PictureError: its file cannot be read or decoded.
        """
        return self._gallery.thumbnail(id, index, side)

    def fields(self) -> dict[str, str]:
        """Metadata field -> type: ``text``, ``number``, ``boolean`` or ``json``."""
        return self._store.snapshot().fields()

    def count(self, filter: str | None = None) -> int:
        """Items that pass the filter.

        Raises:
            FilterError, UnknownField: the filter cannot be used.
        """
        return self._store.snapshot().count(_parsed(filter))

    def facets(self, fields: Sequence[str], *, filter: str | None = None) -> dict[str, dict[str, int]]:
        """Value counts of each field over the items that pass the filter, most frequent first.

        Raises:
            FilterError, UnknownField: the filter or a field cannot be used.
        """
        return self._store.snapshot().facets(fields, _parsed(filter))

    def suggested_facets(self) -> list[str]:
        """Fields whose values are worth showing as a choice: at least two, short, and shared by many items."""
        return suggested_facets(self._store.snapshot())

    def index(
        self,
        catalogue: Catalogue | str | Path,
        *,
        prune: bool = False,
        progress: "Progress | None" = None,
        failures_to: Path | None = None,
    ) -> "Report":
        """Bring the collection up to date with a catalogue; see :func:`shelfsight.indexer.index`."""
        from shelfsight import catalog, indexer

        if isinstance(catalogue, str | Path):
            catalogue = catalog.open_catalogue(catalogue)
        return indexer.index(
            catalogue,
            encoder=self.encoder,
            store=self._store,
            settings=self._settings,
            prune=prune,
            progress=progress,
            failures_to=failures_to,
        )

    def rank(self, queries: Sequence[Query], *, mode: Mode | None = None) -> list[list[tuple[str, float]]]:
        """(id, score) pairs of each query, best first: :meth:`search` without the items, for many queries at once.

        Args:
            queries: each with its own k, at most ``settings.search.max_k``.
            mode: in place of the queries' own.

        Raises:
            As :meth:`search`, for the first query that cannot be answered.
        """
        asked = list(queries) if mode is None else [replace(query, mode=mode) for query in queries]
        return self._search_with().rank(asked)

    def titles(self, ids: Sequence[str]) -> dict[str, str | None]:
        """id -> title of those ``ids`` that are in the collection."""
        return {id: item.title for id, item in self._store.snapshot().items(list(ids)).items()}

    def evaluate(
        self, queries: "str | Path | Sequence[JudgedQuery]", *, ks: Sequence[int] = (10,), mode: Mode = "vector"
    ) -> "EvaluationReport":
        """Ask judged queries (a JSONL file, or loaded ones); see :func:`shelfsight.evaluation.evaluate`.

        Two reports on the same queries are held against each other by :func:`shelfsight.evaluation.compare`, and
        :func:`shelfsight.api.reporting.write_report` makes a page of either.
        """
        from shelfsight import evaluation

        if isinstance(queries, str | Path):
            queries = evaluation.load_queries(Path(queries))
        return evaluation.evaluate(
            partial(self.rank, mode=mode), queries, ks=ks, contains=self._store.snapshot().contains
        )

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
        with self._loading:
            if self._encoder is None:
                wanted = self.manifest.encoder
                opened = open_encoder_named(wanted.name, self._device, self._runtime)
                check_spec(self._path, wanted, opened.spec)
                self._encoder = opened
            return self._encoder

    def _search_with(self) -> "Searcher":
        with self._loading:
            if self._searcher is None:
                from shelfsight.search import Searcher

                self._searcher = Searcher(self.encoder, self._store, self._settings)
            return self._searcher


def _parsed(filter: str | None) -> Expr | None:
    return None if filter is None else parse(filter)
