"""``shelfsight search``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from shelfsight.api.commands import options, querying
from shelfsight.api.commands.hits import print_page
from shelfsight.api.console import print_document

__all__ = ["search"]


def _explained(_context: click.Context, _parameter: click.Parameter, value: str | None) -> bool | int:
    if not value:
        return value is not None
    if not (value.isascii() and value.isdigit()):
        raise click.BadParameter(f"{value!r} is no number of hits")
    return int(value)


@click.command(cls=options.ValueAfterEquals)
@click.argument("text", metavar="QUERY", required=False)
@options.collection
@click.option("-k", "k", type=int, default=10, show_default=True, help="Hits wanted.")
@click.option("--offset", type=int, default=0, show_default=True, help="Hits skipped.")
@querying.wanted
@click.option("--facet", "facets", multiple=True, metavar="FIELD", help="Count the values of FIELD; may be repeated.")
@click.option(
    "--histogram", "histograms", multiple=True, metavar="FIELD", help="Spread of FIELD's numbers; may be repeated."
)
@querying.arranged
@click.option("--snapshot", metavar="T", help="`snapshot` of an earlier --json, for its next page.")
@options.rules
@querying.no_rules
@options.mode
@options.encoder
@options.device
@options.runtime
@options.rerank
@click.option(
    "--explain",
    metavar="[=N]",
    callback=_explained,
    help="Say why hits are there: of the first N, with --explain=N.",
)
@options.depth
@click.option("--budget-ms", type=float, metavar="MS", help="Milliseconds that looking again may take.")
@querying.atoms
@options.vlm
@options.settings
@options.as_json
def search(
    text: str | None,
    collection: Path,
    encoder: str | None,
    device: str | None,
    runtime: str | None,
    vlm: str | None,
    rules_file: Path | None,
    config: Path | None,
    assigned: Mapping[str, str],
    as_json: bool,
    filter_: str | None,
    **query: Any,
) -> None:
    """Find the items of a COLLECTION whose pictures fit QUERY.

    Words written -floral are things the hits should not show. Put `--` before a QUERY that begins with a dash.

    With --rerank and --explain a vision-language model looks at the best hits again. A model that --vlm names must be
    there; without --vlm, one that cannot be opened is a warning, and the hits are those of the first stage.
    """
    from shelfsight.api.documents import page_document
    from shelfsight.api.opening import open_engine

    settings = options.read_settings(config, assigned).settings
    with open_engine(
        collection, encoder=encoder, settings=settings, device=device, runtime=runtime, vlm=vlm, rules=rules_file
    ) as engine:
        if query["rules"]:
            engine.check_rules()
        if query["rerank"] or query["explain"]:
            options.prepare_vlm(engine, must=vlm is not None)
        page = engine.search(text, filter=filter_, **query)
    if as_json:
        print_document(page_document(page))
    else:
        print_page(page)
