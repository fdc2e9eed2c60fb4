"""The audit log: who changed what, and what became of it, one JSON document a line in the state directory.

A line is on disk before the client is answered. What a crash cut short was not answered, and may be missing here.
"""

import json
import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shelfsight.api.service.access import Caller
from shelfsight.api.service.keys import without_secrets
from shelfsight.api.service.state import made
from shelfsight.core.errors import StoreError
from shelfsight.stores.files import locked, sync_directory

__all__ = ["AuditLog", "Entry"]

_FILE = "audit.jsonl"
_FIRST = 10
_log = logging.getLogger("shelfsight.audit")


@dataclass(slots=True, kw_only=True)
class Entry:
    """One change that was asked for. An operation adds which things it is about.

    Attributes:
        operation: as the API's reference calls it: ``upsert_items``.
        collection: the name or alias that was asked for; ``None`` where it is about the server.
        number: how many things (items, keys) it is about; ``None`` where nobody counted.
        ids: the first of them.
        receipt: of an erasure.
        chunks: how often some of them went in; more than once where they come line by line.
    """

    caller: Caller
    operation: str
    request_id: str
    collection: str | None = None
    number: int | None = None
    ids: list[str] = field(default_factory=list)
    chunks: int = 0
    receipt: dict[str, Any] | None = None

    def add(self, ids: Iterable[str]) -> None:
        """Note what it is about."""
        for id in ids:
            self.number = (self.number or 0) + 1
            if len(self.ids) < _FIRST:
                self.ids.append(without_secrets(id)[:200])

    def ended(self, status: int) -> dict[str, Any]:
        """The line of a change whose answer has that status."""
        refused = status < 500 and not self.chunks
        return self.document("done" if status < 400 else "refused" if refused else "failed", status)

    def document(self, outcome: str, status: int | None = None) -> dict[str, Any]:
        """The line.

        Args:
            outcome: ``done``, ``refused`` (it was wrong, and changed nothing), ``failed`` (it broke off: some of it may
                have been done), or ``begun``: more lines come.
        """
        key = self.caller.key
        return {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "operation": self.operation,
            "collection": self.collection,
            "outcome": outcome,
            "status": status,
            "number": self.number,
            "ids": self.ids,
            "key": None if key is None else key.id,
            "name": None if key is None else key.name,
            "address": self.caller.address,
            "request": self.request_id,
            **({} if self.receipt is None else {"receipt": self.receipt}),
        }


class AuditLog:
    """The log of one server. Safe to share between threads, and between processes of one machine."""

    def __init__(self, state: Path, *, most_bytes: int = 50_000_000, kept: int = 10) -> None:
        """
        Args:
            state: the directory of the server's state.
            most_bytes: of one file; then another is begun.
            kept: earlier files that are kept: ``audit.jsonl.1`` is the last of them.
        """
        self._state = state
        self._most = most_bytes
        self._kept = kept

    def write(self, document: dict[str, Any]) -> None:
        """Add a line; it is on disk on return. Where that cannot be, it goes to the server's log instead: what it tells
        of has happened."""
        try:
            with locked(made(self._state) / "audit.lock", wait=True):
                self._append(json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
        except (OSError, StoreError) as error:
            _log.error("the audit log cannot be written (%s): %s", error, document)

    def read(self, last: int, *, key: str | None = None, collection: str | None = None) -> list[dict[str, Any]]:
        """The last lines, newest first.

        Args:
            key: only what was asked with the key of that id or name.
            collection: only what that collection or alias was asked.

        Raises:
            StoreError: the log cannot be read.
        """
        found: list[dict[str, Any]] = []
        for number in range(self._kept + 1):
            wanted = (line for line in _lines(self._file(number)) if _is_wanted(line, key, collection))
            found += reversed(deque(wanted, last - len(found)))
            if len(found) >= last:
                break
        return found

    def _append(self, line: bytes) -> None:
        path = self._file(0)
        if path.exists() and path.stat().st_size + len(line) > self._most:
            self._rotate()
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                line = b"\n" + line  # a crash cut the line before
            while line:
                line = line[os.write(descriptor, line) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if not size:
            sync_directory(self._state)

    def _rotate(self) -> None:
        for number in range(self._kept, 0, -1):
            earlier = self._file(number - 1)
            if earlier.exists():
                earlier.replace(self._file(number))

    def _file(self, number: int) -> Path:
        return self._state / (f"{_FILE}.{number}" if number else _FILE)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Whole lines, in their order."""
    try:
        with path.open("rb") as file:
            for line in file:
                try:
                    yield json.loads(line)
                except ValueError:
                    continue  # cut short by a crash
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error


def _is_wanted(line: dict[str, Any], key: str | None, collection: str | None) -> bool:
    return (key is None or key in (line["key"], line["name"])) and collection in (None, line["collection"])
