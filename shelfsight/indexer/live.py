"""Writes of a shop that is open: a few items at once, seen by the next search, beside a job or not.

None of them takes the job lease. Each is one commit or a few, whole; for each item the last write counts. What a job
makes of items that were written here while it ran is said at :func:`shelfsight.indexer.index`.
"""

from collections.abc import Iterator, Mapping, Sequence

from shelfsight.core.protocols import Encoder, Fetcher, Store
from shelfsight.core.settings import Settings
from shelfsight.core.types import Failure, Item, Value
from shelfsight.indexer.intake import Intake
from shelfsight.indexer.interruption import Interruption
from shelfsight.indexer.job import Job, report
from shelfsight.indexer.report import FailureLog, Report, Tally
from shelfsight.indexer.seen import SeenIds
from shelfsight.indexer.work import Decision, Work

__all__ = ["delete", "update", "upsert"]


def upsert(
    items: Sequence[Item | Failure],
    *,
    encoder: Encoder,
    store: Store,
    settings: Settings,
    fetch: Fetcher | None = None,
    since: str | None = None,
) -> Report:
    """Put ``items`` into the collection, in place of what it has under their ids.

    Pictures that have not changed are not encoded again. An item that cannot be used is reported, as is one that its
    reader has found unusable already, and the others go in; what the collection had of it stays. Of two items with one
    id the first counts.

    Args:
        fetch: gets pictures that have addresses; without it they fail with url_only.
        since: token of a state that the caller has looked at: what was written to later is not written over.

    Raises:
        Changed: one of the items was written to, or deleted, after ``since``; what was not committed before is not in.
        StoreError, StoreFull: the collection cannot be written; all commits before are in.
        ModelError: the encoder fails; what was encoded before is in.
    """
    tally = Tally(FailureLog(None))
    given = _Given(items)
    with SeenIds() as seen:
        job = _Upsert(given, encoder, store, settings, tally, None, fetch)
        if since is not None:
            job.guard(since)
        job.bring_in(Intake(given, store, seen), Interruption())
    return report(store, tally)


def update(patches: Mapping[str, Mapping[str, Value]], *, store: Store) -> set[str]:
    """Change titles and fields of items, without a look at their pictures; see
    :meth:`shelfsight.core.protocols.Store.patch`."""
    return store.patch(patches)


def delete(ids: Sequence[str], *, store: Store, since: str | None = None) -> int:
    """Take items out of the collection; how many were there.

    Args:
        since: as for :func:`upsert`.

    Raises:
        Changed: one of them was written to, or deleted, after ``since``; nothing is gone.
        StoreError, StoreFull: it cannot be written; nothing is gone.
    """
    return store.commit((), list(ids), since=since, unchanged=since is not None)


class _Given:
    """Items in hand as a catalogue."""

    name = "upsert"

    def __init__(self, items: Sequence[Item | Failure]) -> None:
        self._items = items

    def __iter__(self) -> Iterator[Item | Failure]:
        return iter(self._items)

    def count(self) -> int:
        return len(self._items)


class _Upsert(Job):
    """What is said here counts, whether or not a catalogue has said it before."""

    def guard(self, since: str) -> None:
        """Write over nothing that was written after ``since``."""
        self._since, self._unchanged = since, True

    def settle(self, work: Work) -> None:
        work.keep_fields = False
        if work.decision in (Decision.NOTHING, Decision.RENEW) and not self._has(work):
            work.decision = Decision.UPDATE

    def _has(self, work: Work) -> bool:
        """Whether title and metadata are in the collection as they are said here: updates leave fingerprints."""
        stored = self._store.snapshot().items([work.id]).get(work.id)
        return stored is not None and (stored.title, _said(stored.metadata)) == (work.title, _said(work.metadata))


def _said(metadata: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in metadata.items() if value is not None}
