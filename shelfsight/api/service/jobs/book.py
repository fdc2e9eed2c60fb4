"""The jobs of a server in SQLite: what was acknowledged is there after a crash, for every process that serves."""

import secrets
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from shelfsight.api.service.jobs.job import Job, JobState, Order, now
from shelfsight.api.service.state import made
from shelfsight.core.errors import NotFound, StoreError

__all__ = ["JobBook"]

_FILE = "jobs.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, collection TEXT NOT NULL, state TEXT NOT NULL,
    record TEXT NOT NULL)
"""
_PATIENCE = 10.0
_ENDED = tuple(state for state in JobState if state.ended)


class JobBook:
    """Jobs, newest last. Safe to share between threads, and the file between processes."""

    def __init__(self, state: Path) -> None:
        """
        Args:
            state: the directory of the server's state; it is made with the first job.
        """
        self._state = state
        self._path = state / _FILE

    @property
    def begun(self) -> bool:
        """Whether there ever was a job."""
        return self._path.exists()

    def add(self, order: Order, collection: str, id: str | None = None) -> Job:
        """A new job, queued; it is durable on return.

        Args:
            id: where it has one already; see :meth:`new_id`.
        """
        job = Job(id=id or self.new_id(), collection=collection, order=order, created=now())
        row = (job.id, collection, job.state, job.model_dump_json())
        with self._writing() as connection:
            connection.execute("INSERT INTO jobs (id, collection, state, record) VALUES (?, ?, ?, ?)", row)
        return job

    @staticmethod
    def new_id() -> str:
        """One that no job has."""
        return secrets.token_hex(8)

    def get(self, id: str) -> Job:
        """
        Raises:
            NotFound: there is no such job.
        """
        if self.begun:
            with self._connection() as connection:
                return _job(connection, id)
        raise _unknown(id)

    def newest(self, limit: int, *, collections: Collection[str] | None = None) -> list[Job]:
        """The newest first, of these collections alone where they are given."""
        if not self.begun:
            return []
        where, values = _where("collection", collections)
        query = f"SELECT record FROM jobs{where} ORDER BY number DESC LIMIT ?"
        with self._connection() as connection:
            return [_read(record) for (record,) in connection.execute(query, (*values, limit))]

    def in_states(self, *states: JobState) -> list[Job]:
        """Jobs in these states, oldest first."""
        where, values = _where("state", states)
        query = f"SELECT record FROM jobs{where} ORDER BY number"
        with self._connection() as connection:
            return [_read(record) for (record,) in connection.execute(query, values)]

    def counts(self) -> dict[JobState, int]:
        """How many there are of each state."""
        found: dict[str, int] = {}
        if self.begun:
            with self._connection() as connection:
                found = dict(connection.execute("SELECT state, count(*) FROM jobs GROUP BY state"))
        return {state: found.get(state, 0) for state in JobState}

    def change(self, id: str, how: Callable[[Job], Job]) -> Job:
        """Put what ``how`` makes of a job in its place, while nobody else changes it; durable on return.

        Raises:
            NotFound: there is no such job. Whatever ``how`` raises; nothing has changed then.
        """
        if not self.begun:
            raise _unknown(id)
        with self._writing() as connection:
            before = _job(connection, id)
            after = _numbered(before, how(before))
            if after != before:
                connection.execute(
                    "UPDATE jobs SET state = ?, record = ? WHERE id = ?", (after.state, after.model_dump_json(), id)
                )
        return after

    def next(self, busy: Collection[str]) -> Job | None:
        """The oldest one that is queued and due, and whose collection is not ``busy``."""
        others = f"collection NOT IN ({', '.join('?' * len(busy))})"
        query = f"SELECT record FROM jobs WHERE state = ? AND {others} ORDER BY number"
        with self._connection() as connection:
            queued = (_read(record) for (record,) in connection.execute(query, (JobState.QUEUED, *busy)))
            return next((job for job in queued if job.is_due), None)

    def forget(self, kept: int) -> list[str]:
        """Forget ended jobs beyond the newest ``kept``; their ids."""
        where, values = _where("state", _ENDED)
        query = f"SELECT id FROM jobs{where} ORDER BY number DESC LIMIT -1 OFFSET ?"
        with self._writing() as connection:
            gone = [id for (id,) in connection.execute(query, (*values, kept))]
            connection.executemany("DELETE FROM jobs WHERE id = ?", [(id,) for id in gone])
        return gone

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        made(self._state)
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                if connection.in_transaction:  # on a full disk SQLite has gone back by itself
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        from shelfsight.stores.faults import storage_faults

        with (
            storage_faults(self._state, database=_FILE, remedy="stop the server and move it away; it is made anew"),
            closing(sqlite3.connect(self._path, timeout=_PATIENCE, isolation_level=None)) as connection,
        ):
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(_SCHEMA)
            yield connection


def _numbered(before: Job, after: Job) -> Job:
    """``after``, with numbers for what has changed."""
    number = before.last_change + 1
    if after.progress != before.progress:
        after = after.with_(progress_change=number)
        number += 1
    if after.with_(progress=before.progress, progress_change=before.progress_change) != before:
        after = after.with_(change=number)
    return after


def _where(column: str, values: Collection[str] | None) -> tuple[str, tuple[str, ...]]:
    if values is None:
        return "", ()
    return f" WHERE {column} IN ({', '.join('?' * len(values))})", tuple(values)


def _job(connection: sqlite3.Connection, id: str) -> Job:
    row = connection.execute("SELECT record FROM jobs WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise _unknown(id)
    return _read(row[0])


def _read(record: str) -> Job:
    try:
        return Job.model_validate_json(record)
    except ValueError as error:
        raise StoreError(f"a job of the server's state cannot be read: {error}") from error


def _unknown(id: str) -> NotFound:
    return NotFound(f"there is no job {id[:80]!r}", hint="GET /v1/jobs lists them")
