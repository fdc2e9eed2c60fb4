"""The figures of an evaluation as tables in a terminal."""

from typing import TYPE_CHECKING

import click

from shelfsight.api.console import print_table, safe, say

if TYPE_CHECKING:
    from shelfsight.evaluation import (
        ClassifyComparison,
        ClassifyReport,
        Comparison,
        Difference,
        EvaluationReport,
        Interval,
    )
    from shelfsight.evaluation.report import Reportable

__all__ = ["print_report"]

_WIDTH = 60


def print_report(report: "Reportable", *, worst: int) -> None:
    """Whatever was measured, with the ``worst`` worst queries."""
    from shelfsight.evaluation import ClassifyComparison, ClassifyReport, Comparison

    if isinstance(report, Comparison):
        _print_comparison(report)
    elif isinstance(report, ClassifyComparison):
        _print_class_comparison(report)
    elif isinstance(report, ClassifyReport):
        _print_classes(report)
    else:
        _print_metrics(report, worst)


def _print_metrics(report: "EvaluationReport", worst: int) -> None:
    rows = [
        (name, f"{value:.4f}", _inside(report.intervals[name], report.queries))
        for name, value in report.metrics.items()
    ]
    print_table(("metric", "mean", "95 % interval"), rows, right=("mean",))
    if report.families:
        click.echo()
        _print_families(report)
    if worst:
        click.echo()
        _print_worst(report, worst)
    say(f"{_asked(report)} in {report.seconds:.1f} s; {report.absent} judged ids are not in the collection")


def _asked(report: "EvaluationReport") -> str:
    return "1 query" if report.queries == 1 else f"{report.queries} queries"


def _print_families(report: "EvaluationReport") -> None:
    names = report.headline
    rows = []
    for family, means in report.families.items():
        count = report.family_queries[family]
        cells = (f"{means[name]:.4f}" for name in names)
        rows.append((family, str(count), *cells, _inside(report.family_intervals[family][report.telling], count)))
    columns = ("family", "queries", *names, f"interval of {report.telling}")
    print_table(columns, rows, right=("queries", *names))


def _print_worst(report: "EvaluationReport", count: int) -> None:
    from shelfsight.evaluation.report.markup import short

    rows = []
    for index in report.worst(count):
        query = report.judged[index]
        text = query.text if query.text is not None else f"({query.image.name if query.image else ''})"
        found = len(query.wanted.intersection(report.rankings[index]))
        value = report.values[report.telling][index]
        rows.append((f"{value:.4f}", f"{found}/{len(query.wanted)}", short(text, _WIDTH), query.family or ""))
    print_table((report.telling, "found", "worst queries", "family"), rows, right=(report.telling, "found"))


_DIFFERENCE = ("A", "B", "A - B", "95 % interval", "p", "p (Holm)", "win/tie/loss")
_RIGHT = ("A", "B", "A - B", "p", "p (Holm)")


def _difference(each: "Difference") -> tuple[str, ...]:
    return (
        f"{each.a:.4f}",
        f"{each.b:.4f}",
        f"{each.difference:+.4f}",
        _inside(each.interval, each.wins + each.ties + each.losses),
        f"{each.p:.4f}",
        f"{each.p_holm:.4f}",
        f"{each.wins}/{each.ties}/{each.losses}",
    )


def _inside(inside: "Interval", cases: int) -> str:
    return f"{inside.low:.4f} to {inside.high:.4f}" if cases > 1 else "one query"


def _print_comparison(comparison: "Comparison") -> None:
    a, b = comparison.a, comparison.b
    rows = [(name, *_difference(each)) for name, each in comparison.metrics.items()]
    print_table(("metric", *_DIFFERENCE), rows, right=_RIGHT)
    if comparison.families:
        click.echo()
        rows = [
            (family, str(a.family_queries[family]), *_difference(metrics[a.telling]))
            for family, metrics in comparison.families.items()
        ]
        print_table((f"{a.telling} of", "queries", *_DIFFERENCE), rows, right=("queries", *_RIGHT))
    _print_verdicts(comparison)
    say(
        f"{_asked(a)}; paired randomisation test, Holm's correction over the {len(comparison.metrics)} metrics "
        f"shown (over all families and metrics in the table of families); judged ids that are not in the collection: "
        f"A {a.absent}, B {b.absent}"
    )


def _print_verdicts(comparison: "Comparison | ClassifyComparison") -> None:
    click.echo()
    for told in comparison.verdicts.values():
        click.echo(safe(told))


def _print_classes(report: "ClassifyReport") -> None:
    rows = [(value, str(score.items), f"{score.top1:.3f}") for value, score in report.per_class.items()]
    print_table((report.field, "items", "top-1"), rows, right=("items", "top-1"))
    say(
        f"top-1 {report.top1:.4f} ({report.interval.low:.4f} to {report.interval.high:.4f}) over {report.items} items "
        f"and {report.classes} values; {report.skipped} items have no value"
    )


def _print_class_comparison(comparison: "ClassifyComparison") -> None:
    rows = [("top-1", *_difference(comparison.top1))]
    print_table((comparison.a.field, *_DIFFERENCE), rows, right=_RIGHT)
    _print_verdicts(comparison)
    say(
        f"McNemar's exact test over the {len(comparison.common)} items of both with the same value; "
        f"{comparison.only_a} judged items of A and {comparison.only_b} of B are not among them"
    )
