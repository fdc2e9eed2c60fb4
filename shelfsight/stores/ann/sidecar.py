"""What lies beside a sealed segment: ``NAME.index``, the finder, and ``NAME.json``, its plans and report.

The note is published after the index and holds its checksum: a pair that is not whole, or not of this segment, is as
good as none. Then searches of the segment are exact, until maintenance makes both anew.
"""

import json
import threading
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from shelfsight.core.protocols import IndexReport
from shelfsight.stores.ann.finding import Finder
from shelfsight.stores.ann.plans import Plans
from shelfsight.stores.files import publish
from shelfsight.stores.segments import SEGMENTS

__all__ = ["SUFFIXES", "Indexes", "Note", "index_of", "index_report", "publish_index", "read_note", "whole"]

SUFFIXES = (".index", ".json")
"""Of the files beside ``NAME.npy``."""
_FORMAT = 1
_STEP = 1 << 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is known of an index without reading it. ``trained``: see :class:`~shelfsight.stores.ann.finding.Finder`."""

    rows: int
    trained: int
    size: int
    crc32: int
    plans: Plans
    report: IndexReport


def index_of(segment: Path) -> Path:
    """Where the index of a segment is, if it has one."""
    return segment.with_suffix(".index")


def publish_index(segment: Path, finder: Finder, plans: Plans, report: IndexReport) -> None:
    """Write both files; durable on return."""
    sums: list[_Summed] = []

    def write(file: BinaryIO) -> None:
        sums.append(_Summed(file))
        finder.write(sums[0])  # type: ignore[arg-type]

    publish(index_of(segment), write)
    note = {
        "format": _FORMAT,
        "rows": finder.rows,
        "trained": finder.trained,
        "size": sums[0].size,
        "crc32": sums[0].crc32,
        "plans": plans.as_json(),
        "report": asdict(report),
    }
    text = json.dumps(note, indent=1) + "\n"
    publish(segment.with_suffix(".json"), lambda file: file.write(text.encode()))


def read_note(segment: Path) -> Note | None:
    """What lies beside ``segment``; ``None`` where that is nothing, or makes no sense."""
    try:
        found = json.loads(segment.with_suffix(".json").read_bytes())
        if found["format"] != _FORMAT:
            return None
        return Note(
            rows=int(found["rows"]),
            trained=int(found["trained"]),
            size=int(found["size"]),
            crc32=int(found["crc32"]),
            plans=Plans.from_json(found["plans"]),
            report=IndexReport(**found["report"]),
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def whole(segment: Path, note: Note) -> bool:
    """Whether the index beside ``segment`` is what the note says, byte for byte."""
    try:
        if index_of(segment).stat().st_size != note.size:
            return False
        total = 0
        with index_of(segment).open("rb") as file:
            while part := file.read(_STEP):
                total = zlib.crc32(part, total)
    except OSError:
        return False
    return total == note.crc32


def index_report(path: Path) -> IndexReport | None:
    """Of the collection at ``path``: the report of its largest index, with the rows and memory of all of them."""
    notes = [note for file in sorted((path / SEGMENTS).glob("*.npy")) if (note := read_note(file)) is not None]
    return _together([note.report for note in notes]) if notes else None


def _together(reports: Sequence[IndexReport]) -> IndexReport:
    largest = max(reports, key=lambda report: report.vectors)
    rows = sum(report.vectors for report in reports)
    memory = sum(report.bytes_per_vector * report.vectors for report in reports)
    fields = asdict(largest) | {"vectors": rows, "bytes_per_vector": round(memory / max(1, rows), 1)}
    return IndexReport(**fields)


class Indexes:
    """Those of the collection at ``path``, watched for new ones."""

    def __init__(self, path: Path, *, watched: bool) -> None:
        self._folder = path / SEGMENTS
        self._watched = watched
        self._lock = threading.Lock()
        self._changed = -1
        self._known: set[str] = set()
        self.outdated()

    def outdated(self) -> bool:
        """Whether there is an index that was not there when this was last asked."""
        if not self._watched:
            return False
        try:
            changed = self._folder.stat().st_mtime_ns
            if changed == self._changed:
                return False
            names = {file.name for file in self._folder.glob("*.json")}
        except OSError:  # whoever reads a segment next will say so
            return False
        with self._lock:
            new = names - self._known
            self._changed, self._known = changed, names
        return bool(new)


class _Summed:
    """A file that is written, and its size and checksum."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = 0
        self.crc32 = 0

    def write(self, part: bytes) -> int:
        self.size += len(part)
        self.crc32 = zlib.crc32(part, self.crc32)
        return self._file.write(part)
