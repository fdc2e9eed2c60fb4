"""Draw rows from the catalogue: refuse ids that come twice, and look up what the collection knows."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar, cast

from shelfsight.core.errors import CatalogueError, Reason
from shelfsight.core.protocols import Catalogue, Store
from shelfsight.core.types import Failure, Item
from shelfsight.indexer.seen import SeenIds
from shelfsight.indexer.work import Got, Row

__all__ = ["Intake", "in_chunks"]

T = TypeVar("T")

_CHUNK_ROWS = 128
_CHUNK_BYTES = 16_000_000


class Intake:
    """The rows of one job.

    Attributes:
        items: rows so far that were items.
        nameless: rows so far that failed and did not say which item they were.
        error: what cut the reading short. The stream then just ends, so that what was read is committed.
    """

    def __init__(self, catalogue: Catalogue, store: Store, seen: SeenIds) -> None:
        self._catalogue = catalogue
        self._store = store
        self._seen = seen
        self.items = 0
        self.nameless = 0
        self.error: CatalogueError | None = None

    def rows(self) -> Iterator[Row]:
        """Every row once, in order. The collection is asked for many ids at a time."""
        for chunk in _chunks(self._read()):
            rows = self._without_repeats(chunk)
            ids = [each.id for each in rows if isinstance(each, Item)]
            known = self._store.fingerprints(ids) if ids else {}
            for each in rows:
                if isinstance(each, Failure):
                    yield Row(failure=each)
                else:
                    yield Row(item=each, known=known.get(each.id))

    def _read(self) -> Iterator[Item | Failure]:
        try:
            for row in self._catalogue:
                yield self._check_item(row) if isinstance(row, Item) else self._note(row)
        except CatalogueError as error:
            self.error = error

    def _check_item(self, item: Item) -> Item | Failure:
        self.items += 1
        if (reason := _id_fault(item.id)) is None:
            return item
        self.nameless += 1
        return Failure(reason=reason, place=item.place, message=f"{item.id!a} cannot be an id", id=None)

    def _note(self, failure: Failure) -> Failure:
        self.nameless += not _tells_id(failure)
        return failure

    def _without_repeats(self, rows: Sequence[Item | Failure]) -> list[Item | Failure]:
        """``rows``, failures in place of items whose id has come before. An item that failed has come, too: it is
        still in the catalogue, and is not pruned."""
        new = iter(self._seen.add([each.id for each in rows if each.id and _tells_id(each)]))
        return [each if not _tells_id(each) or next(new) else _repeated(each) for each in rows]


def _repeated(row: Item | Failure) -> Failure:
    if isinstance(row, Failure):
        return row
    message = f"the id {row.id!r} has come before in this catalogue; the first one counts"
    return Failure(reason=Reason.DUPLICATE_ID, place=row.place, message=message, id=row.id)


def _tells_id(row: Item | Failure) -> bool:
    return bool(row.id) and _id_fault(cast(str, row.id)) is None


def _id_fault(id: str) -> Reason | None:
    if not id:
        return Reason.EMPTY_ID
    try:
        id.encode()
    except UnicodeEncodeError:
        return Reason.BAD_VALUE
    return None


def in_chunks(stream: Iterable[Row], *, rows: int, size: int) -> Iterator[list[Row]]:
    """Lists of at most ``rows`` rows, that carry ``size`` bytes of pictures themselves and no row more."""
    return _cut(stream, rows, size, lambda row: _fetched(row) + (0 if row.item is None else _carried(row.item)))


def _chunks(rows: Iterable[Item | Failure]) -> Iterator[list[Item | Failure]]:
    """Lists of rows to ask the collection about at once."""
    return _cut(rows, _CHUNK_ROWS, _CHUNK_BYTES, lambda row: _carried(row) if isinstance(row, Item) else 0)


def _carried(item: Item) -> int:
    return sum(len(picture.data or b"") for picture in item.pictures)


def _fetched(row: Row) -> int:
    return sum(len(got.data or b"") for got in row.fetched.values() if isinstance(got, Got))


def _cut(stream: Iterable[T], rows: int, size: int, weigh: Callable[[T], int]) -> Iterator[list[T]]:
    chunk: list[T] = []
    weight = 0
    for each in stream:
        chunk.append(each)
        weight += weigh(each)
        if len(chunk) >= rows or weight >= size:
            yield chunk
            chunk, weight = [], 0
    if chunk:
        yield chunk
