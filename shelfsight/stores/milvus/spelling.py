"""The words that items have, where Milvus finds items by words: to tell what a mistyped or half-typed one meant.

Milvus lists no terms. So the words alone, without the items that have them, follow the ledger into
``spelling.sqlite``; what is there of items that are gone is asked of Milvus before it stands for anything.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import RLock
from typing import TypeVar

from shelfsight.core.errors import CorruptCollection, StoreError
from shelfsight.stores.words.file import WordsFile, about
from shelfsight.stores.words.following import Follower
from shelfsight.stores.words.vocabulary import Vocabulary

__all__ = ["SPELLING", "Spelling"]

SPELLING = "spelling.sqlite"

T = TypeVar("T")


class Spelling:
    """The vocabulary of the collection at ``path``. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._file = WordsFile(path, SPELLING)
        self._follower = Follower(path, vocabulary=True)
        self._known = Vocabulary()
        self._epoch = -1
        self._lock = RLock()

    def near(self, generation: int, word: str, slips: int) -> dict[str, int]:
        """Words within ``slips`` of ``word`` -> how many slips away; those of commit ``generation`` are among them."""
        return self._asked(generation, lambda: self._known.near(word, slips))

    def beginning(self, generation: int, start: str) -> list[str]:
        """Some words that begin with ``start`` and go on, shortest first."""

        def read() -> list[str]:
            with self._file.read() as connection:
                return [] if connection is None else self._known.beginning(connection, start)

        return self._asked(generation, read)

    def keep_up(self) -> None:
        """Follow a commit just made, where there is a file and nobody else is at it."""
        with suppress(StoreError):  # the commit stands; the next search by words follows, and says what is wrong
            if self._file.exists():
                self._follow(wait=False)

    def maintain(self) -> None:
        """Follow to the end."""
        self._healed(self._follow)

    def discard(self) -> None:
        """Throw the file away; it is made again when it is needed."""
        self._file.discard()

    def close(self) -> None:
        self._file.close()

    def _asked(self, generation: int, ask: Callable[[], T]) -> T:
        def work() -> T:
            with self._lock:
                if not self._read(generation):
                    self._follow()
                    self._read(generation)
                return ask()

        return self._healed(work)

    def _read(self, generation: int) -> bool:
        """Whether the file has come as far as ``generation``; what it has is in memory then."""
        with self._file.read() as connection:
            if connection is None:
                return False
            known = about(connection)
            if known["epoch"] != self._epoch:
                self._known, self._epoch = Vocabulary(), known["epoch"]
            self._known.follow(connection)
            return known["generation"] >= generation

    def _follow(self, *, wait: bool = True) -> None:
        with self._file.write(wait=wait) as connection:
            if connection is not None:
                self._follower.follow(connection)

    def _healed(self, work: Callable[[], T]) -> T:
        """A damaged file is dropped and made again."""
        try:
            return work()
        except CorruptCollection:
            self._file.discard()
            return work()
