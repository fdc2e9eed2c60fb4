"""SQLite files without what was deleted from them: neither in free pages, nor between rows, nor in the log."""

import time
from sqlite3 import Connection

from shelfsight.core.errors import StoreError
from shelfsight.stores.ledger import BUSY_SECONDS

__all__ = ["empty_log", "vacuum"]

_PATIENCE = 30.0  # seconds for those who read
_PAUSE = 0.05


def vacuum(connection: Connection) -> None:
    """Write the database of ``connection`` anew with its rows alone, and empty its log. Who reads goes on meanwhile,
    who writes waits.

    Raises:
        StoreError: somebody reads on and on.
    """
    connection.execute("VACUUM main")
    empty_log(connection)


def empty_log(connection: Connection, *, patience: float | None = None) -> None:
    """Let the database have what is in its log, and this be a file of no bytes.

    Raises:
        StoreError: somebody reads an old state for more than ``patience`` seconds, half a minute where left out.
    """
    connection.execute("PRAGMA busy_timeout = 0")  # waiting within SQLite would keep writers out
    try:
        give_up = time.monotonic() + (_PATIENCE if patience is None else patience)
        while connection.execute("PRAGMA main.wal_checkpoint(TRUNCATE)").fetchone()[0]:
            if time.monotonic() > give_up:
                raise StoreError("somebody reads an old state of the collection, which therefore lasts")
            time.sleep(_PAUSE)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {round(1000 * BUSY_SECONDS)}")
