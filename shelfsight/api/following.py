"""The version of a collection that counts, followed: after a switch the next call is answered by the new one."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock

from shelfsight.core.protocols import Store
from shelfsight.core.settings import VectorSettings

__all__ = ["Following"]

_GRACE = 120.0
"""Longer than any search that has a store in hand."""


@dataclass(slots=True)
class Following:
    """The open store of the collection at ``path``. Safe to share between threads.

    A store that is no version of a directory (a server's, say) is never left, nor is any where ``follow`` is false.

    Attributes:
        vectors: what finds vectors in the versions that are opened.
        grace: seconds that a store stays open behind a switch; the first call after them closes it.
    """

    path: Path
    current: Store
    follow: bool = True
    vectors: VectorSettings = field(default_factory=VectorSettings)
    grace: float = _GRACE
    _lock: RLock = field(default_factory=RLock)
    _left: list[tuple[float, Store]] = field(default_factory=list)

    def store(self) -> Store:
        """The store of the version that counts, opened now where it was switched to since the last call.

        Raises:
            StoreError, NotFound: that version cannot be opened.
        """
        if not self._superseded() and not self._overdue():
            return self.current
        with self._lock:
            if self._superseded():
                from shelfsight.stores import open_store

                opened = open_store(self.path, vectors=self.vectors)
                self._left.append((time.monotonic(), self.current))
                self.current = opened
            self._close(before=time.monotonic() - self.grace)
            return self.current

    def close(self) -> None:
        with self._lock:
            self._close(before=float("inf"))
            self.current.close()

    def _superseded(self) -> bool:
        from shelfsight.stores.versions import Versioned, active

        return self.follow and isinstance(self.current, Versioned) and active(self.path) != self.current.folder

    def _overdue(self) -> bool:
        return any(when < time.monotonic() - self.grace for when, _ in [*self._left])

    def _close(self, *, before: float) -> None:
        for when, store in [*self._left]:
            if when < before:
                self._left.remove((when, store))
                store.close()
