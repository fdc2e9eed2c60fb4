"""Rows of the table: printed as they come, kept as JSON, so that a part can be run again alone."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Report", "Row", "published", "table"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """Attributes: ``asked`` is empty where nothing is; ``met`` is ``None`` where nothing is asked or nobody can say."""

    what: str
    measured: str
    asked: str = ""
    parameters: str = ""
    met: bool | None = None

    def line(self) -> str:
        verdict = {True: "yes", False: "NO", None: ""}[self.met]
        return f"| {self.what} | {self.asked} | {self.measured} | {verdict} | {self.parameters} |"


@dataclass
class Report:
    """What one part found. Figures that no row shows are in ``figures``, by name."""

    part: str
    folder: Path
    rows: list[Row] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    def row(self, what: str, measured: str, *, asked: str = "", parameters: str = "", met: bool | None = None) -> None:
        self.rows.append(Row(what=what, measured=measured, asked=asked, parameters=parameters, met=met))
        print(self.rows[-1].line(), flush=True)
        self.save()

    def save(self) -> None:
        content = {"part": self.part, "rows": [asdict(row) for row in self.rows], "figures": self.figures}
        self.folder.mkdir(parents=True, exist_ok=True)
        published(self.folder / f"{self.part}.json", content)


def published(file: Path, content: Mapping[str, Any]) -> None:
    """Whole or not at all."""
    half = file.with_suffix(".half")
    half.write_text(json.dumps(content, indent=1, default=float) + "\n")
    half.replace(file)


def table(folder: Path, parts: list[str]) -> str:
    """All rows that are there, as one table."""
    lines = ["| what | asked | measured | met | parameters |", "|---|---|---|---|---|"]
    for part in parts:
        file = folder / f"{part}.json"
        if file.exists():
            lines += [Row(**row).line() for row in json.loads(file.read_text())["rows"]]
    return "\n".join(lines)
