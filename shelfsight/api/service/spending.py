"""How many pictures a day each API key has a vision-language model look at; kept over restarts."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from shelfsight.api.service.state import made
from shelfsight.core.errors import LimitReached, ShelfsightError
from shelfsight.stores.faults import storage_faults

__all__ = ["Looks", "Spending"]

_FILE = "looks.sqlite"
_KEPT = timedelta(days=35)
_SCHEMA = "CREATE TABLE IF NOT EXISTS looks (key TEXT, day TEXT, looks INTEGER NOT NULL, PRIMARY KEY (key, day))"
_ADD = "INSERT INTO looks VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET looks = looks + excluded.looks"


@dataclass(slots=True)
class Looks:
    """Pictures that a request lets a model look at: reserved before, settled after.

    Attributes:
        made: of a request that ends well.
        sure: made already, whatever becomes of the request.
    """

    made: int
    sure: int = 0


class Spending:
    """Looks by key and day (UTC). Safe to share between threads, and the file between processes."""

    def __init__(self, state: Path) -> None:
        """
        Args:
            state: the directory of the server's state.
        """
        self._state = state

    @contextmanager
    def looking(self, key: str, planned: int, limit: int | None) -> Iterator[Looks]:
        """Reserve ``planned`` looks of a key that has ``limit`` a day (``None``: as many as it likes); those that were
        not made are given back.

        The body sets ``made`` of what it gets; one that ends in an error of the tree gives all back but what is
        ``sure``.

        Raises:
            LimitReached: fewer are left today.
            StoreError: it cannot be written down.
        """
        day = datetime.now(UTC).date()
        self._reserve(key, day, planned, limit)
        looks = Looks(planned)
        try:
            yield looks
        except ShelfsightError:
            looks.made = looks.sure
            raise
        finally:
            if looks.made != planned:
                self._add(key, day, looks.made - planned)

    def made_on(self, key: str, day: date) -> int:
        """Looks of a key on one day."""
        with self._connection() as connection:
            return _made(connection, key, day)

    def _reserve(self, key: str, day: date, planned: int, limit: int | None) -> None:
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            spent = _made(connection, key, day)
            if limit is not None and spent + planned > limit:
                connection.execute("ROLLBACK")
                raise LimitReached(
                    f"this would have a model look at {planned:,} pictures, and the API key {key} has "
                    f"{max(limit - spent, 0):,} of {limit:,} left today",
                    retry_after=_until_tomorrow(day),
                    hint="ask for fewer with `depth` and `explain`, or without `rerank`; a day begins at 0:00 UTC",
                )
            connection.execute(_ADD, (key, day.isoformat(), planned))
            connection.execute("DELETE FROM looks WHERE day < ?", ((day - _KEPT).isoformat(),))
            connection.execute("COMMIT")

    def _add(self, key: str, day: date, looks: int) -> None:
        with self._connection() as connection:
            connection.execute(_ADD, (key, day.isoformat(), looks))

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        path = made(self._state) / _FILE
        with (
            storage_faults(self._state, database=_FILE, remedy="move it away; the looks of today are counted anew"),
            closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection,
        ):
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(_SCHEMA)
            yield connection


def _made(connection: sqlite3.Connection, key: str, day: date) -> int:
    row = connection.execute("SELECT looks FROM looks WHERE key = ? AND day = ?", (key, day.isoformat())).fetchone()
    return 0 if row is None else int(row[0])


def _until_tomorrow(day: date) -> float:
    midnight = datetime.combine(day + timedelta(days=1), time.min, UTC)
    return max((midnight - datetime.now(UTC)).total_seconds(), 1.0)
