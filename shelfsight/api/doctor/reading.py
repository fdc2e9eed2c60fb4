"""SQLite files of a collection, read without a trace: nothing is made beside them, and nobody is kept waiting."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

__all__ = ["SQLITE", "database", "intact"]

SQLITE = sqlite3.Error
_BUSY_SECONDS = 5.0


@contextmanager
def database(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection that only reads.

    Where there is no log beside the file nobody writes to it, and it is read as it stands; else SQLite would make one.

    Raises:
        sqlite3.Error: it cannot be read, or is no database.
        FileNotFoundError: it is not there.
    """
    if not file.exists():
        raise FileNotFoundError(file)
    log = file.with_name(file.name + "-wal")
    alone = not log.exists() or not log.stat().st_size
    place = f"file:{quote(str(file.absolute()))}?mode=ro{'&immutable=1' if alone else ''}"
    with closing(sqlite3.connect(place, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
        yield connection


def intact(connection: sqlite3.Connection) -> str | None:
    """What ``PRAGMA quick_check`` says, or ``None`` where the file is in order."""
    try:
        said = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if said == ["ok"] else "; ".join(said)
