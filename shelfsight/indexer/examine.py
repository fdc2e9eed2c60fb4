"""Read and hash a row's pictures and decide what the row needs. Runs in threads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from shelfsight.core.errors import PictureError
from shelfsight.core.pictures import decode
from shelfsight.core.protocols import StoredPicture
from shelfsight.core.types import Failure, Item, Picture
from shelfsight.indexer.fetching import Reading
from shelfsight.indexer.fingerprints import Known, Stamp, metadata_hash, picture_hash, pictures_hash, places_hash
from shelfsight.indexer.work import Decision, Got, PictureTask, Row, Work

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
    """A picture read.

    Attributes:
        part: its hash, or the reason why there is none.
        stamp: of one that was fetched.
    """

    part: str
    data: bytes | None = field(default=None, repr=False)
    failure: Failure | None = None
    stamp: Stamp | None = None


def examine(row: Row, read: Reading, *, keep_bytes: int) -> Examined:
    """Decide what ``row`` needs; see :class:`~shelfsight.indexer.work.Decision`.

    Args:
        read: reads what the row does not bring along.
        keep_bytes: of an item's pictures, from reading to decoding; the rest is read twice.
    """
    if row.item is None:
        assert row.failure is not None
        return Examined(Work(decision=Decision.FAIL, id=row.failure.id or "", failures=[row.failure]))
    item = row.item
    reads = list(_read_all(row, item, read, keep_bytes))
    work = Work(
        decision=Decision.ENCODE,
        id=item.id,
        title=item.title,
        metadata=item.metadata,
        pictures_hash=pictures_hash([read.part for read in reads]),
        metadata_hash=metadata_hash(item.title, item.metadata),
        places_hash=places_hash(item.pictures),
        held=tuple(index for index, picture in enumerate(item.pictures) if picture.path is None),
        stamps=tuple(read.stamp for read in reads),
        failures=[*item.failures, *(read.failure for read in reads if read.failure is not None)],
    )
    if all(read.failure is not None for read in reads):
        work.decision = Decision.FAIL
    elif row.known is not None:
        _compare(work, Known.of(row.known), item, reads, read)
    return Examined(work, item, reads if work.decision is Decision.ENCODE else ())


def _compare(work: Work, known: Known, item: Item, reads: Sequence[_Read], read: Reading) -> None:
    """Decide for an item that the collection has."""
    work.keep_fields = known.metadata == work.metadata_hash
    moved = known.places != work.places_hash
    stamps = tuple(each.stamp for each in reads) if moved else _stamps(known, reads)
    parts = [each.part if stamp is None else stamp.part for each, stamp in zip(reads, stamps, strict=True)]
    pictures = pictures_hash(parts)
    # Files that the catalogue now holds as bytes need previews, which only encoding makes.
    if known.pictures != pictures or (moved and not set(work.held) <= set(known.held)):
        return
    failures = _still_undecodable(known, item, reads, read)
    if failures is None:
        return
    work.failures += failures
    work.undecodable = list(known.undecodable)
    work.pictures_hash, work.stamps = pictures, stamps
    work.pictures = [
        stored_picture(picture)
        for index, (picture, each) in enumerate(zip(item.pictures, reads, strict=True))
        if (each.failure is None or stamps[index] is not None) and index not in known.undecodable
    ]
    work.decision = _decide(work, moved, any(stamps) and stamps != known.stamps)


def _decide(work: Work, moved: bool, renewed: bool) -> Decision:
    if moved:
        return Decision.MOVE
    if not work.keep_fields:
        return Decision.UPDATE
    return Decision.RENEW if renewed else Decision.NOTHING


def _stamps(known: Known, reads: Sequence[_Read]) -> tuple[Stamp | None, ...]:
    """Those of now. A picture that was fetched once and cannot be for now stays as it was."""
    before = [*known.stamps, *([None] * (len(reads) - len(known.stamps)))]
    return tuple(each.stamp if each.failure is None else stamp for each, stamp in zip(reads, before, strict=False))


def _still_undecodable(known: Known, item: Item, reads: Sequence[_Read], read: Reading) -> list[Failure] | None:
    """Failures of the pictures that an earlier job could not decode; ``None`` when one of them can be decoded now. What
    could not be read this time has been told already."""
    failures = []
    for index in (each for each in known.undecodable if reads[each].failure is None):
        try:
            data = reads[index].data
            decode(read(item.pictures[index]) if data is None else data, limits=read.limits, target=1)
        except PictureError as error:
            failures.append(picture_failure(item, item.pictures[index], error))
        else:
            return None
    return failures


def _read_all(row: Row, item: Item, read: Reading, keep_bytes: int) -> Iterator[_Read]:
    kept = 0
    for index, picture in enumerate(item.pictures):
        got = row.fetched.get(index)
        if isinstance(got, Got):
            yield _Read(got.stamp.part, got.data, stamp=got.stamp)
            continue
        try:
            if got is not None:
                raise got
            data = read(picture)
        except PictureError as error:
            yield _Read(str(error.reason), failure=picture_failure(item, picture, error))
            continue
        kept += len(data)
        yield _Read(picture_hash(data), data if kept <= keep_bytes or len(item.pictures) == 1 else None)


def stored_picture(picture: Picture, preview: bytes | None = None) -> StoredPicture:
    path = None if picture.path is None else str(picture.path)
    return StoredPicture(name=picture.name, path=path, url=picture.url, preview=preview)


def picture_failure(item: Item, picture: Picture, error: PictureError) -> Failure:
    return Failure(reason=error.reason, place=item.place, message=error.message, id=item.id, picture=picture.name)
