"""Read and hash a row's pictures and decide what the row needs. Runs in threads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from shelfsight.core.errors import PictureError
from shelfsight.core.pictures import decode, read_bytes
from shelfsight.core.protocols import StoredPicture
from shelfsight.core.settings import PictureLimits
from shelfsight.core.types import Failure, Item, Picture
from shelfsight.indexer.fingerprints import Known, metadata_hash, picture_hash, pictures_hash, places_hash
from shelfsight.indexer.work import Decision, PictureTask, Row, Work

__all__ = ["Examined", "examine", "picture_failure", "stored_picture"]


@dataclass(frozen=True, slots=True)
class Examined:
    """A row decided, and what there is to prepare for it."""

    work: Work
    item: Item | None = None
    reads: Sequence["_Read"] = ()

    def tasks(self) -> Iterator[PictureTask]:
        """What to prepare, at least one entry, the last of them marked."""
        readable = [index for index, read in enumerate(self.reads) if read.failure is None]
        if self.work.decision is not Decision.ENCODE or self.item is None or not readable:
            yield PictureTask(work=self.work)
            return
        for index in readable:
            data = self.reads[index].data
            yield PictureTask(work=self.work, index=index, item=self.item, data=data, last=index == readable[-1])


@dataclass(frozen=True, slots=True)
class _Read:
    """A picture read. ``part`` is its hash, or the reason why there is none."""

    part: str
    data: bytes | None = field(default=None, repr=False)
    failure: Failure | None = None


def examine(row: Row, limits: PictureLimits, *, keep_bytes: int) -> Examined:
    """Decide what ``row`` needs; see :class:`~shelfsight.indexer.work.Decision`.

    Args:
        keep_bytes: of an item's pictures, from reading to decoding; the rest is read twice.
    """
    if row.item is None:
        assert row.failure is not None
        return Examined(Work(decision=Decision.FAIL, id=row.failure.id or "", failures=[row.failure]))
    item = row.item
    reads = list(_read_all(item, limits, keep_bytes))
    work = Work(
        decision=Decision.ENCODE,
        id=item.id,
        title=item.title,
        metadata=item.metadata,
        pictures_hash=pictures_hash([read.part for read in reads]),
        metadata_hash=metadata_hash(item.title, item.metadata),
        places_hash=places_hash(item.pictures),
        held=tuple(index for index, picture in enumerate(item.pictures) if picture.path is None),
        failures=[*item.failures, *(read.failure for read in reads if read.failure is not None)],
    )
    if all(read.failure is not None for read in reads):
        work.decision = Decision.FAIL
    elif row.known is not None:
        _compare(work, Known.of(row.known), item, reads, limits)
    return Examined(work, item, reads if work.decision is Decision.ENCODE else ())


def _compare(work: Work, known: Known, item: Item, reads: Sequence[_Read], limits: PictureLimits) -> None:
    """Decide for an item that the collection has."""
    work.keep_fields = known.metadata == work.metadata_hash
    moved = known.places != work.places_hash
    # Files that the catalogue now holds as bytes need previews, which only encoding makes.
    if known.pictures != work.pictures_hash or (moved and not set(work.held) <= set(known.held)):
        return
    failures = _still_undecodable(known, item, reads, limits)
    if failures is None:
        return
    work.failures += failures
    work.undecodable = list(known.undecodable)
    work.pictures = [
        stored_picture(picture)
        for index, (picture, read) in enumerate(zip(item.pictures, reads, strict=True))
        if read.failure is None and index not in known.undecodable
    ]
    if moved:
        work.decision = Decision.MOVE
    else:
        work.decision = Decision.NOTHING if work.keep_fields else Decision.UPDATE


def _still_undecodable(known: Known, item: Item, reads: Sequence[_Read], limits: PictureLimits) -> list[Failure] | None:
    """Failures of the pictures that an earlier job could not decode; ``None`` when one of them can be decoded now."""
    failures = []
    for index in known.undecodable:
        try:
            decode(_bytes_of(item.pictures[index], reads[index].data, limits), limits=limits, target=1)
        except PictureError as error:
            failures.append(picture_failure(item, item.pictures[index], error))
        else:
            return None
    return failures


def _read_all(item: Item, limits: PictureLimits, keep_bytes: int) -> Iterator[_Read]:
    kept = 0
    for picture in item.pictures:
        try:
            data = read_bytes(picture, limits)
        except PictureError as error:
            yield _Read(str(error.reason), failure=picture_failure(item, picture, error))
            continue
        kept += len(data)
        yield _Read(picture_hash(data), data if kept <= keep_bytes or len(item.pictures) == 1 else None)


def _bytes_of(picture: Picture, data: bytes | None, limits: PictureLimits) -> bytes:
    return read_bytes(picture, limits) if data is None else data


def stored_picture(picture: Picture, preview: bytes | None = None) -> StoredPicture:
    path = None if picture.path is None else str(picture.path)
    return StoredPicture(name=picture.name, path=path, url=picture.url, preview=preview)


def picture_failure(item: Item, picture: Picture, error: PictureError) -> Failure:
    return Failure(reason=error.reason, place=item.place, message=error.message, id=item.id, picture=picture.name)
