"""The version of a collection that counts, followed: after a switch the next call is answered by the new one."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock

from shelfsight.core.protocols import Store
from shelfsight.core.settings import VectorSettings

__all__ = ["Following"]

_GRACE = 120.0
"""Longer than any call that has a store in hand and does not hold it."""


@dataclass(slots=True)
class Following:
    """The open store of the collection at ``path``. Safe to share between threads.

    A store that is no version of a directory (a server's, say) is never left, nor is any where ``follow`` is false.

    Attributes:
        vectors: what finds vectors in the versions that are opened.
        grace: seconds that a store stays open behind a switch; the first call after them closes it, unless it is
            :meth:`held`.
    """

    path: Path
    current: Store
    follow: bool = True
    vectors: VectorSettings = field(default_factory=VectorSettings)
    grace: float = _GRACE
    _lock: RLock = field(default_factory=RLock)
    _left: list[tuple[float, Store]] = field(default_factory=list)
    _holds: dict[object, float] = field(default_factory=dict)

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
            for left in self._overdue():
                self._left.remove(left)
                left[1].close()
            return self.current

    @contextmanager
    def held(self) -> Iterator[None]:
        """Inside, no store that counted when this began, or since, is closed, however long it takes."""
        hold = object()
        with self._lock:
            self._holds[hold] = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                del self._holds[hold]

    def close(self) -> None:
        """Close all, held or not."""
        with self._lock:
            for _, store in self._left:
                store.close()
            self._left.clear()
            self.current.close()

    def _superseded(self) -> bool:
        from shelfsight.stores.versions import Versioned, active

        return self.follow and isinstance(self.current, Versioned) and active(self.path) != self.current.folder

    def _overdue(self) -> list[tuple[float, Store]]:
        """What nobody can have in hand any more."""
        if not self._left:
            return []
        with self._lock:
            until = min([time.monotonic() - self.grace, *self._holds.values()])
            return [each for each in self._left if each[0] < until]
