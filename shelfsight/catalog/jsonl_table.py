"""JSON Lines files as a table."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from shelfsight.catalog.columns import Layout
from shelfsight.catalog.lines import MAX_LINE, count_rows, is_utf8, open_text, reading
from shelfsight.catalog.tables import SAMPLE_ROWS, Row
from shelfsight.core.errors import CatalogueError, Reason
from shelfsight.core.types import Failure

__all__ = ["JsonlTable"]


@dataclass(frozen=True, slots=True)
class JsonlTable:
    """One or more files with one JSON object a line. A key first met after the sample is metadata."""

    name: str
    files: tuple[Path, ...]
    typed: bool = True

    def columns(self) -> list[str]:
        names = list(dict.fromkeys(name for values in self.sample() for name in values))
        if not names:
            raise CatalogueError(f"{self.name} has no line that is a JSON object")
        return names

    def sample(self) -> Iterator[Mapping[str, object]]:
        rows = (row.values for row in self._rows() if isinstance(row, Row))
        return islice(rows, SAMPLE_ROWS)

    def rows(self, layout: Layout) -> Iterator[Row | Failure]:  # noqa: ARG002 - a line is read whole
        return self._rows()

    def count(self) -> int | None:
        return count_rows(self.files)

    def _rows(self) -> Iterator[Row | Failure]:
        for path in self.files:
            with reading(path):
                yield from _read(path)


def _read(path: Path) -> Iterator[Row | Failure]:
    folder = path.absolute().parent
    for number, line in _numbered_lines(path):
        place = f"{path.name}:{number}"
        values = "longer than a line may be" if line is None else _parse(line)
        if isinstance(values, str):
            yield Failure(reason=Reason.BAD_ROW, place=place, message=values)
        else:
            yield Row(place, folder, values)


def _numbered_lines(path: Path) -> Iterator[tuple[int, str | None]]:
    """(number from 1, line), blank lines left out; ``None`` for a line that is too long to keep."""
    number = 0
    with open_text(path) as file:
        while line := file.readline(MAX_LINE):
            number += 1
            if line.strip():
                whole = len(line) < MAX_LINE or line.endswith("\n")
                yield number, line if whole else None
                while not whole:
                    rest = file.readline(MAX_LINE)
                    whole = not rest or rest.endswith("\n")


def _parse(line: str) -> dict[str, object] | str:
    if not is_utf8(line):
        return "the text is not UTF-8"
    try:
        values = json.loads(line)
    except RecursionError:
        return "nested too deep"
    except ValueError as error:
        return f"no JSON: {error}"
    return values if isinstance(values, dict) else "no JSON object"
