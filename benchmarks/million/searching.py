"""Part ``search``: recall@10 and queries a second by one thread, ours and the peers', in turns.

Each is searched one query a call, pinned to one processor. Recall is over 1,000 held-out queries with exact answers,
speed over others. What trades recall for speed is swept; rates at one recall lie on the line between the two nearest
points (recall on a logarithmic scale of what is missed).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

from benchmarks.million.building import built
from benchmarks.million.collection import collection
from benchmarks.million.data import Data
from benchmarks.million.peers import PEERS, Setting, installed
from benchmarks.million.report import Report
from benchmarks.million.run import Run
from benchmarks.million.subjects import OUR_INDEX, OURS, Rate, Remote

__all__ = ["Point", "at_recall", "by_clock", "by_processor", "run"]

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
    folders = dict.fromkeys((OURS, OUR_INDEX), collection(data, run.work))
    for name in names:
        if (folder := built(name, data, run.work)) is not None:
            folders[name] = folder
    with ExitStack() as open_ones:
        subjects, opened = [], {}
        for name, folder in folders.items():
            subject = open_ones.enter_context(Remote(name, folder, data, run.cpu))
            with suppress(LookupError):
                opened[name] = subject.opened()
                subjects.append(subject)
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
        point.rate.add(*subject.rate(point.setting, seconds, number * 1000))


Measure = Callable[[Point], float]


def by_clock(point: Point) -> float:
    """Queries a second."""
    return point.rate.median


def by_processor(point: Point) -> float:
    """Queries a second of processor."""
    return point.rate.by_processor


def at_recall(curve: Sequence[Point], recall: float, measure: Measure = by_clock) -> float | None:
    """The rate at ``recall``; ``None`` where no setting reaches it. A worse recall than any that was measured is given
    the fastest setting's rate."""
    best = sorted(curve, key=lambda point: (point.recall, measure(point)))
    above = [point for point in best if point.recall >= recall]
    below = [point for point in best if point.recall < recall]
    if not above:
        return None
    fastest = max(measure(point) for point in above)
    if not below:
        return fastest
    last, first = below[-1], above[0]
    x0, x, x1 = (-math.log(max(1 - each, 1e-5)) for each in (last.recall, recall, first.recall))
    share = (x - x0) / (x1 - x0) if x1 > x0 else 1.0
    between = math.exp((1 - share) * math.log(measure(last)) + share * math.log(measure(first)))
    return max(between, fastest)


def _tell(report: Report, data: Data, opened: Mapping[str, Mapping[str, Any]], curves: dict[str, list[Point]]) -> None:
    """Ours against what is asked; then our index, or the store where that has none, against each peer."""
    (ours,) = curves[OURS]
    size = f"{data.items:,} x {data.vectors.shape[1]}"
    full = data.items >= 1_000_000
    report.row(
        f"recall@10 at single-thread queries/s, {size}",
        f"{ours.text()}, {ours.rate.by_processor:,.0f} a second of processor;"
        f" p50 {ours.rate.quantile(0.5):.2f} ms, p95 {ours.rate.quantile(0.95):.2f} ms",
        asked=f"{TARGET} at {ASKED_RATE:,.0f}" if full else "",
        parameters=f"snapshot.search; {opened[OURS]['describe']}",
        met=(ours.recall >= TARGET and ours.rate.median >= ASKED_RATE) if full else None,
    )
    if OUR_INDEX in curves:
        points = "; ".join(point.text() for point in curves[OUR_INDEX])
        rate = at_recall(curves[OUR_INDEX], TARGET)
        report.row(
            f"the index alone, {size}",
            "does not reach it" if rate is None else f"{rate:,.0f}/s at recall {TARGET}",
            parameters=f"{opened[OUR_INDEX]['describe']}; {points}",
        )
    for name, curve in curves.items():
        report.figures[f"{name}-{data.items}"] = {
            "opened": dict(opened[name]),
            "curve": [(dict(point.setting), point.recall, point.rate.rounds, point.rate.processor) for point in curve],
        }
        if name not in (OURS, OUR_INDEX):
            _tell_peer(report, f"{name}, {size}", curve, curves, opened[name])


def _tell_peer(
    report: Report, peer: str, curve: list[Point], curves: Mapping[str, list[Point]], opened: Mapping[str, Any]
) -> None:
    """At the recall that was asked, or at the best that the peer reaches where that is less."""
    recall = min(TARGET, max(point.recall for point in curve))
    ratios = {}
    for name, mine in (("index", curves.get(OUR_INDEX, [])), ("snapshot.search", curves[OURS])):
        found = [_ratio(mine, curve, recall, measure) for measure in (by_clock, by_processor)]
        if found[0] is not None:
            ratios[name] = found
    told = "; ".join(f"{name} {clock:.2f} x, by processor {cpu:.2f} x" for name, (clock, cpu) in ratios.items())
    report.row(
        f"ahead of {peer}, at recall {recall:.4f}",
        f"{told} (it: {at_recall(curve, recall):,.0f}/s)",
        asked="> 1 x",
        parameters=f"{opened['describe']}; {'; '.join(point.text() for point in curve)}",
        met=bool(ratios) and all(clock is not None and clock > 1 for clock, _ in ratios.values()),
    )


def _ratio(mine: Sequence[Point], theirs: Sequence[Point], recall: float, measure: Measure) -> float | None:
    a, b = at_recall(mine, recall, measure), at_recall(theirs, recall, measure)
    return None if a is None or b is None else a / b
