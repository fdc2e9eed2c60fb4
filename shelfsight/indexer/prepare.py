"""Decode pictures, make them the network's input, and keep previews where there are no files. Runs in threads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shelfsight.core.errors import PictureError
from shelfsight.core.pictures import decode, thumbnail_bytes
from shelfsight.core.protocols import Encoder, Fetcher
from shelfsight.core.settings import Settings
from shelfsight.core.stripping import stripped
from shelfsight.core.types import Picture
from shelfsight.indexer.examine import examine, picture_failure, stored_picture
from shelfsight.indexer.fetching import Reading
from shelfsight.indexer.ordered import Done
from shelfsight.indexer.work import Entry, PictureTask, Row

__all__ = ["Preparation"]

_JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class Preparation:
    """What preparing needs to know.

    Attributes:
        keep_bytes: see :func:`~shelfsight.indexer.examine.examine`.
        fetch: gets pictures from addresses.
    """

    encoder: Encoder
    settings: Settings
    keep_bytes: int
    fetch: Fetcher | None = None

    def rows(self, rows: Sequence[Row]) -> list[PictureTask | Done[Entry]]:
        """Every row examined. One with a single picture, as most have, is prepared on the spot; the pictures of others
        are tasks of their own, so that no thread is left with all pictures of a large item."""
        return [each for row in rows for each in self._row(row)]

    def _row(self, row: Row) -> Iterator[PictureTask | Done[Entry]]:
        tasks = examine(row, self._reading, keep_bytes=self.keep_bytes).tasks()
        first = next(tasks)
        yield Done(self(first)) if first.last else first
        yield from tasks

    @property
    def _reading(self) -> Reading:
        return Reading(self.fetch, self.settings.pictures)

    def __call__(self, task: PictureTask) -> Entry:
        """A picture that cannot be used becomes an entry with a failure."""
        if task.item is None:
            return Entry(work=task.work, index=task.index, last=task.last)
        picture = task.item.pictures[task.index]
        try:
            return self._prepare(task, picture)
        except PictureError as error:
            failure = picture_failure(task.item, picture, error)
            return Entry(work=task.work, index=task.index, last=task.last, failure=failure)

    def _prepare(self, task: PictureTask, picture: Picture) -> Entry:
        data = self._reading(picture) if task.data is None else task.data
        image = decode(data, limits=self.settings.pictures, target=self.encoder.spec.image_size)
        preview = self._preview(data) if picture.path is None else None
        return Entry(
            work=task.work,
            index=task.index,
            last=task.last,
            pixels=self.encoder.prepare(image),
            picture=stored_picture(picture, preview),
        )

    def _preview(self, data: bytes) -> bytes:
        """The bytes themselves, without metadata, where they are a small JPEG, else a thumbnail.

        Decoded on its own, so that the encoder sees the very pixels that it sees of a file or of a query.
        """
        side = self.settings.index.preview_side
        # One more than the side: a JPEG that was decoded at reduced size never passes for a small one.
        image = decode(data, limits=self.settings.pictures, target=side + 1)
        small = max(image.size) <= side and len(data) <= 3 * side * side
        kept = stripped(data, self.settings.pictures) if small and data.startswith(_JPEG) else None
        return thumbnail_bytes(image, side) if kept is None else kept
