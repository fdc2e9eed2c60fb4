"""A collection without its models: what it is, its items, their fields and their pictures."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from shelfsight.api.choices import suggested_facets
from shelfsight.api.enriching import suggestions_of
from shelfsight.api.following import Following
from shelfsight.api.gallery import Gallery
from shelfsight.api.pictures import PictureFile
from shelfsight.core.filters import Expr, parse
from shelfsight.core.protocols import Manifest, NotesSummary, Store, StoredItem
from shelfsight.core.settings import Settings
from shelfsight.core.types import Suggestion

__all__ = ["Collection"]


class Collection:
    """What an :class:`~shelfsight.Engine` tells without loading a model. Safe to share between threads."""

    def __init__(self, store: Store, *, path: Path, settings: Settings, follow: bool = True) -> None:
        self._following = Following(path, store, follow, settings.vectors)
        self._path = path
        self._settings = settings
        self._shown = Gallery(store, settings.pictures)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Release the collection's files."""
        self._following.close()

    @property
    def _store(self) -> Store:
        """That of the version that counts."""
        return self._following.store()

    @property
    def _gallery(self) -> Gallery:
        store = self._store
        if self._shown.store is not store:
            self._shown = Gallery(store, self._settings.pictures)
        return self._shown

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

    def get(self, id: str) -> StoredItem:
        """One item.

        Raises:
            NotFound: no such item.
        """
        return self._gallery.item(id)

    def find(self, id: str) -> StoredItem | None:
        """One item, or ``None`` where there is no such item."""
        return self._store.snapshot().items([id]).get(id)

    def picture(self, id: str, index: int = 0) -> PictureFile:
        """Picture ``index`` of an item as it was indexed: its file, or the preview kept of it, without metadata; see
        :mod:`shelfsight.core.stripping`.

        Raises:
            NotFound: no such item or picture, or its file is gone.
            PictureError: its file cannot be read or is no picture any more.
        """
        return self._gallery.picture(id, index)

    def thumbnail(self, id: str, index: int = 0, *, side: int = 320) -> PictureFile:
        """Picture ``index`` of an item, upright, at most ``side`` pixels a side, as JPEG without metadata.

        Raises:
            NotFound: no such item or picture, or its file is gone.
            PictureError: its file cannot be read or decoded.
        """
        return self._gallery.thumbnail(id, index, side)

    def ids(self) -> Iterator[str]:
        """Every id, ascending."""
        return self._store.ids()

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

    def suggestions(self, id: str) -> dict[str, Suggestion]:
        """What a model suggested for fields of item ``id`` that are empty; see :meth:`Engine.add_notes`.

        Raises:
            NotFound: no such item.
        """
        return self.suggestions_of(self.get(id))

    def suggestions_of(self, item: StoredItem) -> dict[str, Suggestion]:
        """The same, of an item in hand."""
        return suggestions_of({item.id: item.metadata}, self._store).get(item.id, {})

    def noted(self) -> NotesSummary:
        """What models made of the pictures, in numbers."""
        return self._store.notes.summary()

    def titles(self, ids: Sequence[str]) -> dict[str, str | None]:
        """id -> title of those ``ids`` that are in the collection."""
        return {id: item.title for id, item in self._store.snapshot().items(list(ids)).items()}


def _parsed(filter: str | None) -> Expr | None:
    return None if filter is None else parse(filter)
