"""Reading atoms with the words of a collection, which are gathered once a state of it."""

from threading import Lock

from shelfsight.core.atoms import Atom
from shelfsight.core.protocols import Snapshot
from shelfsight.search.atoms import Vocabulary, parse

__all__ = ["Reader"]


class Reader:
    """Takes texts apart. Safe to share between threads.

    A store hands out one snapshot for as long as nothing is written, so the last one's vocabulary is remembered.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._last: tuple[Snapshot, Vocabulary] | None = None

    def read(self, text: str, snapshot: Snapshot) -> tuple[Atom, ...]:
        """The atoms of ``text`` in the words of ``snapshot``."""
        return parse(text, self._vocabulary(snapshot))

    def _vocabulary(self, snapshot: Snapshot) -> Vocabulary:
        last = self._last
        if last is not None and last[0] is snapshot:
            return last[1]
        vocabulary = Vocabulary.of(snapshot)
        with self._lock:
            self._last = (snapshot, vocabulary)
        return vocabulary
