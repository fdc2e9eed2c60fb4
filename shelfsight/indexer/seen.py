"""The ids a job has met, in constant memory."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from types import TracebackType

from shelfsight.core.errors import StoreError, StoreFull

__all__ = ["SeenIds"]


class SeenIds:
    """A set of ids in a private temporary database, which SQLite keeps in a few megabytes of memory and spills to a
    nameless file that goes with the process. Used from one thread."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("CREATE TABLE seen (id TEXT PRIMARY KEY) WITHOUT ROWID")

    def __enter__(self) -> "SeenIds":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._connection.close()

    def add(self, id: str) -> bool:
        """Remember ``id``; whether it is new.

        Raises:
            StoreError, StoreFull: the temporary file cannot be written.
        """
        try:
            with closing(self._connection.execute("INSERT OR IGNORE INTO seen VALUES (?)", (id,))) as cursor:
                return cursor.rowcount == 1
        except sqlite3.Error as error:
            kind = StoreFull if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL else StoreError
            message = f"the ids of this job cannot be kept in a temporary file: {error}"
            raise kind(message, hint="free some space, or set TMPDIR to a larger disk") from error

    def missing(self, ids: Sequence[str]) -> list[str]:
        """Those of ``ids`` that were never added, in order."""
        return [id for id in ids if not self._has(id)]

    def _has(self, id: str) -> bool:
        return self._connection.execute("SELECT 1 FROM seen WHERE id = ?", (id,)).fetchone() is not None
