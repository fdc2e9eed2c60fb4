"""States of a collection, kept for the next pages of searches."""

from collections import OrderedDict
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
    others were read since.
    """

    def __init__(self, store: Store, settings: SearchSettings) -> None:
        self._store = store
        self._mark = store.manifest.encoder.revision[:8]
        self._most = settings.snapshots
        self._seconds = settings.snapshot_seconds
        self._lock = Lock()
        self._kept: OrderedDict[str, tuple[Snapshot, float]] = OrderedDict()

    def name(self, snapshot: Snapshot) -> str:
        """What pages call a state. Another encoder's vectors are another state, where a migration changed them between
        two pages, though both stores count their states alike."""
        return f"{snapshot.token}.{self._mark}"

    def get(self, token: str | None) -> Snapshot:
        """The state that a page called ``token``; ``None``: the newest.

        Raises:
            SnapshotGone: it is kept no longer, or never was.
        """
        now = monotonic()
        with self._lock:
            self._drop_old(now)
            kept = None if token is None else self._kept.get(token)
        snapshot = self._store.snapshot() if kept is None else kept[0]
        name = self.name(snapshot)
        if token is not None and name != token:
            raise SnapshotGone(
                f"the state {token[:_SHOWN]!r} of the collection is kept no longer",
                hint="start again from the first page",
            )
        with self._lock:
            first, _ = self._kept.get(name, (snapshot, now))
            self._kept[name] = (first, now)
            self._kept.move_to_end(name)
            self._drop_old(now)
        return first

    def _drop_old(self, now: float) -> None:
        while self._kept:
            token, (_, read) = next(iter(self._kept.items()))
            if len(self._kept) <= self._most and now - read <= self._seconds:
                return
            del self._kept[token]
