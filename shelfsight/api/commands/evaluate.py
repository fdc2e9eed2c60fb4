"""``shelfsight evaluate``."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from shelfsight.api.commands import options
from shelfsight.api.commands.figures import print_report
from shelfsight.api.console import print_document, safe, say

if TYPE_CHECKING:
    from shelfsight.api.engine import Engine
    from shelfsight.evaluation.report import Reportable

__all__ = ["evaluate"]


def _depths(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[int, ...]:
    try:
        depths = tuple(int(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a list of whole numbers such as 1,10") from None
    if min(depths) < 1:
        raise click.BadParameter("a depth is at least 1")
    return depths


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """What is asked of each collection, and where it is written to."""

    queries: Path | None
    field: str | None
    depths: tuple[int, ...]
    mode: Literal["vector", "hybrid"]
    report: Path | None
    per_query: Path | None
    worst: int
    rerank: bool
    depth: int | None


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
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="COLLECTION",
    help="Measure this collection too and test the difference; encoder, dimension and store may be others.",
)
@click.option(
    "--report", type=click.Path(path_type=Path), metavar="FILE.html", help="Write a page with plots and hits."
)
@click.option(
    "--per-query", type=click.Path(path_type=Path), metavar="FILE.jsonl", help="Write every query's metrics and hits."
)
@click.option(
    "--worst",
    type=click.IntRange(0, 100),
    default=10,
    show_default=True,
    help="Worst queries listed, and shown in the report.",
)
@click.option(
    "--calibrate", is_flag=True, help="Then learn from the queries how relevant hits are, and keep it in COLLECTION."
)
@options.mode
@options.encoder
@options.device
@options.runtime
@options.rerank
@options.depth
@options.vlm
@options.settings
@options.as_json
def evaluate(
    collection: Path,
    queries: Path | None,
    field: str | None,
    depths: tuple[int, ...],
    against: Path | None,
    report: Path | None,
    per_query: Path | None,
    worst: int,
    calibrate: bool,
    mode: Literal["vector", "hybrid"],
    encoder: str | None,
    device: str | None,
    runtime: str | None,
    rerank: bool,
    depth: int | None,
    vlm: str | None,
    config: Path | None,
    assigned: Mapping[str, str],
    as_json: bool,
) -> None:
    """Measure how well a COLLECTION answers judged queries, or how well its pictures tell a field's value.

    With --against it is A, and the other collection B: differences come with an interval and a paired test.
    """
    from shelfsight.api.opening import open_engine

    if (queries is None) == (field is None):
        raise click.UsageError("give either --queries or --classify")
    if (rerank or calibrate) and queries is None:
        raise click.UsageError(f"--{'rerank' if rerank else 'calibrate'} goes with --queries")
    task = _Task(
        queries=queries,
        field=field,
        depths=depths,
        mode=mode,
        report=report,
        per_query=per_query,
        worst=worst,
        rerank=rerank,
        depth=depth,
    )
    _check_targets(task)
    with ExitStack() as open_ones:
        settings = options.read_settings(config, assigned).settings
        open_one = partial(open_engine, settings=settings, device=device, runtime=runtime, vlm=vlm)
        engines = [open_ones.enter_context(open_one(collection, encoder=encoder))]
        if against is not None:
            engines.append(open_ones.enter_context(open_one(against)))
        measured = _measure(task, engines)
        _write(task, measured, engines)
        if calibrate and queries is not None:
            scale = engines[0].calibrate(queries)
            say(f"relevance: calibrated on {scale.source}; --min-relevance {scale.cutoff:g} has the best F1")
    if as_json:
        print_document(measured.to_json(worst=worst))
    else:
        print_report(measured, worst=worst)


def _check_targets(task: _Task) -> None:
    """Refuse now what would else be refused when the work is done."""
    from shelfsight.api.reporting import check_target

    targets = [each for each in (task.report, task.per_query) if each is not None]
    for target in targets:
        check_target(target)
    if len({target.resolve() for target in targets}) < len(targets):
        raise click.UsageError("--report and --per-query name the same file")
    if task.queries is not None and task.queries.resolve() in {target.resolve() for target in targets}:
        raise click.UsageError(f"{task.queries} holds the queries and would be overwritten")
    if task.report is not None:
        from shelfsight.evaluation.report import require_matplotlib

        require_matplotlib()


def _measure(task: _Task, engines: "list[Engine]") -> "Reportable":
    from shelfsight.evaluation import compare, load_queries

    if task.queries is not None:
        judged = load_queries(task.queries)
        reports = [
            engine.evaluate(judged, ks=task.depths, mode=task.mode, rerank=task.rerank, depth=task.depth)
            for engine in engines
        ]
        return reports[0] if len(reports) == 1 else compare(reports[0], reports[1])
    assert task.field is not None
    guesses = [engine.classify(task.field) for engine in engines]
    return guesses[0] if len(guesses) == 1 else compare(guesses[0], guesses[1])


def _write(task: _Task, measured: "Reportable", engines: "list[Engine]") -> None:
    from shelfsight.api.reporting import write_lines, write_report

    if task.per_query is not None:
        write_lines(task.per_query, measured.rows())
        say(f"values of each case: {safe(str(task.per_query))}")
    if task.report is not None:
        write_report(
            task.report, measured, *engines, worst=task.worst, mode=task.mode, rerank=task.rerank, depth=task.depth
        )
        say(f"report: {safe(str(task.report))}")
