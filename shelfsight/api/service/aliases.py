"""Second names of collections, which are moved from one to another while the server runs."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shelfsight.api.service.names import is_name
from shelfsight.api.service.state import made
from shelfsight.core.errors import CorruptCollection, StoreError

__all__ = ["Aliases"]

_FILE = "aliases.json"
_LOCK = "aliases.lock"

_Mark = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class _Read:
    """What the file said, and how to see that it says something else now."""

    mark: _Mark
    aliases: Mapping[str, str]


class Aliases:
    """alias -> collection, in a file of the server's state. Safe to share between threads and processes.

    A change is a new file under the old name: whoever asks before it gets the old collection, whoever asks after it the
    new one, in every process that serves from the same state, and a crash leaves either.
    """

    def __init__(self, state: Path) -> None:
        """
        Args:
            state: the directory of the server's state; it is made by the first change.
        """
        self._state = state
        self._file = state / _FILE
        self._read = _Read(None, {})

    def all(self) -> Mapping[str, str]:
        """All of them, as they are now.

        Raises:
            StoreError, CorruptCollection: the file cannot be read.
        """
        read, mark = self._read, self._mark()
        if mark != read.mark:
            read = self._read = _Read(mark, self._load() if mark else {})
        return read.aliases

    def of(self, collection: str) -> list[str]:
        """The aliases of a collection, ascending."""
        return sorted(alias for alias, name in self.all().items() if name == collection)

    @contextmanager
    def changing(self) -> Iterator[dict[str, str]]:
        """The aliases, to be changed: what is in the mapping when the block ends well is what counts from then on,
        durably. One at a time, of all threads and processes; who only reads does not wait.

        Raises:
            StoreError, StoreFull: the file cannot be read or written; nothing has changed.
        """
        from shelfsight.stores.faults import storage_faults
        from shelfsight.stores.files import locked, publish

        made(self._state)
        with storage_faults(self._state), locked(self._state / _LOCK, wait=True):
            before = dict(self.all())
            aliases = dict(before)
            yield aliases
            if aliases != before:
                publish(self._file, _writer(aliases))

    def _mark(self) -> _Mark:
        try:
            found = self._file.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(f"{self._file}: {error.strerror}") from error
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _load(self) -> dict[str, str]:
        try:
            found = json.loads(self._file.read_bytes())
        except OSError as error:
            raise StoreError(f"{self._file}: {error.strerror}") from error
        except ValueError as error:
            raise self._damaged(str(error)) from error
        if not isinstance(found, dict) or not all(map(_is_pair, found.items())):
            raise self._damaged("it is no mapping of names")
        return found

    def _damaged(self, reason: str) -> CorruptCollection:
        hint = 'write {"ALIAS": "COLLECTION"} into it, or take it away'
        return CorruptCollection(f"{self._file} is damaged: {reason}", hint=hint)


def _is_pair(words: tuple[object, object]) -> bool:
    return all(isinstance(word, str) and is_name(word) for word in words)


def _writer(aliases: Mapping[str, str]) -> Callable[..., object]:
    text = json.dumps(aliases, indent=1, sort_keys=True) + "\n"
    return lambda file: file.write(text.encode())
