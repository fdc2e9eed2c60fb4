"""The tables of a report."""

from collections.abc import Iterable, Sequence

from shelfsight.evaluation.classification import ClassifyReport
from shelfsight.evaluation.comparison import ClassifyComparison, Comparison, Difference, chance
from shelfsight.evaluation.metrics import Interval
from shelfsight.evaluation.ranking import EvaluationReport
from shelfsight.evaluation.report.markup import Html, element, user_text

__all__ = [
    "COLUMNS",
    "badge",
    "classes_table",
    "difference_cells",
    "difference_families",
    "difference_table",
    "families_table",
    "headline_table",
    "table",
    "tiles",
]

_ROWS = 200


def table(name: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Html:
    """A table that scrolls by itself where it is too wide. The first cell of a row is its heading."""
    head = element("thead", element("tr", *(element("th", column, scope="col") for column in columns)))
    body = element(
        "tbody",
        *(
            element("tr", element("th", first, scope="row"), *(element("td", cell) for cell in cells))
            for first, *cells in rows
        ),
    )
    return element("div", element("table", head, body), class_="scroll", role="region", aria_label=name, tabindex="0")


def badge(side: str | None) -> Html:
    """``A``, ``B`` or, for neither, a dash."""
    return element("span", side or "-", class_=f"badge {(side or '').lower()}".strip())


def tiles(report: EvaluationReport) -> Html:
    """The headline metrics, large."""
    return element(
        "div",
        *(
            element(
                "div",
                element("span", name, class_="soft"),
                element("b", f"{report.metrics[name]:.3f}"),
                element("span", _inside(report.intervals[name], report.queries), class_="soft"),
                class_="tile",
            )
            for name in report.headline
        ),
        class_="tiles",
    )


def headline_table(report: EvaluationReport) -> Html:
    """Every metric at every depth with its interval."""
    rows = [
        [
            kind,
            *(_mean(report.metrics[f"{kind}@{k}"], report.intervals[f"{kind}@{k}"], report.queries) for k in report.ks),
        ]
        for kind in ("recall", "precision", "mrr", "ndcg", "success")
    ]
    return table("Metrics", ["metric", *(f"at {k}" for k in report.ks)], rows)


def families_table(report: EvaluationReport) -> Html:
    """The headline metrics of each family with their intervals."""
    rows = []
    for family in list(report.families)[:_ROWS]:
        means, inside, count = report.families[family], report.family_intervals[family], report.family_queries[family]
        cells = (_mean(means[name], inside[name], count) for name in report.headline)
        rows.append([user_text(family, 60), f"{count:,}", *cells])
    return element("div", table("Families", ["family", "queries", *report.headline], rows), _rest(len(report.families)))


def difference_table(comparison: Comparison) -> Html:
    """Every metric of both sides, and whether they differ."""
    rows = [[name, *difference_cells(each, comparison.a.queries)] for name, each in comparison.metrics.items()]
    return table("Comparison", ["metric", *COLUMNS], rows)


def difference_families(comparison: Comparison, metric: str) -> Html:
    """One metric of each family on both sides."""
    rows = []
    for family in list(comparison.families)[:_ROWS]:
        count = comparison.a.family_queries[family]
        cells = difference_cells(comparison.families[family][metric], count)
        rows.append([user_text(family, 60), f"{count:,}", *cells])
    found = table(f"Families: {metric}", ["family", "queries", *COLUMNS], rows)
    return element("div", found, _rest(len(comparison.families)))


def classes_table(report: ClassifyReport, other: ClassifyComparison | None = None) -> Html:
    """Top-1 of each value, of both sides where there are two."""
    values = sorted(report.per_class, key=lambda value: (-report.per_class[value].items, value))
    columns = [report.field, "items", "top-1"]
    rows = []
    for value in values[:_ROWS]:
        score = report.per_class[value]
        rows.append([user_text(value, 60), f"{score.items:,}", f"{score.top1:.3f}"])
        if other is not None:
            against = other.b.per_class.get(value)
            rows[-1] += ["-", "-"] if against is None else [f"{against.items:,}", f"{against.top1:.3f}"]
    if other is not None:
        columns = [report.field, "A: items", "A: top-1", "B: items", "B: top-1"]
    return element("div", table("Values", columns, rows), _rest(len(values)))


COLUMNS = ("A", "B", "A - B", "p", "p (Holm)", "win / tie / loss", "better")


def difference_cells(each: Difference, cases: int) -> list[Html | str]:
    return [
        f"{each.a:.3f}",
        f"{each.b:.3f}",
        _mean(each.difference, each.interval, cases, sign="+"),
        chance(each.p).removeprefix("p = ").removeprefix("p "),
        chance(each.p_holm).removeprefix("p = ").removeprefix("p "),
        f"{each.wins:,} / {each.ties:,} / {each.losses:,}",
        badge(each.better),
    ]


def _mean(value: float, inside: Interval, cases: int, *, sign: str = "") -> Html:
    return element("span", f"{value:{sign}.3f}", element("small", _inside(inside, cases)))


def _inside(inside: Interval, cases: int) -> str:
    """An interval in words; a single case has none."""
    return f"{inside.low:.3f} to {inside.high:.3f}" if cases > 1 else "one query"


def _rest(count: int) -> Html:
    return element("p", f"The first {_ROWS} of {count:,}.", class_="soft") if count > _ROWS else Html()
