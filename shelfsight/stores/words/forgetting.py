"""Taking documents out of ``words.sqlite`` for good, without making the others anew.

The index keeps no texts, and to take a document out of it, it has to be told its words. They are read back from the
index itself (``fts5vocab``, https://www.sqlite.org/fts5.html#the_fts5vocab_virtual_table_module). Merging all parts of
the index into one then drops what was taken out. Numbers of documents stay: the row of one that went says nothing.
"""

import os
import sqlite3
from collections.abc import Sequence

from shelfsight.stores.words.document import COLUMNS
from shelfsight.stores.words.file import say

__all__ = ["ended", "forget"]

_Texts = dict[int, dict[str, list[str]]]


def forget(connection: sqlite3.Connection, docs: Sequence[int]) -> None:
    """Take out ``docs``, and the words that no other has. Call it inside a transaction; the space is given back by
    writing the file anew."""
    if not docs:
        return
    texts = _read(connection, docs)
    columns = ", ".join(COLUMNS)
    connection.executemany(
        f"INSERT INTO words (words, rowid, {columns}) VALUES ('delete', ?, ?, ?, ?, ?)",
        [(doc, *(" ".join(found.get(name, ())) for name in COLUMNS)) for doc, found in texts.items()],
    )
    connection.execute("INSERT INTO words (words) VALUES ('optimize')")
    connection.executemany("UPDATE docs SET id = '', digest = 0, lengths = 0 WHERE doc = ?", [(doc,) for doc in docs])
    for term in {term for found in texts.values() for terms in found.values() for term in terms}:
        if connection.execute("SELECT 1 FROM words WHERE words MATCH ? LIMIT 1", (f'"{term}"',)).fetchone() is None:
            connection.execute("DELETE FROM vocabulary WHERE word = ?", (term,))
    say(connection, epoch=int.from_bytes(os.urandom(6), "big"))


def ended(connection: sqlite3.Connection) -> list[int]:
    """Documents that no item has any more, and that were not taken out."""
    return [row[0] for row in connection.execute("SELECT doc FROM docs WHERE died > 0 AND id != ''")]


def _read(connection: sqlite3.Connection, docs: Sequence[int]) -> _Texts:
    """document -> column -> its words in order."""
    connection.execute("CREATE TEMP TABLE wanted (doc INTEGER PRIMARY KEY)")
    connection.execute("CREATE VIRTUAL TABLE temp.instances USING fts5vocab('main', 'words', 'instance')")
    try:
        connection.executemany("INSERT INTO wanted VALUES (?)", [(doc,) for doc in docs])
        texts: _Texts = {}
        rows = connection.execute("SELECT doc, col, term FROM temp.instances WHERE doc IN wanted").fetchall()
        for doc, column, term in rows:
            texts.setdefault(doc, {}).setdefault(column, []).append(term)
        return texts
    finally:
        connection.execute("DROP TABLE temp.instances")
        connection.execute("DROP TABLE temp.wanted")
