"""``shelfsight finetune``."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shelfsight.api.commands import options
from shelfsight.api.console import print_document, print_table, safe, say
from shelfsight.api.progress import Meter, meter

if TYPE_CHECKING:
    from shelfsight.training.adapt import AdaptReport, AdaptSettings

__all__ = ["finetune"]

_NOT_BETTER = 4
_UNITS = {"reading": "items", "training": "epochs"}


def _names(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(name.strip() for name in value.split(",") if name.strip())


@click.command()
@click.argument("catalogue", metavar="CATALOGUE", type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the adapted encoder; its path is the encoder's name. It must not be there yet.",
)
@click.option("--encoder", default="embedded", show_default=True, metavar="NAME", help="Encoder to adapt.")
@click.option(
    "--pairs",
    metavar="CLICKS",
    type=click.Path(path_type=Path, dir_okay=False),
    help='Queries and clicks: JSON lines {"query": "...", "id": "...", "weight": 1}, or a CSV with these columns.',
)
@click.option(
    "--text-columns",
    callback=_names,
    metavar="NAME,NAME",
    help="Columns that say what a picture shows, 'title' among them.  [default: the title, and what repeats]",
)
@click.option("--split-column", metavar="NAME", help="Says train, validation or test.  [default: 'split', or by hash]")
@click.option("--metric", type=click.Choice(["ndcg@10", "recall@10", "mrr@10", "precision@10"]), help="What decides.")
@click.option("--side", type=click.Choice(["both", "pictures", "texts"]), help="What learns.  [default: both]")
@click.option("--epochs", type=click.IntRange(min=1, max=10_000), metavar="N", help="At most; it ends when it is done.")
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Of training; the split does not depend on it.")
@options.device
@options.runtime
@click.option("--id-column", metavar="NAME", help="Column of the ids.")
@click.option("--image-column", "image_columns", metavar="NAME", multiple=True, help="Of pictures; may be repeated.")
@click.option("--title-column", metavar="NAME", help="Column of the titles.")
@options.as_json
@click.pass_context
def finetune(
    context: click.Context,
    catalogue: Path,
    out: Path,
    encoder: str,
    pairs: Path | None,
    text_columns: tuple[str, ...] | None,
    split_column: str | None,
    metric: str | None,
    side: str | None,
    epochs: int | None,
    seed: int | None,
    device: str | None,
    runtime: str | None,
    id_column: str | None,
    image_columns: tuple[str, ...],
    title_column: str | None,
    as_json: bool,
) -> None:
    """Adapt an encoder to a CATALOGUE, from its titles, attributes, or queries and clicks.

    Items are held out; before and after, their texts are put to their pictures. Only an encoder that is better is
    written to FOLDER; exit code 4 says that it was not, and FOLDER.work/report.json has the figures. Interrupted, the
    same command goes on. Use the result with: shelfsight index CATALOGUE -c COLLECTION --encoder FOLDER
    """
    from shelfsight.catalog import Columns
    from shelfsight.training.adapt import finetune as adapt

    main, *more = image_columns or (None,)
    with ExitStack() as stack:
        report = adapt(
            catalogue,
            out,
            encoder=encoder,
            pairs=pairs,
            text_columns=text_columns,
            split_column=split_column,
            settings=_settings(metric=metric, side=side, epochs=epochs, seed=seed),
            device=device,
            runtime=runtime,
            columns=Columns(id=id_column, image=main, more_images=tuple(filter(None, more)), title=title_column),
            told=_Stages(stack),
        )
    assert report is not None
    _say(report, out)
    print_document(report.to_json()) if as_json else _print(report)
    context.exit(0 if report.promoted else _NOT_BETTER)


def _settings(**given: str | int | None) -> "AdaptSettings":
    from shelfsight.training.adapt import AdaptSettings

    return AdaptSettings.model_validate({name: value for name, value in given.items() if value is not None})


class _Stages:
    """One meter a stage, begun by the first word of it and ended by the next stage or with ``stack``."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._stage = ""
        self._meter: Meter | None = None

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        if self._meter is None or stage != self._stage:
            self._stack.close()
            self._stage, self._meter = stage, self._stack.enter_context(meter(stage, _UNITS[stage]))
        self._meter(done, total)


def _say(report: "AdaptReport", out: Path) -> None:
    failures = sum(report.data["failures"].values())
    if failures:
        say(f"{failures:,} rows and pictures could not be used; `shelfsight index` says which")
    if report.data["unknown_ids"]:
        say(f"{report.data['unknown_ids']:,} pairs name an id that the catalogue does not have")
    if report.promoted:
        say(f"better: done in {report.seconds:.1f} s; use it with --encoder {safe(str(out))}")
        return
    say("not better, so no encoder was written:")
    for objection in report.verdict.objections:
        say(f"  {safe(objection)}")
    say(f"figures: {safe(str(out))}.work/report.json")


def _print(report: "AdaptReport") -> None:
    verdict = report.verdict
    named = {f"{verdict.metric} of {family}": each for family, each in verdict.families.items()}
    rows = [
        (
            name,
            f"{each.queries:,}",
            f"{each.before:.4f}",
            f"{each.after:.4f}",
            _signed(each.interval.low, each.interval.high),
        )
        for name, each in {**verdict.metrics, **named}.items()
    ]
    columns = ("metric", "texts", "before", "after", "95 % interval of the difference")
    print_table(columns, rows, right=("texts", "before", "after"))


def _signed(low: float, high: float) -> str:
    return f"{low:+.4f} to {high:+.4f}"
