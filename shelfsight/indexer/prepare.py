"""Decode one picture, make it the network's input, and keep a preview where there is no file. Runs in threads."""

from dataclasses import dataclass

from shelfsight.core.errors import PictureError
from shelfsight.core.pictures import decode, read_bytes, thumbnail_bytes
from shelfsight.core.protocols import Encoder
from shelfsight.core.settings import Settings
from shelfsight.core.types import Picture
from shelfsight.indexer.examine import picture_failure, stored_picture
from shelfsight.indexer.work import Entry, PictureTask

__all__ = ["Preparation"]

_JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class Preparation:
    """What preparing needs to know."""

    encoder: Encoder
    settings: Settings

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
        limits = self.settings.pictures
        data = read_bytes(picture, limits) if task.data is None else task.data
        image = decode(data, limits=limits, target=self.encoder.spec.image_size)
        preview = self._preview(data) if picture.path is None else None
        return Entry(
            work=task.work,
            index=task.index,
            last=task.last,
            pixels=self.encoder.prepare(image),
            picture=stored_picture(picture, preview),
        )

    def _preview(self, data: bytes) -> bytes:
        """The bytes themselves where they are a small JPEG, else a thumbnail.

        Decoded on its own, so that the encoder sees the very pixels that it sees of a file or of a query.
        """
        side = self.settings.index.preview_side
        # One more than the side: a JPEG that was decoded at reduced size never passes for a small one.
        image = decode(data, limits=self.settings.pictures, target=side + 1)
        small = max(image.size) <= side and len(data) <= 3 * side * side
        return data if small and data.startswith(_JPEG) else thumbnail_bytes(image, side)
