"""The drawings of a report on rankings. Each is a figure with a caption, or ``None`` where there is nothing to see."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from shelfsight.evaluation.comparison import Comparison, Difference
from shelfsight.evaluation.metrics import Interval, measure
from shelfsight.evaluation.ranking import EvaluationReport
from shelfsight.evaluation.report.markup import Html, element
from shelfsight.evaluation.report.svg import (
    CARD,
    LINE,
    SERIES,
    SOFT,
    drawing,
    label,
    labelled_margin,
    picture_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

__all__ = ["captioned", "curves", "differences", "distribution", "families", "gains", "scatter"]

_DEPTHS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000)
_ROUND = frozenset({1, 2, 5, 10, 20, 50, 100, 200, 500})
_ROWS = 24
_BINS = 20
_GRID = 40
_BARS = 400


def captioned(drawn: Html, caption: str) -> Html:
    return element("figure", drawn, element("figcaption", caption))


def curves(reports: Sequence[EvaluationReport]) -> Html | None:
    """Mean metrics against depth, at more depths than were asked for: the rankings are there."""
    deepest = reports[0].ks[-1]
    if deepest == 1:
        return None
    depths = sorted({depth for depth in _DEPTHS if depth < deepest} | {deepest})
    kinds = ("recall", "precision", "mrr", "ndcg") if len(reports) == 1 else ("recall", "ndcg")
    with drawing() as (figure, axes):
        for place, report in enumerate(reports):
            values = measure(report.rankings, [query.relevant for query in report.judged], depths)
            for number, kind in enumerate(kinds):
                means = [float(values[f"{kind}@{depth}"].mean()) for depth in depths]
                colour = SERIES[number if len(reports) == 1 else place]
                name = kind if len(reports) == 1 else f"{'AB'[place]} {kind}"
                axes.plot(depths, means, ("-", "--")[number % 2], color=colour, marker="o", markersize=3, label=name)
        axes.set(xscale="log", ylim=(0, 1.02), xlabel="depth k")
        shown = _ticks(depths)
        axes.set_xticks(shown, [str(depth) for depth in shown], minor=False)
        axes.set_xticks([], minor=True)
        axes.grid(axis="y")
        axes.legend(loc="best", ncols=2, handlelength=2.2)
        drawn = picture_of(figure, "curves", f"Mean metrics at depths 1 to {deepest}")
    return captioned(drawn, "Metrics against depth: the mean over all queries.")


def distribution(reports: Sequence[EvaluationReport]) -> Html:
    """How many queries have which value of the telling metric."""
    name = reports[0].telling
    with drawing() as (figure, axes):
        edges = np.linspace(0, 1, _BINS + 1)
        for place, report in enumerate(reports):
            counts, _ = np.histogram(np.clip(report.values[name], 0, 1), edges)
            if len(reports) == 1:
                axes.bar(edges[:-1], counts, width=1 / _BINS, align="edge", color=SERIES[0], edgecolor=CARD)
            else:
                axes.stairs(
                    counts,
                    edges,
                    color=SERIES[place],
                    linewidth=1.8,
                    linestyle="-" if place == 0 else "--",
                    label="AB"[place],
                )
        axes.set(xlabel=f"{name} of a query", xlim=(-0.02, 1.02), ylabel="queries")
        _whole(axes.yaxis)
        axes.grid(axis="y")
        if len(reports) > 1:
            axes.legend(loc="best")
        drawn = picture_of(figure, "distribution", f"Histogram of {name} over the queries")
    return captioned(drawn, f"How the queries spread: {name} of each.")


def families(reports: Sequence[EvaluationReport]) -> Html | None:
    """Mean and interval of the telling metric a family, the largest families."""
    first = reports[0]
    names = sorted(first.family_queries, key=lambda family: (-first.family_queries[family], family))[:_ROWS]
    if not names:
        return None
    with drawing(_height(len(names))) as (figure, axes):
        _rows(figure, axes, names)
        for place, report in enumerate(reports):
            offset = 0.0 if len(reports) == 1 else (-0.15, 0.15)[place]
            for row, family in enumerate(names):
                mean, inside = report.families[family][first.telling], report.family_intervals[family][first.telling]
                _dot(axes, row + offset, mean, inside, SERIES[place], "os"[place])
        axes.set(xlim=(-0.02, 1.02), xlabel=first.telling)
        axes.grid(axis="x")
        if len(reports) > 1:
            figure.subplots_adjust(top=1 - 0.3 / figure.get_figheight())
            _two_keys(axes)
        drawn = picture_of(figure, "families", f"{first.telling} of each family with its interval", names)
    more = len(first.family_queries) - len(names)
    rest = f" The {_ROWS} largest of {len(first.family_queries)} families." if more else ""
    return captioned(drawn, f"Families: mean {first.telling} with its 95 % interval.{rest}")


def differences(comparison: Comparison) -> Html:
    """A minus B with its interval: the headline metrics, and the telling metric of each family."""
    rows: list[tuple[str, Difference]] = [(name, comparison.metrics[name]) for name in comparison.a.headline]
    telling = comparison.a.telling
    counts = comparison.a.family_queries
    largest = sorted(counts, key=lambda family: (-counts[family], family))[:_ROWS]
    rows += [(family, comparison.families[family][telling]) for family in largest]
    names = [name for name, _ in rows]
    with drawing(_height(len(rows))) as (figure, axes):
        _rows(figure, axes, names)
        axes.axvline(0, color=SOFT, linewidth=1)
        for row, each in enumerate(each for _, each in rows):
            colour = SOFT if each.better is None else SERIES["AB".index(each.better)]
            _dot(axes, row, each.difference, each.interval, colour, "s" if each.better == "B" else "o")
        if largest:
            axes.axhline(len(comparison.a.headline) - 0.5, color=LINE, linewidth=1)
        reach = 1.1 * max(0.02, *(max(abs(each.interval.low), abs(each.interval.high)) for _, each in rows))
        axes.set(xlim=(-reach, reach), xlabel="← B better · A - B · A better →")
        axes.grid(axis="x")
        drawn = picture_of(figure, "differences", "A minus B with 95 % intervals", names)
    below = f" Below the line: {telling} of each family." if largest else ""
    return captioned(
        drawn, f"Paired differences with their 95 % intervals; grey where not significant after correction.{below}"
    )


def scatter(comparison: Comparison) -> Html:
    """A against B, a point a query; equal ones make a larger point."""
    name = comparison.a.telling
    places = np.rint(np.stack([comparison.b.values[name], comparison.a.values[name]], axis=1) * _GRID) / _GRID
    points, counts = np.unique(places, axis=0, return_counts=True)
    sizes = 14 + 500 * counts / counts.max() if counts.max() > 1 else np.full(len(counts), 20.0)
    sides = [SERIES[0] if y > x else SERIES[1] if y < x else SOFT for x, y in points]
    with drawing(3.6) as (figure, axes):
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle=":")
        axes.scatter(points[:, 0], points[:, 1], s=sizes, c=sides, alpha=0.55, edgecolors=CARD, linewidths=0.8)
        axes.set(xlim=(-0.06, 1.06), ylim=(-0.06, 1.06), xlabel=f"B: {name}", ylabel=f"A: {name}")
        axes.grid()
        drawn = picture_of(figure, "scatter", f"{name} of each query under A against under B")
    return captioned(
        drawn, "Each query under A and under B. Above the line A is better; larger points are more queries."
    )


def gains(comparison: Comparison) -> Html:
    """Every query's difference, the greatest gain of A first."""
    moved = np.sort(comparison.differences())[::-1]
    shown = _thinned(moved)
    edges = np.linspace(0, len(moved), len(shown) + 1)
    with drawing(3.6) as (figure, axes):
        for colour, values in ((SERIES[0], np.maximum(shown, 0)), (SERIES[1], np.minimum(shown, 0))):
            axes.stairs(values, edges, fill=True, color=colour)
        axes.axhline(0, color=SOFT, linewidth=1)
        axes.set_yticks([-1, -0.5, 0, 0.5, 1])
        axes.set(xlim=(0, len(moved)), ylim=(-1.05, 1.05), xlabel="queries, by difference", ylabel="A - B")
        _whole(axes.xaxis)
        axes.grid(axis="y")
        drawn = picture_of(figure, "gains", "Differences of all queries in order")
    each = comparison.metrics[comparison.a.telling]
    told = f"A is better on {each.wins:,} queries, B on {each.losses:,}; {each.ties:,} are ties"
    return captioned(drawn, f"{told} ({comparison.a.telling}).")


def _thinned(ordered: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """At most 400 of them, evenly spaced."""
    if len(ordered) <= _BARS:
        return ordered
    return np.take(ordered, np.linspace(0, len(ordered) - 1, _BARS).round().astype(int))


def _ticks(depths: Sequence[int]) -> list[int]:
    """Depths to write at an axis: all where they are few, else those of 1, 2 and 5 that leave room for the last."""
    if len(depths) <= 8:
        return list(depths)
    round_ones = [depth for depth in depths if depth in _ROUND and depth * 1.7 < depths[-1]]
    return [*round_ones, depths[-1]]


def _height(rows: int) -> float:
    return 0.75 + 0.24 * max(rows, 3)


def _rows(figure: "Figure", axes: "Axes", names: Sequence[str]) -> None:
    """A row a name, the first at the top."""
    labelled_margin(figure, names)
    figure.subplots_adjust(bottom=0.5 / figure.get_figheight(), top=1 - 0.08 / figure.get_figheight())
    axes.set_yticks(range(len(names)), [label(number) for number in range(len(names))])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)


def _dot(axes: "Axes", row: float, mean: float, inside: Interval, colour: str, marker: str) -> None:
    axes.plot([inside.low, inside.high], [row, row], color=colour, linewidth=2, solid_capstyle="butt")
    axes.plot([mean], [row], color=colour, marker=marker, markersize=6, markeredgecolor=CARD, markeredgewidth=0.6)


def _two_keys(axes: "Axes") -> None:
    for colour, marker, name in zip(SERIES, "os", "AB", strict=False):
        axes.plot([], [], color=colour, marker=marker, markersize=5.5, label=name)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderpad=0, handlelength=1)


def _whole(axis: "Axis") -> None:
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True, nbins=6))
