"""The ledger, which is the truth, and the sealed vectors that it names."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from shlex import quote

import numpy as np

from shelfsight.api.doctor.collection import Subject
from shelfsight.api.doctor.finding import Finding, error, note, warning
from shelfsight.api.doctor.reading import SQLITE, database, intact
from shelfsight.core.errors import CorruptCollection
from shelfsight.core.vectors import FloatArray
from shelfsight.stores.ledger import DATABASE, Ledger, SegmentRow
from shelfsight.stores.segments import SEGMENTS, map_segment

__all__ = ["CHECKS", "ledger_file"]

_SAMPLE = 256
_TOLERANCE = 1e-2


def ledger_file(subject: Subject) -> Iterator[Finding]:
    """SQLite finds its file in order."""
    file = subject.folder / DATABASE
    try:
        with database(file) as connection:
            wrong = intact(connection)
            if wrong is None:
                yield from _records(connection, subject)
    except FileNotFoundError:
        yield error("ledger_missing", f"{file} is missing", _restore(subject))
        return
    except SQLITE as fault:
        wrong = str(fault)
    if wrong is not None:
        yield error("ledger_damaged", f"{file} is damaged: {wrong}", _restore(subject))


def segment_files(subject: Subject) -> Iterator[Finding]:
    """Sealed vectors are there, as long as they were sealed, and vectors."""
    for segment in _segments(subject):
        path = subject.folder / SEGMENTS / segment.name
        try:
            vectors = map_segment(path, len(segment.vector_ids), subject.header.encoder.dimension)
        except FileNotFoundError:
            yield error("segment_missing", f"the vectors {path} are missing", _restore(subject))
        except (CorruptCollection, OSError) as fault:
            yield error("segment_damaged", str(fault), _restore(subject))
        else:
            yield from _lengths(path, vectors, subject)


def vectors_of_items(subject: Subject) -> Iterator[Finding]:
    """Every picture has its vector."""
    if subject.header.store == "milvus":
        return
    with _reading(subject) as connection:
        ledger = Ledger(connection, subject.header.encoder.dimension)
        known = [segment.vector_ids for segment in ledger.segments()]
        waiting = [row[0] for row in connection.execute("SELECT vector_id FROM delta")]
        ids = np.unique(np.concatenate([*known, np.array(waiting, np.int64)]))
        spans = connection.execute("SELECT first_vector, pictures FROM items").fetchall()
        firsts, counts = np.array(spans, np.int64).reshape(-1, 2).T
        there = np.searchsorted(ids, firsts + counts) - np.searchsorted(ids, firsts)
        without = int(np.count_nonzero(there != counts))
        if without:
            named = connection.execute(
                "SELECT id FROM items WHERE first_vector = ?", (int(firsts[np.argmax(there != counts)]),)
            ).fetchone()
            text = f"{without:,} items have no vectors, such as {named[0]!r}"
            yield error("vectors_missing", text, _restore(subject))


def stray_segments(subject: Subject) -> Iterator[Finding]:
    """Vector files that no commit knows."""
    from shelfsight.stores.ann.sidecar import SUFFIXES

    known = {segment.name for segment in _segments(subject)}
    folder = subject.folder / SEGMENTS
    if not folder.is_dir():
        return
    stray = [
        file
        for file in folder.iterdir()
        if file.name not in known and (file.suffix not in SUFFIXES or file.with_suffix(".npy").name not in known)
    ]
    if stray:
        size = sum(file.stat().st_size for file in stray) / 1e6
        text = f"{len(stray)} files in {folder} belong to no commit ({size:.0f} MB): a crash left them"
        yield note("segment_stray", text, f"the next indexing job deletes them: {subject.again}")


def log_file(subject: Subject) -> Iterator[Finding]:
    """The log of SQLite is copied into its file by every job; one that grows has a reader that never ends."""
    log = subject.folder / f"{DATABASE}-wal"
    size = log.stat().st_size if log.exists() else 0
    if size > 1 << 30:
        text = f"{log} has {size / 1e9:.1f} GB: some program reads the collection and does not end"
        yield warning("ledger_log_large", text, "restart the servers that have it open, then index again")


def _records(connection: sqlite3.Connection, subject: Subject) -> Iterator[Finding]:
    from shelfsight.stores.records import decode

    for id, record in connection.execute("SELECT id, record FROM items"):
        try:
            decode(id, record)
        except (ValueError, TypeError, RecursionError) as fault:
            text = f"the record of item {id!r} cannot be read: {fault}"
            cure = "delete the item; the next indexing job brings it back"
            yield error("record_damaged", text, cure, command=f"shelfsight delete {quote(id)} -c {subject.shown}")
            return


def _lengths(path: Path, vectors: FloatArray, subject: Subject) -> Iterator[Finding]:
    """A sample of rows has length 1."""
    rows = np.linspace(0, len(vectors) - 1, num=min(_SAMPLE, len(vectors)), dtype=np.int64)
    norms = np.linalg.norm(np.asarray(vectors[rows]), axis=1)
    wrong = ~(np.abs(norms - 1.0) < _TOLERANCE)
    if wrong.any():
        text = f"{path} holds rows that are no vectors of length 1: its row {rows[np.argmax(wrong)]}, for one"
        yield error("segment_damaged", text, _restore(subject))


def _segments(subject: Subject) -> list[SegmentRow]:
    with _reading(subject) as connection:
        return Ledger(connection, subject.header.encoder.dimension).segments()


def _reading(subject: Subject) -> AbstractContextManager[sqlite3.Connection]:
    return database(subject.folder / DATABASE)


def _restore(subject: Subject) -> str:
    return (
        f"move {subject.shown} away, then make it anew: shelfsight restore BACKUP -c {subject.shown}, or "
        f"shelfsight index CATALOGUE -c {subject.shown}"
    )


CHECKS = (segment_files, vectors_of_items, stray_segments, log_file)
