"""States of a collection, kept for the next pages of searches."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from time import monotonic

from shelfsight.core.errors import SnapshotGone
from shelfsight.core.protocols import Snapshot, Store
from shelfsight.core.settings import SearchSettings

__all__ = ["Snapshots"]

_SHOWN = 60
"""Characters of a name that an error repeats."""


class Snapshots:
    """The states that were read last, by token. Safe to share between threads.

    One is kept for ``snapshot_seconds`` after a page of it was last answered, and while no more than ``snapshots``
    others were read since; none behind an erasure, by whatever process, of what it may hold.
    """

    def __init__(self, store: Store, settings: SearchSettings, clock: Callable[[], float] = monotonic) -> None:
        """
        Args:
            clock: gives seconds.
        """
        self._store = store
        self._clock = clock
        self._mark = store.manifest.encoder.revision[:8]
        self._most = settings.snapshots
        self._seconds = settings.snapshot_seconds
        self._lock = Lock()
        self._kept: OrderedDict[str, tuple[Snapshot, float]] = OrderedDict()
        self._erased = 0

    def name(self, snapshot: Snapshot) -> str:
        """What pages call a state. Another encoder's vectors are another state, where a migration changed them between
        two pages, though both stores count their states alike."""
        return f"{snapshot.token}.{self._mark}"

    def get(self, token: str | None) -> Snapshot:
        """The state that a page called ``token``; ``None``: the newest.

        Raises:
            SnapshotGone: it is kept no longer, or never was.
        """
        now, newest = self._clock(), self._store.snapshot()
        with self._lock:
            self._drop_old(now)
            self._drop_erased(newest)
            kept = None if token is None else self._kept.get(token)
        snapshot = newest if kept is None else kept[0]
        name = self.name(snapshot)
        if token is not None and name != token:
            raise SnapshotGone(
                f"the state {token[:_SHOWN]!r} of the collection is kept no longer",
                hint="start again from the first page",
            )
        with self._lock:
            first, _ = self._kept.get(name, (snapshot, now))
            if first.erased == self._erased:
                self._kept[name] = (first, now)
                self._kept.move_to_end(name)
                self._drop_old(now)
        return first

    def _drop_erased(self, newest: Snapshot) -> None:
        if newest.erased > self._erased:
            self._erased = newest.erased
            self._kept.clear()

    def _drop_old(self, now: float) -> None:
        while self._kept:
            token, (_, read) = next(iter(self._kept.items()))
            if len(self._kept) <= self._most and now - read <= self._seconds:
                return
            del self._kept[token]
