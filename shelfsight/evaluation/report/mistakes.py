"""Pictures that were taken for something else."""

from collections.abc import Sequence

from shelfsight.evaluation.classification import ClassifyReport
from shelfsight.evaluation.comparison import ClassifyComparison
from shelfsight.evaluation.report.markup import Html, element, user_text
from shelfsight.evaluation.report.side import Side
from shelfsight.evaluation.report.strips import tile

__all__ = ["disagreements", "mistakes"]

_ITEMS = 8
_GROUPS = 6


def mistakes(report: ClassifyReport, side: Side, count: int) -> list[Html]:
    """A strip for each of the ``count`` most frequent pairs of own value and guess."""
    strips = []
    for own, guessed, ids in report.confusions()[:count]:
        told = element("h3", user_text(own, 60), " taken for ", user_text(guessed, 60))
        strips.append(element("article", told, _count(ids), _tiles(side, ids[:_ITEMS]), class_="card strip"))
    return strips


def disagreements(comparison: ClassifyComparison, sides: Sequence[Side], count: int) -> list[Html]:
    """Items that only one side gets right, as A knows them: B's first, at most ``count`` strips."""
    losses, wins = comparison.extremes()
    strips = []
    for name, ids, wrong in (("B", losses, comparison.a), ("A", wins, comparison.b)):
        if not ids:
            continue
        shown = ids[: _ITEMS * _GROUPS]
        guesses = {id: f"{wrong.guesses[id].own} → {wrong.guesses[id].guessed}" for id in shown}
        tiles = [tile(sides[0], id, guesses, rank="", kind="mistaken") for id in shown]
        told = element("h3", f"Only {name} is right")
        strips.append(element("article", told, _count(ids), element("ol", *tiles, class_="hits"), class_="card strip"))
    return strips[:count]


def _count(ids: Sequence[str]) -> Html:
    return element("p", f"{len(ids):,} {'items' if len(ids) > 1 else 'item'}", class_="meta")


def _tiles(side: Side, ids: Sequence[str]) -> Html:
    titles = side.titles(ids)
    return element("ol", *(tile(side, id, titles, rank="", kind="mistaken") for id in ids), class_="hits")
