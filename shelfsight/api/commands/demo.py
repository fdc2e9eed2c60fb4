"""``shelfsight demo``: the whole way on a catalogue that is rendered on the spot."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shelfsight.api.commands import options
from shelfsight.api.commands.hits import print_hits
from shelfsight.api.commands.index import index_into
from shelfsight.api.console import say
from shelfsight.api.progress import meter
from shelfsight.core.errors import UsageError

if TYPE_CHECKING:
    from shelfsight.api.engine import Engine

__all__ = ["COLLECTION", "SENTENCES", "demo"]

COLLECTION = "catalog.collection"
SENTENCES = ("a green dress with polka dots", "red running shoes", "a yellow striped hat")
_HITS = 4


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    help="Where catalogue and collection go; what is there already is used again.",
)
@click.option("--no-serve", is_flag=True, help="End after the searches.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The next free one if taken."
)
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
@options.encoder
@click.option("--items", type=click.IntRange(min=1), default=720, show_default=True, help="Items of the catalogue.")
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed draws another shop.")
def demo(
    folder: Path, no_serve: bool, host: str, port: int, no_open: bool, encoder: str | None, items: int, seed: int
) -> None:
    """Render a small catalogue, index it, search it, and serve the page."""
    from shelfsight.api.opening import open_engine
    from shelfsight.catalog import open_catalogue

    catalogue = _render(folder, seed, items)
    with open_engine(folder / COLLECTION, encoder=encoder, create=True) as engine:
        index_into(engine, open_catalogue(catalogue), prune=True)
        for sentence in SENTENCES:
            page = engine.search(sentence, k=_HITS)
            click.echo(f'\n"{sentence}", in {page.trace.get("total", 0.0):.0f} ms')
            print_hits(page.hits)
        say(f"\npictures: {folder / 'images'}   collection: {engine.path}")
        if not no_serve:
            _serve(engine, host, port, open_browser=not no_open)


def _render(folder: Path, seed: int, items: int) -> Path:
    from shelfsight.catalog.demo import write_catalogue

    with meter("rendering", "pictures") as progress:
        try:
            return write_catalogue(folder, seed=seed, count=items, progress=progress)
        except OSError as error:
            raise UsageError(f"the demo cannot be written: {error}", hint="name another folder with --dir") from error


def _serve(engine: "Engine", host: str, port: int, *, open_browser: bool) -> None:
    from shelfsight.api.server import address_of, bind_near, serve_on
    from shelfsight.api.service.service import Service

    bound = bind_near(host, port)
    if open_browser and sys.stdout.isatty() and _has_display():
        import webbrowser

        webbrowser.open(address_of(bound))
    serve_on(bound, Service.of(engine))


def _has_display() -> bool:
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
