"""Sealing the delta, compacting segments, removing what a crash left. One maintainer a collection at a time."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shelfsight.core.vectors import FloatArray
from shelfsight.stores.ann.building import Indexer, Source
from shelfsight.stores.ann.sidecar import SUFFIXES
from shelfsight.stores.erasing import asked
from shelfsight.stores.files import TEMPORARY, is_left, locked, publish
from shelfsight.stores.ledger import Ids, Ledger, SegmentRow, connect, reading, writing
from shelfsight.stores.segments import SEGMENTS, map_segment, new_name, write_segment

__all__ = ["MAINTAIN_LOCK", "Maintenance", "living"]

MAINTAIN_LOCK = "maintain.lock"
_SMALL = 65_536
_MANY = 8
_DEAD_SHARE = 0.3
_BESIDE = 0.25
_SEVERAL = 3
_REMEMBERED = 10_000
_BATCH = 16_384


@dataclass(frozen=True, slots=True, eq=False)
class _Victim:
    """A segment to be written anew with the rows of ``keep`` alone."""

    segment: SegmentRow
    keep: np.ndarray[tuple[int], np.dtype[np.bool_]]


class Maintenance:
    """Housekeeping of the collection at ``path``, over a connection of its own. Files are written outside
    the write lock; only the registration of what was written takes it, so commits go through meanwhile."""

    def __init__(self, path: Path, dimension: int, indexer: Indexer | None = None) -> None:
        """
        Args:
            indexer: makes what lies beside segments; ``None``: nothing does.
        """
        self._path = path
        self._segments = path / SEGMENTS
        self._dimension = dimension
        self._indexer = indexer

    def run(self) -> None:
        """Everything; waits for another maintainer to end."""
        with closing(connect(self._path)) as connection, locked(self._path / MAINTAIN_LOCK, wait=True):
            self._seal(connection, compact=True)
            self._index(connection)
            self._forget(connection)
            self._sweep(connection)
            connection.execute("PRAGMA busy_timeout = 0")  # waiting for a reader here would keep writers out
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @contextmanager
    def alone(self, *, wait: bool) -> Iterator[sqlite3.Connection | None]:
        """A connection while nobody else maintains; ``None`` where somebody does, unless ``wait``."""
        with closing(connect(self._path)) as connection, locked(self._path / MAINTAIN_LOCK, wait=wait) as lock:
            yield None if lock is None else connection

    def purge(self, connection: sqlite3.Connection) -> None:
        """Write anew, one by one, all segments with a row that no item has, and remove what no commit knows. Inside
        :meth:`alone`. Whoever has the old files open or mapped keeps them; copies that a backup has stay as they are.
        """
        with reading(connection):
            segments = Ledger(connection, self._dimension).segments()
            found = self._judged(connection, segments)
        for victim in found:
            if not victim.keep.all():
                self._rewrite(connection, victim)
        self._sweep(connection)

    def _rewrite(self, connection: sqlite3.Connection, victim: _Victim) -> None:
        """A segment by one with the rows that are kept, in their order."""
        ids = victim.segment.vector_ids[victim.keep]
        old = self._segments / victim.segment.name
        name = new_name()
        if len(ids):
            parts = self._parts([victim], np.zeros((0, self._dimension), np.float32))
            publish(self._segments / name, lambda file: write_segment(file, len(ids), self._dimension, parts))
            self._index_without(self._segments / name, victim)
        with writing(connection):
            connection.execute("DELETE FROM segments WHERE name = ?", (victim.segment.name,))
            if len(ids):
                row = (name, int(ids.max()), ids.astype("<i8").tobytes())
                connection.execute("INSERT INTO segments VALUES (?, ?, ?)", row)
        _remove(old)

    def _index_without(self, segment: Path, victim: _Victim) -> None:
        """An index beside ``segment`` where there was one beside the victim."""
        old = self._segments / victim.segment.name
        if self._indexer is None or self._indexer.missing(old):
            return
        vectors = map_segment(segment, int(np.count_nonzero(victim.keep)), self._dimension)
        gone = map_segment(old, len(victim.keep), self._dimension)[~victim.keep]
        self._indexer.without(segment, np.asarray(vectors), Source(old, victim.keep), gone)

    def seal(self) -> None:
        """The delta to a segment; nothing if another maintainer is at work."""
        with closing(connect(self._path)) as connection, locked(self._path / MAINTAIN_LOCK, wait=False) as lock:
            if lock is not None:
                self._seal(connection, compact=False)

    def _seal(self, connection: sqlite3.Connection, *, compact: bool) -> None:
        ledger = Ledger(connection, self._dimension)
        with reading(connection):
            delta_ids, delta = ledger.delta()
            victims = self._victims(connection, ledger.segments(), len(delta_ids)) if compact else []
        kept = [victim.segment.vector_ids[victim.keep] for victim in victims]
        ids = np.concatenate([*kept, delta_ids])
        if not len(ids) and not victims:
            return
        name = new_name()
        if len(ids):
            parts = self._parts(victims, delta)
            publish(self._segments / name, lambda file: write_segment(file, len(ids), self._dimension, parts))
            if victims:
                self._index_one(name, len(ids), len(ids), victims)
        with writing(connection):
            for victim in victims:
                connection.execute("DELETE FROM segments WHERE name = ?", (victim.segment.name,))
            if len(ids):
                row = (name, int(ids.max()), ids.astype("<i8").tobytes())
                connection.execute("INSERT INTO segments VALUES (?, ?, ?)", row)
            if len(delta_ids):
                connection.execute("DELETE FROM delta WHERE vector_id <= ?", (int(delta_ids.max()),))
        for victim in victims:
            _remove(self._segments / victim.segment.name)

    def _index(self, connection: sqlite3.Connection) -> None:
        """Beside segments that are worth it and lack it, or have it damaged."""
        if self._indexer is None:
            return
        with reading(connection):
            segments = Ledger(connection, self._dimension).segments()
        total = sum(len(segment.vector_ids) for segment in segments)
        for segment in segments:
            if self._indexer.missing(self._segments / segment.name):
                self._index_one(segment.name, len(segment.vector_ids), total, ())

    def _index_one(self, name: str, rows: int, total: int, victims: Sequence[_Victim]) -> None:
        if self._indexer is None or not self._indexer.worth(rows, total):
            return
        sources = [Source(self._segments / victim.segment.name, victim.keep) for victim in victims]
        path = self._segments / name
        self._indexer.build(path, np.asarray(map_segment(path, rows, self._dimension)), sources)

    def _victims(self, connection: sqlite3.Connection, segments: list[SegmentRow], delta: int) -> list[_Victim]:
        """Segments with much that is dead, small ones once they are many, and where there are indexes, those that a
        search had better find in one."""
        found = self._judged(connection, segments)
        small = [victim for victim in found if len(victim.keep) < _SMALL]
        many = len(small) > _MANY
        scattered = self._scattered(found, delta)
        return [v for v in found if v in scattered or np.mean(~v.keep) > _DEAD_SHARE or (many and len(v.keep) < _SMALL)]

    def _judged(self, connection: sqlite3.Connection, segments: Sequence[SegmentRow]) -> list[_Victim]:
        """Of each segment, which rows items have."""
        spans = Ledger(connection, self._dimension).spans()
        return [_Victim(segment, living(segment.vector_ids, spans)) for segment in segments]

    def _scattered(self, segments: Sequence[_Victim], delta: int) -> Sequence[_Victim]:
        """Of an indexed collection all segments, where what is beside the largest is much; else those beside it, where
        they are several. So one large index serves nearly all, and a row is copied a few times as it grows."""
        sizes = [len(each.keep) for each in segments]
        total = sum(sizes) + delta
        if self._indexer is None or not segments or not self._indexer.worth(total, total):
            return ()
        largest = int(np.argmax(sizes))
        if total - sizes[largest] > _BESIDE * sizes[largest]:
            return segments
        others = [each for i, each in enumerate(segments) if i != largest]
        return others if len(others) >= _SEVERAL else ()

    def _parts(self, victims: list[_Victim], delta: FloatArray) -> Iterator[FloatArray]:
        for victim in victims:
            path = self._segments / victim.segment.name
            vectors = map_segment(path, len(victim.keep), self._dimension)
            for start in range(0, len(vectors), _BATCH):
                part = slice(start, start + _BATCH)
                yield vectors[part][victim.keep[part]]
        yield delta

    def _forget(self, connection: sqlite3.Connection) -> None:
        """Drop marks of deletions once they are many; a reader from before them reads everything anew. An erasure that
        is not ended needs them still."""
        with writing(connection):
            if asked(connection) is not None:
                return
            marks, items = connection.execute(
                "SELECT (SELECT count(*) FROM deleted), (SELECT count(*) FROM items)"
            ).fetchone()
            if marks > max(_REMEMBERED, items):
                connection.execute("DELETE FROM deleted")
                connection.execute(
                    "UPDATE counters SET value = (SELECT value FROM counters WHERE name = 'generation')"
                    " WHERE name = 'forgotten'"
                )

    def _sweep(self, connection: sqlite3.Connection) -> None:
        """Remove files that no commit knows: a crash fell between writing and registering them. The
        maintainer's lock is held, so nobody is between the two now."""
        known = {row[0] for row in connection.execute("SELECT name FROM segments")}
        for file in self._segments.iterdir():
            if file.name not in known and (file.suffix not in SUFFIXES or file.with_suffix(".npy").name not in known):
                file.unlink(missing_ok=True)
        for file in filter(is_left, self._path.glob(f"*{TEMPORARY}")):
            file.unlink(missing_ok=True)


def _remove(segment: Path) -> None:
    """A segment and what lies beside it, which goes first: without its segment it is nothing."""
    for suffix in SUFFIXES:
        segment.with_suffix(suffix).unlink(missing_ok=True)
    segment.unlink(missing_ok=True)


def living(ids: Ids, spans: Ids) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which of ``ids`` belong to an item; ``spans``: :meth:`~shelfsight.stores.ledger.Ledger.spans`."""
    if not len(spans):
        return np.zeros(len(ids), np.bool_)
    item = np.searchsorted(spans[:, 0], ids, side="right") - 1
    return np.asarray((item >= 0) & (ids < spans[item, 0] + spans[item, 1]))
