"""The ids a job has met, in constant memory."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from types import TracebackType

from shelfsight.core.errors import StoreError, StoreFull

__all__ = ["SeenIds"]

_IDS = 256  # a statement


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
        self.close()

    def close(self) -> None:
        self._connection.close()

    def add(self, ids: Sequence[str]) -> list[bool]:
        """Remember ``ids``; for each whether it is new, here too. In few statements: at each of them any other thread
        of the program may run first.

        Raises:
            StoreError, StoreFull: the temporary file cannot be written.
        """
        return [each for start in range(0, len(ids), _IDS) for each in self._add(ids[start : start + _IDS])]

    def _add(self, ids: Sequence[str]) -> list[bool]:
        known: set[str] = set()
        try:
            known.update(row[0] for row in self._run(f"SELECT id FROM seen WHERE id IN ({_list('?', ids)})", ids))
            self._run(f"INSERT OR IGNORE INTO seen VALUES {_list('(?)', ids)}", ids)
        except sqlite3.Error as error:
            kind = StoreFull if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL else StoreError
            message = f"the ids of this job cannot be kept in a temporary file: {error}"
            raise kind(message, hint="free some space, or set TMPDIR to a larger disk") from error
        new = []
        for id in ids:
            new.append(id not in known)
            known.add(id)
        return new

    def _run(self, statement: str, ids: Sequence[str]) -> list[tuple[str]]:
        with closing(self._connection.execute(statement, ids)) as cursor:
            return cursor.fetchall()

    def missing(self, ids: Sequence[str]) -> list[str]:
        """Those of ``ids`` that were never added, in order."""
        return [id for id in ids if not self._has(id)]

    def _has(self, id: str) -> bool:
        return self._connection.execute("SELECT 1 FROM seen WHERE id = ?", (id,)).fetchone() is not None


def _list(each: str, ids: Sequence[str]) -> str:
    return ",".join([each] * len(ids))
