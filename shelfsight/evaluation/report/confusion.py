"""What was taken for what."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from shelfsight.evaluation.classification import ClassifyReport
from shelfsight.evaluation.report.markup import Html
from shelfsight.evaluation.report.plots import captioned
from shelfsight.evaluation.report.svg import GOOD, HEAT, INK, LINE, SOFT, drawing, label, labelled_margin, picture_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["confusion"]

_SHOWN = 18
_REST = "\x1fothers"
"""Shown as \"others\": the separator in front is white space to a reader, and in no value of a catalogue."""


def confusion(report: ClassifyReport, name: str = "") -> Html:
    """The confusion matrix of the values with most items; all others are one row and one column."""
    from matplotlib.patches import Rectangle

    values = _values(report)
    counts, totals = _counts(report, values)
    with drawing(0.2 + 0.26 * len(values)) as (figure, axes):
        labelled_margin(figure, values)
        _room_above(figure)
        for (own, guessed), count in counts.items():
            row, column = values.index(own), values.index(guessed)
            share = count / totals[own]
            colour = GOOD if row == column else HEAT
            axes.add_patch(Rectangle((column, row), 1, 1, facecolor=colour, alpha=0.12 + 0.58 * share, linewidth=0))
            axes.text(
                column + 0.5, row + 0.5, f"{count:,}", ha="center", va="center", color=INK, fontsize=_points(count)
            )
        axes.hlines(range(len(values) + 1), 0, len(values), color=LINE, linewidth=0.5, zorder=0)
        axes.vlines(range(len(values) + 1), 0, len(values), color=LINE, linewidth=0.5, zorder=0)
        axes.set(xlim=(0, len(values)), ylim=(len(values), 0))
        places = [number + 0.5 for number in range(len(values))]
        names = [label(number) for number in range(len(values))]
        axes.set_yticks(places, names)
        axes.set_xticks(places, names, rotation=60, ha="left", rotation_mode="anchor")
        axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False, labelcolor=SOFT)
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
        drawn = picture_of(figure, f"confusion{name}", f"Confusion matrix of {report.classes} values", values)
    side = f" ({name})" if name else ""
    return captioned(drawn, f"Confusion{side}: a row is an item's own value, a column what it was taken for.")


def _room_above(figure: "Figure") -> None:
    """As much at the top as there is at the left, for the same labels on a slope."""
    cells, above, below = figure.get_figheight(), figure.subplotpars.left * figure.get_figwidth(), 0.1
    height = cells + above + below
    figure.set_figheight(height)
    figure.subplots_adjust(bottom=below / height, top=1 - above / height)


def _values(report: ClassifyReport) -> list[str]:
    """Those with most items, by value, and the rest as one."""
    ordered = sorted(report.per_class, key=lambda value: (-report.per_class[value].items, value))
    if len(ordered) <= _SHOWN:
        return sorted(ordered)
    return [*sorted(ordered[: _SHOWN - 1]), _REST]


def _counts(report: ClassifyReport, values: list[str]) -> tuple[Mapping[tuple[str, str], int], Mapping[str, int]]:
    """(row, column) -> items, and row -> items."""
    known = set(values)
    counts: Counter[tuple[str, str]] = Counter()
    for guess in report.guesses.values():
        counts[_of(guess.own, known), _of(guess.guessed, known)] += 1
    totals: Counter[str] = Counter()
    for (own, _), count in counts.items():
        totals[own] += count
    return counts, totals


def _of(value: str, known: set[str]) -> str:
    return value if value in known else _REST


def _points(count: int) -> float:
    return 8.5 if count < 1000 else 6.5
