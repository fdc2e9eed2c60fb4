"""What models made of a collection's pictures: kept beside the items, and gone with them.

Whoever writes notes, or makes some invalid, holds the ledger's write lock meanwhile. Notes are written only where the
ledger has the item with the very pictures they were made of, and a commit that deletes an item or changes its pictures
deletes its notes first. So there is never a note without its item; a crash between the two loses notes alone.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import chain
from pathlib import Path
from sqlite3 import Connection
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from shelfsight.core.errors import CorruptCollection, StoreError, UsageError
from shelfsight.core.protocols import NotesSummary, PictureKey
from shelfsight.core.types import Suggestion
from shelfsight.stores import notes_sweep
from shelfsight.stores.ledger import Ledger, writing
from shelfsight.stores.notes_file import NotesFile
from shelfsight.stores.purging import vacuum
from shelfsight.stores.records import is_text

__all__ = ["LocalNotes"]

Guard = Callable[[], AbstractContextManager[Ledger]]
Rows = list[tuple[Any, ...]]
T = TypeVar("T")

_log = logging.getLogger("shelfsight.stores")
_ROWS = 250  # a statement
_PAGE = 256

_FEATURES = """
WITH wanted (id, picture) AS (VALUES {marks})
SELECT n.id, n.picture, f.t, f.d, f.data
FROM wanted w CROSS JOIN noted n ON n.id = w.id AND n.picture = w.picture
JOIN features f ON f.key = n.key JOIN ledger.items i ON i.id = n.id AND i.pictures_hash = n.fingerprint
WHERE n.version = (SELECT number FROM versions WHERE name = ?)
"""
_SUGGESTIONS = """
SELECT s.id, s.field, s.value, s.probability, s.model
FROM suggestions s JOIN ledger.items i ON i.id = s.id AND i.pictures_hash = s.fingerprint
WHERE s.id IN ({marks}) ORDER BY s.key
"""
_LACKING_FEATURES = f"""
SELECT i.id FROM ledger.items i WHERE i.id > ? AND i.pictures > (
    SELECT count(*) FROM noted n WHERE n.id = i.id AND n.fingerprint = i.pictures_hash
    AND n.version = (SELECT number FROM versions WHERE name = ?)
) ORDER BY i.id LIMIT {_PAGE}
"""
_LACKING_SUGGESTIONS = f"""
SELECT i.id FROM ledger.items i WHERE i.id > ? AND NOT EXISTS (
    SELECT 1 FROM suggestions s WHERE s.id = i.id AND s.fingerprint = i.pictures_hash AND s.model = ?
) ORDER BY i.id LIMIT {_PAGE}
"""


class LocalNotes:
    """See :class:`shelfsight.core.protocols.Notes`. Two connections, so that reading does not wait for writing."""

    def __init__(self, path: Path, guard: Guard) -> None:
        """
        Args:
            guard: holds the ledger's write lock, and gives the ledger to read in meanwhile.
        """
        self._guard = guard
        self._reader = NotesFile(path)
        self._writer = NotesFile(path)
        self._complained = False

    def features(self, version: str, keys: Sequence[PictureKey]) -> dict[PictureKey, npt.NDArray[np.float16]]:
        """See the protocol. The arrays are read-only."""
        wanted = [key for key in dict.fromkeys(keys) if is_text(key[0])]
        rows = self._read(lambda connection: _features(connection, version, wanted), Rows())
        return {(id, picture): np.frombuffer(data, "<f2").reshape(t, d) for id, picture, t, d, data in rows}

    def suggestions(self, ids: Sequence[str]) -> dict[str, dict[str, Suggestion]]:
        asked = [*dict.fromkeys(filter(is_text, ids))]
        found: dict[str, dict[str, Suggestion]] = {}
        for id, field, value, probability, model in self._read(lambda c: _suggestions(c, asked), Rows()):
            found.setdefault(id, {})[field] = Suggestion(value=value, probability=probability, model=model)
        return found

    def summary(self) -> NotesSummary:
        return self._read(_summary, NotesSummary(features={}, suggestions={}, bytes=0))

    def lacking_features(self, version: str) -> Iterator[str]:
        return self._lacking(_LACKING_FEATURES, version)

    def lacking_suggestions(self, model: str) -> Iterator[str]:
        return self._lacking(_LACKING_SUGGESTIONS, model)

    def keep_features(
        self,
        version: str,
        features: Mapping[PictureKey, npt.NDArray[np.float16]],
        fingerprints: Mapping[str, str],
    ) -> None:
        """See the protocol.

        Raises:
            UsageError: features that are not (t, d).
            StoreError, StoreFull: they cannot be written.
        """
        for key, array in features.items():
            if np.ndim(array) != 2:
                raise UsageError(f"features of picture {key} have shape {np.shape(array)}, not (t, d)")
        if not features:
            return
        with self._guard() as ledger:
            pictures = _unchanged(ledger, {id for id, _ in features}, fingerprints)
            valid = {key: array for key, array in features.items() if 0 <= key[1] < pictures.get(key[0], 0)}
            if valid:
                self._write(lambda connection: _put_features(connection, version, valid, fingerprints), create=True)

    def keep_suggestions(
        self, suggestions: Mapping[str, Mapping[str, Suggestion]], fingerprints: Mapping[str, str]
    ) -> None:
        if not suggestions:
            return
        with self._guard() as ledger:
            known = _unchanged(ledger, suggestions, fingerprints)
            valid = {id: given for id, given in suggestions.items() if id in known}
            if valid:
                self._write(lambda connection: _put_suggestions(connection, valid, fingerprints), create=True)

    def drop(self, deleted: Iterable[str], pictures: Mapping[str, str]) -> None:
        """Forget what was noted of items that are ``deleted``, or whose pictures' fingerprint is another now.

        Part of a commit, before it is durable; its write lock is held.

        Raises:
            StoreError, StoreFull: that is not possible.
        """
        gone = set(deleted)
        now = {id: fingerprint for id, fingerprint in pictures.items() if id not in gone}
        ids = sorted(filter(is_text, gone | now.keys()))
        if ids:
            self._write(lambda connection: notes_sweep.drop(connection, ids, now), create=False)

    def maintain(self) -> None:
        """Sweep what has no item, features of versions long unused, and give back space. Safe at any time."""
        try:
            while self._sweep():
                pass
            with self._writer.open() as connection:
                if connection is not None:
                    notes_sweep.tidy(connection)
        except CorruptCollection as error:
            with self._guard():
                self._throw_away(error)

    def purge(self) -> None:
        """:meth:`maintain`, and leave nothing of what was deleted, ever.

        Raises:
            StoreError, StoreFull: that is not possible now.
        """
        self.maintain()
        with self._writer.open() as connection:
            if connection is not None:
                vacuum(connection)

    def close(self) -> None:
        self._reader.close()
        self._writer.close()

    def _sweep(self) -> bool:
        """Forget some notes without an item; whether there may be more. The search for them locks nobody out."""
        with self._writer.open() as connection:
            ids = [] if connection is None else notes_sweep.orphans(connection)
        if ids:
            with self._guard() as ledger:
                now = {id: row[0] for id, row in ledger.records(ids, "pictures_hash").items()}
                self._write(lambda connection: notes_sweep.drop(connection, ids, now), create=False)
        return bool(ids)

    def _write(self, work: Callable[[Connection], None], *, create: bool) -> None:
        """Do ``work``, the ledger's write lock being held. Damaged notes are thrown away."""
        try:
            self._attempt(work, create)
        except CorruptCollection as error:
            self._throw_away(error)
            if create:
                self._attempt(work, create)

    def _throw_away(self, error: CorruptCollection) -> None:
        _log.warning("%s; it is thrown away", error)
        self._writer.discard()

    def _attempt(self, work: Callable[[Connection], None], create: bool) -> None:
        with self._writer.open(create=create) as connection:
            if connection is not None:
                work(connection)

    def _read(self, query: Callable[[Connection], T], otherwise: T) -> T:
        """What ``query`` finds, or ``otherwise`` where there are no notes or they cannot be read."""
        try:
            with self._reader.open() as connection:
                return otherwise if connection is None else query(connection)
        except StoreError as error:
            if not self._complained:
                _log.warning("notes are left out: %s", error)
            self._complained = True
            return otherwise

    def _lacking(self, statement: str, of: str) -> Iterator[str]:
        with self._guard():
            self._write(lambda _: None, create=True)  # there is a file to look into from here on
        last = ""
        while True:
            with self._reader.open() as connection:
                rows = [] if connection is None else connection.execute(statement, (last, of)).fetchall()
            yield from (row[0] for row in rows)
            if len(rows) < _PAGE:
                return
            last = rows[-1][0]


def _features(connection: Connection, version: str, keys: Sequence[PictureKey]) -> Rows:
    """Rows (id, picture, t, d, data)."""
    rows = Rows()
    for part in _parts(keys):
        statement = _FEATURES.format(marks=",".join(["(?, ?)"] * len(part)))
        rows += connection.execute(statement, (*chain.from_iterable(part), version))
    return rows


def _suggestions(connection: Connection, ids: Sequence[str]) -> Rows:
    """Rows (id, field, value, probability, model), in the order in which they were kept."""
    rows = Rows()
    for part in _parts(ids):
        rows += connection.execute(_SUGGESTIONS.format(marks=",".join("?" * len(part))), part)
    return rows


def _parts(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[start : start + _ROWS] for start in range(0, len(rows), _ROWS))


def _unchanged(ledger: Ledger, ids: Iterable[str], fingerprints: Mapping[str, str]) -> dict[str, int]:
    """Those ``ids`` whose item has the pictures of ``fingerprints``, with their number."""
    found = ledger.records([*filter(is_text, ids)], "pictures_hash, pictures")
    return {id: int(row[1]) for id, row in found.items() if row[0] == fingerprints.get(id)}


def _put_features(
    connection: Connection,
    version: str,
    features: Mapping[PictureKey, npt.NDArray[np.float16]],
    fingerprints: Mapping[str, str],
) -> None:
    with writing(connection):
        number = _version(connection, version)
        for (id, picture), array in features.items():
            connection.execute("DELETE FROM noted WHERE id = ? AND version = ? AND picture = ?", (id, number, picture))
            row = (id, number, picture, fingerprints[id])
            key = connection.execute(
                "INSERT INTO noted (id, version, picture, fingerprint) VALUES (?, ?, ?, ?)", row
            ).lastrowid
            data = np.ascontiguousarray(array, "<f2")
            connection.execute("INSERT INTO features VALUES (?, ?, ?, ?)", (key, *data.shape, data.tobytes()))


def _version(connection: Connection, name: str) -> int:
    """The number of a version, which now is the one written to last."""
    connection.execute("INSERT OR IGNORE INTO versions (name, used) VALUES (?, 0)", (name,))
    connection.execute(
        "UPDATE versions SET used = (SELECT max(used) + 1 FROM versions) WHERE name = ?"
        " AND (used = 0 OR used < (SELECT max(used) FROM versions))",
        (name,),
    )
    return int(connection.execute("SELECT number FROM versions WHERE name = ?", (name,)).fetchone()[0])


def _put_suggestions(
    connection: Connection, suggestions: Mapping[str, Mapping[str, Suggestion]], fingerprints: Mapping[str, str]
) -> None:
    with writing(connection):
        for id, given in suggestions.items():
            connection.execute("DELETE FROM suggestions WHERE id = ?", (id,))
            connection.executemany(
                "INSERT INTO suggestions (id, field, value, probability, model, fingerprint) VALUES (?, ?, ?, ?, ?, ?)",
                [(id, field, s.value, s.probability, s.model, fingerprints[id]) for field, s in given.items()],
            )


def _summary(connection: Connection) -> NotesSummary:
    features = connection.execute(
        "SELECT v.name, count(*) FROM noted n JOIN versions v ON v.number = n.version"
        " GROUP BY v.number ORDER BY max(v.used) DESC"
    )
    suggestions = connection.execute("SELECT model, count(DISTINCT id) FROM suggestions GROUP BY model ORDER BY model")
    pages, size = (connection.execute(f"PRAGMA main.{name}").fetchone()[0] for name in ("page_count", "page_size"))
    return NotesSummary(features=dict(features), suggestions=dict(suggestions), bytes=pages * size)
