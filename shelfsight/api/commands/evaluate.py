"""``shelfsight evaluate``."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from shelfsight.api.commands import options
from shelfsight.api.console import print_document, print_table, say

if TYPE_CHECKING:
    from shelfsight.evaluation import ClassifyReport, EvaluationReport

__all__ = ["evaluate"]


def _depths(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[int, ...]:
    try:
        depths = tuple(int(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a list of whole numbers such as 1,10") from None
    if min(depths) < 1:
        raise click.BadParameter("a depth is at least 1")
    return depths


@click.command()
@options.collection
@click.option(
    "--queries",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="Q.jsonl",
    help='Judged queries, one JSON object a line: {"query": "...", "relevant": {"id": 1}}.',
)
@click.option("--classify", "field", metavar="FIELD", help="Guess FIELD from the picture instead: top-1 accuracy.")
@click.option("--k", "depths", default="10", callback=_depths, metavar="K,K", show_default=True, help="Depths.")
@options.mode
@options.encoder
@options.device
@options.runtime
@click.option("--rerank", is_flag=True, help="Let a vision-language model look at the best hits again.")
@options.as_json
def evaluate(
    collection: Path,
    queries: Path | None,
    field: str | None,
    depths: tuple[int, ...],
    mode: Literal["vector", "hybrid"],
    encoder: str | None,
    device: str | None,
    runtime: str | None,
    rerank: bool,
    as_json: bool,
) -> None:
    """Measure how well a COLLECTION answers judged queries, or how well its pictures tell a field's value."""
    from shelfsight.api.engine import open_engine

    options.refuse_vlm(rerank=rerank)
    if (queries is None) == (field is None):
        raise click.UsageError("give either --queries or --classify")
    with open_engine(collection, encoder=encoder, device=device, runtime=runtime) as engine:
        if queries is not None:
            report = engine.evaluate(queries, ks=depths, mode=mode)
            print_document(report.to_json()) if as_json else _print_metrics(report)
        elif field is not None:
            classified = engine.classify(field)
            print_document(classified.to_json()) if as_json else _print_classes(classified)


def _print_metrics(report: "EvaluationReport") -> None:
    rows = [
        (name, f"{value:.4f}", f"{report.intervals[name].low:.4f} to {report.intervals[name].high:.4f}")
        for name, value in report.metrics.items()
    ]
    print_table(("metric", "mean", "95 % interval"), rows, right=("mean",))
    say(f"{report.queries} queries in {report.seconds:.1f} s; {report.absent} judged ids are not in the collection")


def _print_classes(report: "ClassifyReport") -> None:
    rows = [(value, str(score.items), f"{score.top1:.3f}") for value, score in report.per_class.items()]
    print_table((report.field, "items", "top-1"), rows, right=("items", "top-1"))
    say(
        f"top-1 {report.top1:.4f} ({report.interval.low:.4f} to {report.interval.high:.4f}) over {report.items} items "
        f"and {report.classes} values; {report.skipped} items have no value"
    )
