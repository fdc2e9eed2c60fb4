"""A report from its head to its foot."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from shelfsight.evaluation.classification import ClassifyReport
from shelfsight.evaluation.comparison import LEVEL, ClassifyComparison, Comparison
from shelfsight.evaluation.ranking import EvaluationReport
from shelfsight.evaluation.report import notes, plots, tables
from shelfsight.evaluation.report.confusion import confusion
from shelfsight.evaluation.report.markup import Html, element, join, user_text
from shelfsight.evaluation.report.mistakes import disagreements, mistakes
from shelfsight.evaluation.report.side import Side
from shelfsight.evaluation.report.strips import comparison_strips, worst_strips
from shelfsight.evaluation.report.style import STYLE
from shelfsight.evaluation.report.svg import require_matplotlib

__all__ = ["Reportable", "render"]

Reportable = EvaluationReport | ClassifyReport | Comparison | ClassifyComparison

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def render(report: Reportable, sides: Sequence[Side], *, worst: int = 10) -> str:
    """The report as one HTML document: no scripts, nothing from the network, every text escaped.

    Args:
        report: what was measured.
        sides: the collection it was measured on; A's and B's for a comparison.
        worst: how many strips of pictures at most.

    Returns:
        The document. Half characters and control characters are replaced, so UTF-8 can always encode it.

    Raises:
        MissingExtra: Matplotlib is not installed.
    """
    require_matplotlib()
    if isinstance(report, Comparison):
        title, body = " against ".join(side.name for side in sides), _comparison(report, sides, worst)
    elif isinstance(report, ClassifyComparison):
        title, body = " against ".join(side.name for side in sides), _class_comparison(report, sides, worst)
    elif isinstance(report, ClassifyReport):
        title, body = sides[0].name, _classes(report, sides[0], worst)
    else:
        title, body = sides[0].name, _rankings(report, sides[0], worst)
    return _page(title, body)


def _page(title: str, body: Html) -> str:
    named = join("Evaluation: ", user_text(title, 200))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"Evaluation: {title[:200]}"),
        element("style", Html(STYLE)),
    )
    made = element("p", f"Made by Shelfsight, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.", class_="soft")
    main = element("main", element("h1", named), made, body)
    return "<!doctype html>\n" + element("html", head, element("body", main), lang="en") + "\n"


def _rankings(report: EvaluationReport, side: Side, worst: int) -> Html:
    facts = {"queries": f"{report.queries:,}", "judged ids not in it": f"{report.absent:,}"}
    drawn = [plots.curves([report]), plots.distribution([report]), plots.families([report])]
    return join(
        _sides([side], [facts]),
        tables.tiles(report),
        _section("Metrics", "Means over the queries with 95 % bootstrap intervals.", tables.headline_table(report)),
        _plots(drawn),
        _section("Families", "", tables.families_table(report)) if report.families else Html(),
        _strips("Worst queries", _worst_told(report), worst_strips(report, side, worst)),
        notes.rankings(compared=False),
    )


def _worst_told(report: EvaluationReport) -> str:
    values = report.values[report.telling]
    lost = int((values == 0).sum())
    told = f"By {report.telling}, worst first."
    return f"{told} {lost:,} of {report.queries:,} queries found nothing relevant." if lost else told


def _comparison(comparison: Comparison, sides: Sequence[Side], worst: int) -> Html:
    reports = [comparison.a, comparison.b]
    facts = [{"queries": f"{each.queries:,}", "judged ids not in it": f"{each.absent:,}"} for each in reports]
    verdicts = {name: (comparison.metrics[name].better, told) for name, told in comparison.verdicts.items()}
    told = f"p is corrected for the {len(comparison.metrics)} metrics shown (Holm); below {LEVEL} a side is better."
    losses, wins = comparison_strips(comparison, sides, worst)
    first = plots.differences(comparison)
    drawn = [first, plots.curves(reports), plots.scatter(comparison), plots.gains(comparison)]
    drawn += [plots.distribution(reports), plots.families(reports)]
    by = f"By the difference in {comparison.a.telling}."
    return join(
        _sides(sides, facts),
        _verdicts(verdicts),
        _section("Comparison", told, tables.difference_table(comparison)),
        _plots(drawn),
        _families_compared(comparison),
        _strips("Where A loses most", by, losses),
        _strips("Where A wins most", by, wins),
        notes.rankings(compared=True),
    )


def _families_compared(comparison: Comparison) -> Html:
    if not comparison.families:
        return Html()
    telling = comparison.a.telling
    others = [name for name in comparison.a.headline if name != telling]
    folded = [
        element("details", element("summary", name), tables.difference_families(comparison, name)) for name in others
    ]
    tests = len(comparison.families) * len(comparison.metrics)
    told = f"{telling}, and the others folded below it. Holm's correction is over all {tests:,} tests of families."
    return _section("Families", told, join(tables.difference_families(comparison, telling), *folded))


def _classes(report: ClassifyReport, side: Side, worst: int) -> Html:
    inside = f"{report.interval.low:.3f} to {report.interval.high:.3f}"
    tile = element(
        "div",
        element("span", f"top-1, {report.field}", class_="soft"),
        element("b", f"{report.top1:.3f}"),
        element("span", inside, class_="soft"),
        class_="tile",
    )
    return join(
        _sides([side], [_class_facts(report)]),
        element("div", tile, class_="tiles"),
        _plots([confusion(report)]),
        _section("Values", "Share of the items of each value that were taken for it.", tables.classes_table(report)),
        _strips("Most frequent mistakes", "", mistakes(report, side, worst)),
        notes.classes(compared=False),
    )


def _class_comparison(comparison: ClassifyComparison, sides: Sequence[Side], worst: int) -> Html:
    top1 = comparison.top1
    told = (
        f"Over the {len(comparison.common):,} items that are in both with the same value; {comparison.only_a:,} judged "
        f"items of A and {comparison.only_b:,} of B are not. A alone is right on {top1.wins:,}, B alone on "
        f"{top1.losses:,}."
    )
    rows = tables.table("Comparison", ["metric", *tables.COLUMNS], [["top-1", *tables.difference_cells(top1, 2)]])
    return join(
        _sides(sides, [_class_facts(comparison.a), _class_facts(comparison.b)]),
        _verdicts({"top-1": (top1.better, comparison.verdicts["top-1"])}),
        _section("Comparison", told, rows),
        _plots([confusion(comparison.a, "A"), confusion(comparison.b, "B")]),
        _section("Values", "All items of each side.", tables.classes_table(comparison.a, comparison)),
        _strips("Only one is right", "", disagreements(comparison, sides, worst)),
        notes.classes(compared=True),
    )


def _class_facts(report: ClassifyReport) -> dict[str, str]:
    return {
        "field": report.field,
        "values": f"{report.classes:,}",
        "items judged": f"{report.items:,}",
        "items without a value": f"{report.skipped:,}",
    }


def _sides(sides: Sequence[Side], more: Sequence[Mapping[str, str]]) -> Html:
    cards = []
    for place, (side, facts) in enumerate(zip(sides, more, strict=True)):
        lead = join(tables.badge("AB"[place]), " ") if len(sides) > 1 else Html()
        listed = [
            element("div", element("dt", key), element("dd", user_text(value)))
            for key, value in {**side.facts, **facts}.items()
        ]
        cards.append(
            element(
                "div", element("h3", lead, user_text(side.name)), element("dl", *listed, class_="facts"), class_="card"
            )
        )
    return element("div", *cards, class_="sides")


def _verdicts(verdicts: Mapping[str, tuple[str | None, str]]) -> Html:
    listed = [element("li", tables.badge(better), element("span", told)) for better, told in verdicts.values()]
    return element("ul", *listed, class_="verdicts")


def _section(title: str, told: str, content: Html) -> Html:
    return element("section", element("h2", title), element("p", told, class_="soft") if told else Html(), content)


def _plots(drawn: Sequence[Html | None]) -> Html:
    return element("div", *(each for each in drawn if each is not None), class_="plots")


def _strips(title: str, told: str, strips: Sequence[Html]) -> Html:
    return _section(title, told, join(*strips)) if strips else Html()
