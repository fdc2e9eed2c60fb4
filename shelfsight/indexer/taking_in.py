"""Ready vectors into a collection: nothing is read, decoded or encoded."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from shelfsight.core.errors import Reason
from shelfsight.core.protocols import Bulky, Change, Fingerprints, Store, StoredItem, StoredPicture
from shelfsight.core.types import Failure, Item
from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.indexer.examine import stored_picture
from shelfsight.indexer.fingerprints import Known, metadata_hash, places_hash, to_fingerprints
from shelfsight.indexer.job import report
from shelfsight.indexer.report import FailureLog, Report, Tally
from shelfsight.indexer.seen import SeenIds

__all__ = ["Ready", "TakenIn", "take_in"]

_COMMIT = 1000
_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Ready:
    """An item whose vector is known. Of ``item.pictures``, which may be empty here, the first is the vector's.

    Attributes:
        vector: (d,) of any float type and length.
    """

    item: Item
    vector: FloatArray


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What was taken in.

    Attributes:
        normalised: vectors that were not of length 1, and are now.
    """

    report: Report
    normalised: int


def take_in(rows: Iterable[Ready | Failure], *, name: str, store: Store, failures_to: Path | None = None) -> TakenIn:
    """Bring ``store`` up to date with ``rows``. One that cannot be used is reported, and the others go in; an item
    without a picture gets one of its id, which has no file.

    Args:
        name: where they come from.
        failures_to: as :func:`shelfsight.indexer.index`.

    Raises:
        LeaseHeld: a job is at work.
        StoreError, StoreFull: the collection cannot be written; all commits before are in.
        CatalogueError: the rows cannot be read on; what was read before is in.
    """
    with store.lease(f"import of {name}"), FailureLog(failures_to).open() as log, SeenIds() as seen:
        work = _TakingIn(store, Tally(log), seen)
        unread = iter(rows)
        size = store.commit_items if isinstance(store, Bulky) else _COMMIT
        while chunk := list(islice(unread, size)):
            work.take(chunk)
        store.maintain()
        return TakenIn(report(store, work.tally), work.normalised)


class _TakingIn:
    def __init__(self, store: Store, tally: Tally, seen: SeenIds) -> None:
        self.tally = tally
        self.normalised = 0
        self._store = store
        self._seen = seen
        self._dimension = store.manifest.encoder.dimension
        self._since = store.token()

    def take(self, chunk: Sequence[Ready | Failure]) -> None:
        """One commit."""
        self.tally.rows += len(chunk)
        changes = [each for row in self._new(chunk) if (each := self._change(row)) is not None]
        known = self._store.fingerprints([each.item.id for each in changes])
        new = [(each, known.get(each.item.id)) for each in changes]
        wanted = [(_meant(each, there), there) for each, there in new if there != each.item.fingerprints]
        updated = sum(there is not None and there.pictures == each.item.fingerprints.pictures for each, there in wanted)
        self._store.commit([each for each, _ in wanted], since=self._since)
        self.tally.unchanged += len(changes) - len(wanted)
        self.tally.updated += updated
        self.tally.indexed += len(wanted) - updated
        self.tally.log.flush()

    def _new(self, chunk: Sequence[Ready | Failure]) -> Iterator[Ready]:
        """Those whose id has not come before."""
        ready = [row for row in chunk if isinstance(row, Ready)]
        news = iter(self._seen.add([row.item.id for row in ready]))
        for row in chunk:
            if isinstance(row, Failure):
                self._fail(row)
            elif next(news):
                yield row
            else:
                message = f"the id {row.item.id!r} has come before; the first one counts"
                self._fail(_failure(Reason.DUPLICATE_ID, row.item, message))

    def _change(self, row: Ready) -> Change | None:
        try:
            vector = self._unit(row.vector)
        except ValueError as error:
            self._fail(_failure(Reason.BAD_VECTOR, row.item, str(error)))
            return None
        return Change(item=_stored(row.item, vector), vectors=vector[None])

    def _unit(self, vector: FloatArray) -> FloatArray:
        if vector.shape != (self._dimension,):
            raise ValueError(f"the vector has {vector.size} numbers, the collection's have {self._dimension}")
        unit = normalise(vector)
        if abs(float(np.linalg.norm(vector.astype(np.float64))) - 1) > _TOLERANCE:
            self.normalised += 1
        return unit

    def _fail(self, failure: Failure) -> None:
        self.tally.failed += 1
        self.tally.log.add(failure)


def _meant(change: Change, there: Fingerprints | None) -> Change:
    """Fields that were updated stay where the rows say of them what they said before."""
    said = there is not None and Known.of(there).metadata == Known.of(change.item.fingerprints).metadata
    return replace(change, keep_fields=said)


def _stored(item: Item, vector: FloatArray) -> StoredItem:
    picture = stored_picture(item.pictures[0]) if item.pictures else StoredPicture(name=item.id, path=None)
    digest = hashlib.sha256(np.ascontiguousarray(vector, "<f4").tobytes()).hexdigest()
    held = replace(item, pictures=item.pictures[:1])
    return StoredItem(
        id=item.id,
        title=item.title,
        metadata=item.metadata,
        pictures=(picture,),
        fingerprints=to_fingerprints(
            f"imported-{digest}", (), metadata_hash(item.title, item.metadata), places_hash(held.pictures)
        ),
    )


def _failure(reason: Reason, item: Item, message: str) -> Failure:
    return Failure(reason=reason, place=item.place, message=message, id=item.id)
