"""``shelfsight search``."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shelfsight.api.commands import options
from shelfsight.api.commands.hits import print_page
from shelfsight.api.console import print_document

if TYPE_CHECKING:
    from shelfsight.core.atoms import Atom

__all__ = ["search"]


_ALIKE = 0.95
"""Cosine from which on ``--collapse`` takes two pictures for the same."""


def _explained(_context: click.Context, _parameter: click.Parameter, value: str | None) -> bool | int:
    if not value:
        return value is not None
    if not (value.isascii() and value.isdigit()):
        raise click.BadParameter(f"{value!r} is no number of hits")
    return int(value)


def _collapsed(_context: click.Context, _parameter: click.Parameter, value: str | None) -> float | None:
    try:
        return None if value is None else float(value or _ALIKE)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no cosine such as {_ALIKE}") from None


def _atoms(_context: click.Context, _parameter: click.Parameter, value: str | None) -> "tuple[Atom, ...] | None":
    from shelfsight.api.atoms import parse_atoms

    return None if value is None else parse_atoms(value)


@click.command(cls=options.ValueAfterEquals)
@click.argument("text", metavar="QUERY", required=False)
@options.collection
@click.option("-k", "k", type=int, default=10, show_default=True, help="Hits wanted.")
@click.option("--offset", type=int, default=0, show_default=True, help="Hits skipped.")
@click.option(
    "--image", type=click.Path(path_type=Path, dir_okay=False), help="A picture to look for, alone or with QUERY."
)
@click.option(
    "--image-weight", type=float, default=0.5, show_default=True, help="Share of the picture beside QUERY, 0 to 1."
)
@click.option("--like", multiple=True, metavar="ID", help="An item that hits should look like; may be repeated.")
@click.option("--unlike", multiple=True, metavar="ID", help="An item that they should not look like; may be repeated.")
@click.option("--negative", multiple=True, metavar="TEXT", help="What hits should not show; may be repeated.")
@click.option("--filter", "filter_", metavar="EXPR", help="Such as: price < 80 and color in ['red', 'blue'].")
@click.option("--facet", "facets", multiple=True, metavar="FIELD", help="Count the values of FIELD; may be repeated.")
@click.option(
    "--histogram", "histograms", multiple=True, metavar="FIELD", help="Spread of FIELD's numbers; may be repeated."
)
@click.option(
    "--sort", multiple=True, metavar="FIELD", help="Order by FIELD, with --sort=-FIELD descending; may be repeated."
)
@click.option("--group-by", metavar="FIELD", help="One hit for each value of FIELD; its others are counted.")
@click.option(
    "--collapse",
    "duplicates",
    metavar="[=COSINE]",
    callback=_collapsed,
    help=f"Fold hits into better ones that look the same.  [default: {_ALIKE}]",
)
@click.option(
    "--diversity", type=float, default=0.0, metavar="X", help="How far hits that look alike make room, 0 to 1."
)
@click.option(
    "--min-relevance",
    type=float,
    metavar="P",
    help="Leave out hits less likely relevant than P, 0 to 1. Needs a calibrated encoder: the embedded one, or "
    "`evaluate --calibrate`. Every vector is compared.",
)
@click.option("--snapshot", metavar="T", help="`snapshot` of an earlier --json, for its next page.")
@options.rules
@click.option(
    "--no-rules", "rules", flag_value=False, default=True, type=bool, help="Leave the merchandiser's rules out."
)
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
@click.option(
    "--atoms", metavar="JSON", callback=_atoms, help="What QUERY asks for: `atoms` of an earlier --json, edited."
)
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
