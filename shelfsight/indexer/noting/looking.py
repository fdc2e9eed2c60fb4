"""Pictures of a collection's items, decoded in threads a bounded way ahead."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import TypeAlias, TypeVar

from PIL.Image import Image

from shelfsight.core.errors import NotFound, PictureError, Reason
from shelfsight.core.protocols import PictureKey, Store, StoredItem
from shelfsight.core.types import Failure
from shelfsight.indexer.ordered import ordered

__all__ = ["Look", "Looked", "Looker"]

Look: TypeAlias = Callable[[str, int], Image]
"""An item's id and the index of a picture to that picture, upright, RGB.

Raises:
    NotFound: no such item or picture, or its file is gone.
    PictureError: it cannot be read or decoded.
"""

T = TypeVar("T")

_IDS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A picture looked at; ``image`` or ``failure`` is there."""

    item: StoredItem
    index: int
    image: Image | None = None
    failure: Failure | None = None

    @property
    def key(self) -> PictureKey:
        return self.item.id, self.index


class Looker:
    """Draws pictures for a model, ``batch`` at a time."""

    def __init__(self, store: Store, look: Look, *, threads: int, batch: int) -> None:
        self._store = store
        self._look = look
        self._threads = threads
        self._batch = batch

    @contextmanager
    def batches(self, ids: Iterable[str], *, main_only: bool) -> Iterator[Iterator[list[Looked]]]:
        """Every picture of these items, or the main one alone, in order; not more are held than two batches."""
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="shelfsight-look")
        try:
            tasks = self._tasks(ids, main_only)
            yield _parts(ordered(pool, self._look_at, tasks, window=self._batch), self._batch)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _tasks(self, ids: Iterable[str], main_only: bool) -> Iterator[tuple[StoredItem, int]]:
        items = chain.from_iterable(self._store.snapshot().items(part).values() for part in _parts(ids, _IDS))
        return ((item, index) for item in items for index in range(1 if main_only else len(item.pictures)))

    def _look_at(self, task: tuple[StoredItem, int]) -> Looked:
        item, index = task
        try:
            return Looked(item=item, index=index, image=self._look(item.id, index))
        except (NotFound, PictureError) as error:
            reason = error.reason if isinstance(error, PictureError) else Reason.MISSING_FILE
            name = item.pictures[index].name
            failure = Failure(reason=reason, place=name, message=error.message, id=item.id, picture=name)
            return Looked(item=item, index=index, failure=failure)


def _parts(stream: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of ``size``, the last one maybe shorter."""
    drawn = iter(stream)
    while part := list(islice(drawn, size)):
        yield part
