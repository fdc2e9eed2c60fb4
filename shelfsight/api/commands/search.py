"""``shelfsight search``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shelfsight.api.commands import options
from shelfsight.api.console import print_document, print_table, safe, say

if TYPE_CHECKING:
    from shelfsight.core.types import Hit, Page

__all__ = ["print_hits", "search"]

_SHOWN_FIELDS = ("price", "brand", "category")


@click.command()
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
@click.option("--negative", multiple=True, metavar="TEXT", help="What hits should not show; may be repeated.")
@click.option("--filter", "filter_", metavar="EXPR", help="Such as: price < 80 and color in ['red', 'blue'].")
@click.option("--facet", "facets", multiple=True, metavar="FIELD", help="Count the values of FIELD; may be repeated.")
@options.mode
@options.encoder
@options.device
@options.runtime
@click.option("--rerank", is_flag=True, help="Let a vision-language model look at the best hits again.")
@click.option("--explain", is_flag=True, help="Say why each hit is there.")
@options.as_json
def search(
    text: str | None,
    collection: Path,
    encoder: str | None,
    device: str | None,
    runtime: str | None,
    rerank: bool,
    explain: bool,
    as_json: bool,
    filter_: str | None,
    **query: Any,
) -> None:
    """Find the items of a COLLECTION whose pictures fit QUERY.

    Words written -floral are things the hits should not show. Put `--` before a QUERY that begins with a dash.
    """
    from shelfsight.api.documents import page_document
    from shelfsight.api.opening import open_engine

    options.refuse_vlm(rerank=rerank, explain=explain)
    with open_engine(collection, encoder=encoder, device=device, runtime=runtime) as engine:
        page = engine.search(text, filter=filter_, **query)
    if as_json:
        print_document(page_document(page))
    else:
        print_page(page)


def print_page(page: "Page") -> None:
    """Hits and facets as tables on stdout; warnings and times on stderr."""
    for warning in page.warnings:
        say(f"warning: {safe(warning)}")
    if page.hits:
        print_hits(page.hits)
    for name, counts in page.facets.items():
        print_table((name, "items"), [(value, str(count)) for value, count in counts.items()], right=("items",))
    total = page.trace.get("total", 0.0)
    say(f"{len(page.hits)} of {page.total} items in {total:.0f} ms")


def print_hits(hits: "tuple[Hit, ...]") -> None:
    """A table of hits, best first, with the common shop fields that they have."""
    shown = [name for name in _SHOWN_FIELDS if any(hit.metadata.get(name) is not None for hit in hits)]
    columns = ("#", "score", "title", *shown, "id", "picture")
    print_table(columns, [_row(hit, shown) for hit in hits], right=("#", "score", "price"))


def _row(hit: "Hit", shown: list[str]) -> tuple[str, ...]:
    fields = ("" if (value := hit.metadata.get(name)) is None else str(value) for name in shown)
    return (str(hit.rank), f"{hit.score:.3f}", hit.title or "", *fields, hit.id, hit.picture)
