"""Part ``search``: recall@10 and queries a second by one thread, ours and the peers', in turns.

Each is searched one query a call, pinned to one processor. Recall is over 1,000 held-out queries with exact answers,
speed over others. What trades recall for speed is swept; rates at one recall lie on the line between the two nearest
points (recall on a logarithmic scale of what is missed).
"""

import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from benchmarks.million.building import built
from benchmarks.million.collection import collection
from benchmarks.million.data import Data
from benchmarks.million.peers import PEERS, Setting, installed
from benchmarks.million.report import Report
from benchmarks.million.run import Run
from benchmarks.million.subjects import Rate, Remote

__all__ = ["Point", "at_recall", "run"]

OURS = "shelfsight"
TARGET, ASKED_RATE = 0.98, 3000.0
_LEAST, _ENOUGH, _GAIN = 0.90, 0.985, 0.002


@dataclass
class Point:
    """A setting, its recall, and its rate."""

    setting: Setting
    recall: float
    rate: Rate = field(default_factory=Rate)

    def text(self) -> str:
        setting = " ".join(f"{name} {value}" for name, value in self.setting.items())
        return f"{self.recall:.4f} at {self.rate.median:,.0f}" + (f" ({setting})" if setting else "")


def run(run: Run) -> None:
    """Ours and all peers at the full size, then those that are too slow for it, with ours, at theirs."""
    report = run.report("search")
    names = [name for name in run.peers if _usable(name, report)]
    sizes = {name: min(run.data.items, run.peer_items or PEERS[name]().most or run.data.items) for name in names}
    for size in sorted({run.data.items, *sizes.values()}, reverse=True):
        _compare(run, report, run.data.first(size), [name for name in names if sizes[name] == size])


def _usable(name: str, report: Report) -> bool:
    if installed(PEERS[name]()):
        return True
    report.row(f"{name}: left out", "not installed", parameters='pip install "shelfsight[bench,milvus]"')
    return False


def _compare(run: Run, report: Report, data: Data, names: Sequence[str]) -> None:
    folders = {OURS: collection(data, run.work)}
    for name in names:
        if (folder := built(name, data, run.work)) is not None:
            folders[name] = folder
    with ExitStack() as open_ones:
        subjects = [open_ones.enter_context(Remote(name, at, data, run.cpu)) for name, at in folders.items()]
        opened = {subject.name: subject.opened() for subject in subjects}
        curves: dict[str, list[Point]] = {}
        for subject in subjects:  # ours first
            enough = max([_ENOUGH, *(point.recall for point in curves.get(OURS, []))])
            curves[subject.name] = _recalls(subject, opened[subject.name]["sweep"], enough)
        for number in range(run.rounds):
            for subject in subjects:
                _round(subject, curves[subject.name], number, run.seconds)
    _tell(report, data, opened, curves)


def _recalls(subject: Remote, sweep: Sequence[Setting], enough: float) -> list[Point]:
    """Recall of each setting, up to the first that is good enough, or to the third that gains nothing; those far too
    bad to matter are left out."""
    points: list[Point] = []
    for setting in sweep:
        points.append(Point(setting, subject.recall(setting)[0]))
        if points[-1].recall >= enough or (len(points) > 3 and points[-1].recall < points[-4].recall + _GAIN):
            break
    good = [point for point in points if point.recall >= _LEAST]
    return good or points[-1:]


def _round(subject: Remote, curve: list[Point], number: int, seconds: float) -> None:
    for point in curve:
        rate, milliseconds = subject.rate(point.setting, seconds, number * 1000)
        point.rate.rounds.append(rate)
        point.rate.milliseconds.extend(milliseconds)


def at_recall(curve: Sequence[Point], recall: float) -> float | None:
    """Queries a second at ``recall``; ``None`` where no setting reaches it. A worse recall than any that was measured
    is given the fastest setting's rate."""
    best = sorted((point for point in curve), key=lambda point: (point.recall, point.rate.median))
    above = [point for point in best if point.recall >= recall]
    below = [point for point in best if point.recall < recall]
    if not above:
        return None
    fastest = max(above, key=lambda point: point.rate.median)
    if not below:
        return fastest.rate.median
    last, first = below[-1], above[0]
    x0, x, x1 = (-math.log(max(1 - each, 1e-5)) for each in (last.recall, recall, first.recall))
    share = (x - x0) / (x1 - x0) if x1 > x0 else 1.0
    between = math.exp((1 - share) * math.log(last.rate.median) + share * math.log(first.rate.median))
    return max(between, fastest.rate.median)


def _tell(report: Report, data: Data, opened: Mapping[str, Mapping[str, Any]], curves: dict[str, list[Point]]) -> None:
    """Ours against what is asked, then ours against each peer at the recall that ours has."""
    ours = max(curves[OURS], key=lambda point: (point.recall >= TARGET, point.rate.median))
    size = f"{data.items:,} x {data.vectors.shape[1]}"
    full = data.items >= 1_000_000
    report.row(
        f"recall@10 at single-thread queries/s, {size}",
        f"{ours.text()}; p50 {ours.rate.quantile(0.5):.2f} ms, p95 {ours.rate.quantile(0.95):.2f} ms",
        asked=f"{TARGET} at {ASKED_RATE:,.0f}" if full else "",
        parameters=str(opened[OURS]["describe"]),
        met=(ours.recall >= TARGET and ours.rate.median >= ASKED_RATE) if full else None,
    )
    for name, curve in curves.items():
        report.figures[f"{name}-{data.items}"] = {
            "opened": dict(opened[name]),
            "curve": [(dict(point.setting), point.recall, point.rate.rounds) for point in curve],
        }
        if name != OURS:
            _tell_peer(report, name, curve, ours, opened[name], size)


def _tell_peer(
    report: Report, name: str, curve: list[Point], ours: Point, opened: Mapping[str, Any], size: str
) -> None:
    theirs = at_recall(curve, ours.recall)
    if theirs is None:
        best = max(curve, key=lambda point: point.recall)
        measured = f"it reaches {best.recall:.4f} at most, at {best.rate.median:,.0f}/s: {ours.text()} is ours"
        ratio = ours.rate.median / best.rate.median
        met = ratio > 1
    else:
        ratio = ours.rate.median / theirs
        measured = f"{ratio:.2f} x ({theirs:,.0f}/s at recall {ours.recall:.4f})"
        met = ratio > 1
    points = "; ".join(point.text() for point in curve)
    report.row(
        f"ahead of {name} at equal recall, {size}",
        measured,
        asked="> 1 x",
        parameters=f"{opened['describe']}; {points}",
        met=met,
    )
