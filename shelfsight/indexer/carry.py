"""Items of one store into another that has another encoder: fields as they are, pictures embedded again."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

import numpy as np

from shelfsight.core.errors import NotFound, Reason
from shelfsight.core.protocols import Change, Encoder, Snapshot, Store, StoredItem, StoredPicture
from shelfsight.core.settings import Settings
from shelfsight.core.types import Failure, Item, Picture
from shelfsight.indexer.ahead import Ahead
from shelfsight.indexer.batches import Encoding, batch_size, batches, finished
from shelfsight.indexer.ordered import Done, ordered
from shelfsight.indexer.prepare import Preparation
from shelfsight.indexer.work import Decision, Entry, PictureTask, Work

__all__ = ["Carried", "carry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What became of some items.

    Attributes:
        encoded: pictures that went through the encoder.
        lost: items without one picture that can be used; what the target had of them is gone too.
        failures: pictures that cannot be used.
    """

    encoded: int = 0
    lost: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()


@dataclass(slots=True)
class _Load:
    """One item on its way. ``previews`` are the source's, by picture."""

    item: StoredItem
    previews: list[bytes | None]
    work: Work = field(default_factory=lambda: Work(decision=Decision.ENCODE))


def carry(
    ids: Sequence[str],
    *,
    source: Store,
    target: Store,
    encoder: Callable[[], Encoder],
    settings: Settings,
    pool: Executor,
) -> Carried:
    """Bring those of ``ids`` that ``source`` has into ``target``, as one commit.

    Pictures are read from their files, and from the previews where the collection keeps those (which are smaller than
    the pictures that they were made of). An item of which some pictures cannot be used goes in with the others, and the
    next indexing job looks at it again. Pictures that ``target`` has already are not encoded.

    Args:
        encoder: asked for where there is something to encode.
        pool: threads that read and decode.

    Raises:
        ModelError, EncoderMismatch: the encoder cannot be had, or fails; nothing is in.
        StoreError, StoreFull: a store cannot be read or written; nothing is in.
    """
    items = source.snapshot().items(ids)
    there = {id: prints.pictures for id, prints in target.fingerprints(list(items)).items()}
    loads, changes = [], []
    before = target.snapshot() if there else None
    for item in items.values():
        with suppress(NotFound):  # deleted meanwhile, which is followed elsewhere
            load = _Load(item, _previews(item, source))
            if before is not None and item.fingerprints.pictures and there.get(item.id) == item.fingerprints.pictures:
                changes.append(_kept(load, before))
            else:
                loads.append(load)
    if loads:
        _encode(loads, encoder(), settings, pool)
    lost = tuple(load.item.id for load in loads if not load.work.vectors)
    changes += [_changed(load) for load in loads if load.work.vectors]
    target.commit(changes, [id for id in lost if id in there])
    return Carried(
        encoded=sum(len(load.work.vectors) for load in loads),
        lost=lost,
        failures=tuple(failure for load in loads for failure in load.work.failures),
    )


def _kept(load: _Load, before: Snapshot) -> Change:
    """The vectors that the target has, under the names and fields of now."""
    item = load.item
    if before.items([item.id])[item.id].pictures == item.pictures:
        return Change(item=item, vectors=None)
    return Change(item=_whole(load, range(len(item.pictures))), vectors=before.vectors(item.id))


def _whole(load: _Load, indexes: Iterable[int]) -> StoredItem:
    """The item with some of its pictures, and with their previews."""
    pictures = tuple(replace(load.item.pictures[index], preview=load.previews[index]) for index in indexes)
    return replace(load.item, pictures=pictures)


def _previews(item: StoredItem, source: Store) -> list[bytes | None]:
    return [source.preview(item.id, index) if each.path is None else None for index, each in enumerate(item.pictures)]


def _encode(loads: Sequence[_Load], encoder: Encoder, settings: Settings, pool: Executor) -> None:
    size = batch_size(encoder, settings.index)
    ahead = Ahead.of(settings.index, size)
    prepare = Preparation(encoder, settings, 0)
    tasks = chain.from_iterable(map(_tasks, loads))
    entries = ordered(pool, prepare, tasks, window=ahead.pictures)
    encode = Encoding(encoder, size)
    for batch in batches(entries, size):
        for _ in finished(encode(batch)):
            pass


def _tasks(load: _Load) -> Iterator[PictureTask | Done[Entry]]:
    """A task a picture; a picture of which there is neither file nor preview has failed already."""
    item = Item(id=load.item.id, pictures=tuple(map(_picture, load.item.pictures, load.previews)))
    last = len(item.pictures) - 1
    for index, picture in enumerate(item.pictures):
        task = PictureTask(work=load.work, index=index, item=item, last=index == last)
        if picture.data == b"":
            message = f"the collection keeps neither a file nor a preview of picture {picture.name!r}"
            failure = Failure(
                reason=Reason.NO_PICTURE, place=item.id, message=message, id=item.id, picture=picture.name
            )
            yield Done(Entry(work=load.work, index=index, last=task.last, failure=failure))
        else:
            yield task


def _picture(stored: StoredPicture, preview: bytes | None) -> Picture:
    if stored.path is None:
        return Picture(name=stored.name, data=preview or b"")
    return Picture(name=stored.name, path=Path(stored.path))


def _changed(load: _Load) -> Change:
    item = _whole(load, (index for index in range(len(load.item.pictures)) if index not in load.work.undecodable))
    if load.work.undecodable:
        item = replace(item, fingerprints=replace(item.fingerprints, pictures=""))
    return Change(item=item, vectors=np.stack(load.work.vectors))
