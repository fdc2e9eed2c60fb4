"""CSV and TSV files as a table of texts."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from shelfsight.catalog.columns import Layout
from shelfsight.catalog.lines import count_rows, is_utf8, open_text, reading
from shelfsight.catalog.tables import SAMPLE_ROWS, Row
from shelfsight.core.errors import CatalogueError, Reason
from shelfsight.core.types import Failure

__all__ = ["CsvTable"]

_DELIMITERS = ",;\t|"
_MAX_FIELD = 16 * 1024 * 1024  # an opening quote without its end would swallow the rest of the file


@dataclass(frozen=True, slots=True)
class CsvTable:
    """One or more CSV files with the same header line (the order of columns may differ).

    The delimiter (comma, semicolon, tab, bar) is the one that makes the most columns of the header.
    """

    name: str
    files: tuple[Path, ...]
    typed: bool = False

    def columns(self) -> list[str]:
        first, *others = map(_header, self.files)
        for path, header in zip(self.files[1:], others, strict=True):
            if set(header) != set(first):
                raise CatalogueError(
                    f"{self.files[0].name} and {path.name} are not shards of one catalogue: "
                    f"the columns are {', '.join(first)} and {', '.join(header)}"
                )
        return [name for name in first if name]

    def sample(self) -> Iterator[Mapping[str, object]]:
        rows = (row.values for row in self._rows() if isinstance(row, Row))
        return islice(rows, SAMPLE_ROWS)

    def rows(self, layout: Layout) -> Iterator[Row | Failure]:  # noqa: ARG002 - a line is read whole
        return self._rows()

    def count(self) -> int | None:
        return count_rows(self.files, header=1)

    def _rows(self) -> Iterator[Row | Failure]:
        for path in self.files:
            with reading(path):
                yield from _read(path)


def _header(path: Path) -> list[str]:
    with reading(path), open_text(path) as file:
        return _Reader(path, file).header


def _read(path: Path) -> Iterator[Row | Failure]:
    with open_text(path) as file:
        reader = _Reader(path, file)
        folder = path.absolute().parent
        for line, cells in reader:
            place = f"{path.name}:{line}"
            if isinstance(cells, str):
                yield Failure(reason=Reason.BAD_ROW, place=place, message=cells)
            else:
                yield Row(place, folder, dict(zip(reader.header, cells, strict=True)))


class _Lines:
    """The lines of a file for the csv module, which remembers those that the current record took."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._waiting: list[str] = []
        self.taken: list[str] = []
        self.ended = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._waiting.pop() if self._waiting else self._file.readline(_MAX_FIELD)
        if not line:
            raise StopIteration
        self.taken.append(line)
        self.ended += _ends(line)
        return line

    def push_back(self, lines: list[str]) -> None:
        self._waiting.extend(reversed(lines))
        self.ended -= sum(map(_ends, lines))


def _ends(line: str) -> bool:
    return line.endswith(("\n", "\r"))


class _Reader:
    """Records of one file as (line of its start, cells as many as the header's, or what is wrong with it)."""

    def __init__(self, path: Path, file: TextIO) -> None:
        csv.field_size_limit(max(_MAX_FIELD, csv.field_size_limit()))
        self._lines = _Lines(file)
        delimiter = self._delimiter(path)
        self._records = csv.reader(self._lines, delimiter=delimiter, strict=True)
        try:
            header = next((cells for cells in self._records if any(map(str.strip, cells))), [])
        except csv.Error as error:
            raise CatalogueError(f"{path.name} is no CSV file: {error}") from error
        self.header = [cell.strip() for cell in header]
        _check_header(path, self.header)

    def _delimiter(self, path: Path) -> str:
        if path.name.lower().removesuffix(".gz").endswith((".tsv", ".tab")):
            return "\t"
        first = next((line for line in self._lines if line.strip()), "")
        self._lines.push_back([first] if first else [])
        return max(_DELIMITERS, key=lambda delimiter: len(next(csv.reader([first], delimiter=delimiter), [])))

    def __iter__(self) -> Iterator[tuple[int, list[str] | str]]:
        while True:
            self._lines.taken = []
            start = self._lines.ended + 1
            try:
                cells = next(self._records)
            except StopIteration:
                return
            except csv.Error as error:
                problem: str | None = str(error)
            else:
                if not any(map(str.strip, cells)):
                    continue
                cells, problem = self._fit(cells)
            if problem is None:
                yield start, cells
            else:
                # An unclosed quote swallows good rows: what follows the first line is read again.
                self._lines.push_back(self._lines.taken[1:])
                yield start, problem

    def _fit(self, cells: list[str]) -> tuple[list[str], str | None]:
        width = len(self.header)
        while len(cells) > width and not cells[-1].strip():
            cells = cells[:-1]
        if len(cells) != width:
            return cells, f"{len(cells)} cells where the header has {width}"
        if not all(map(is_utf8, cells)):
            return cells, "the text is not UTF-8"
        return cells, None


def _check_header(path: Path, header: list[str]) -> None:
    if not header:
        raise CatalogueError(f"{path.name} is empty", hint="the first line names the columns")
    if not all(map(is_utf8, header)) or any("\0" in name for name in header):
        raise CatalogueError(f"{path.name} is no UTF-8 text", hint="save it as UTF-8")
    twice = {name for name in header if name and header.count(name) > 1}
    if twice:
        raise CatalogueError(f"{path.name} has two columns named {', '.join(map(repr, sorted(twice)))}")
