"""What every part is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.million.data import Data
from benchmarks.million.report import Report

__all__ = ["Run"]


@dataclass(frozen=True, kw_only=True)
class Run:
    """Attributes:
    work: folder where everything is kept.
    peers: names of those that are compared.
    peer_items: the most items that peers get; ``None``: each what it can bear.
    rounds, seconds: how often each setting is timed, and for how long at a time.
    cpu: the processor that single threads are pinned to.
    """

    data: Data
    work: Path
    peers: Sequence[str]
    peer_items: int | None = None
    rounds: int = 5
    seconds: float = 0.5
    cpu: int = 0

    def report(self, part: str) -> Report:
        return Report(part, self.results)

    @property
    def results(self) -> Path:
        return self.work / "results" / f"{self.data.folder.name}-{self.data.items}"
