"""Taking notes away: those of items that went, those that no item has, those of versions long unused."""

from collections.abc import Mapping, Sequence
from sqlite3 import Connection

from shelfsight.stores.ledger import BUSY_SECONDS, writing

__all__ = ["drop", "orphans", "tidy"]

_IDS = 250  # a statement
_ROWS = 1_000  # a transaction
_VERSIONS = 2
_PAGES = 1_024  # given back at a time: others may write in between
_PARTS = 64  # of 4 MB at most; the next time goes on

_ORPHANS = """
SELECT {table}.id FROM {table} LEFT JOIN ledger.items i ON i.id = {table}.id
WHERE i.id IS NULL OR i.pictures_hash != {table}.fingerprint LIMIT 1000
"""
_NEWEST = f"SELECT number FROM versions ORDER BY used DESC LIMIT {_VERSIONS}"
_DELETE_OLD = f"""
DELETE FROM noted WHERE key IN (SELECT key FROM noted WHERE version NOT IN ({_NEWEST}) LIMIT {_ROWS})
"""


def drop(connection: Connection, ids: Sequence[str], pictures: Mapping[str, str]) -> None:
    """Delete the notes of those ``ids`` that were made of other pictures than ``pictures`` says the item has; of all
    that it does not name. Most have none: then nothing is written."""
    stale: list[str] = []
    for start in range(0, len(ids), _IDS):
        part = ids[start : start + _IDS]
        marks = ",".join("?" * len(part))
        found = connection.execute(
            f"SELECT id, fingerprint FROM noted WHERE id IN ({marks})"
            f" UNION SELECT id, fingerprint FROM suggestions WHERE id IN ({marks})",
            (*part, *part),
        )
        stale += [id for id, fingerprint in found if pictures.get(id) != fingerprint]
    if stale:
        with writing(connection):
            connection.executemany("DELETE FROM noted WHERE id = ?", [(id,) for id in stale])
            connection.executemany("DELETE FROM suggestions WHERE id = ?", [(id,) for id in stale])


def orphans(connection: Connection) -> list[str]:
    """Some of the ids that have notes and no item with the pictures these were made of; empty: there are none."""
    return sorted(
        {row[0] for table in ("noted", "suggestions") for row in connection.execute(_ORPHANS.format(table=table))}
    )


def tidy(connection: Connection) -> None:
    """Delete all versions of features but the two written to last, a part at a time, and give back some space."""
    deleted = _ROWS
    while deleted == _ROWS:
        with writing(connection):
            deleted = connection.execute(_DELETE_OLD).rowcount
            if deleted < _ROWS:
                connection.execute(f"DELETE FROM versions WHERE number NOT IN ({_NEWEST})")
    for _ in range(_PARTS):
        if not connection.execute("PRAGMA main.freelist_count").fetchone()[0]:
            break
        connection.executescript(f"PRAGMA main.incremental_vacuum({_PAGES})")  # `execute` would give back one page
    connection.execute("PRAGMA busy_timeout = 0")  # waiting for a reader here would keep writers out
    try:
        connection.execute("PRAGMA main.wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {round(1000 * BUSY_SECONDS)}")
