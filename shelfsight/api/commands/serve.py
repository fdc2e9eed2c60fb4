"""``shelfsight serve``."""

from pathlib import Path

import click

from shelfsight.api.commands import options

__all__ = ["serve"]


@click.command()
@click.option(
    "-c",
    "--collection",
    "collections",
    multiple=True,
    metavar="[NAME=]COLLECTION",
    help="Directory of a collection, and what it is called; may be repeated. The first is the default one.",
)
@click.option(
    "--root",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of more collections: opened when asked for, made and deleted over HTTP.",
)
@click.option(
    "--default", metavar="NAME", help="Collection or alias that is asked where none is named, in place of the first."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@options.encoder
@options.device
@options.runtime
@options.vlm
@options.rules
def serve(
    collections: tuple[str, ...],
    root: Path | None,
    default: str | None,
    host: str,
    port: int,
    encoder: str | None,
    device: str | None,
    runtime: str | None,
    vlm: str | None,
    rules_file: Path | None,
) -> None:
    """Serve collections over HTTP: the page at /, the API at /v1, its reference at /docs."""
    from shelfsight.api.server import bind, serve_on
    from shelfsight.api.service.opening import Served, read_named
    from shelfsight.core.settings import Settings

    served = Served(
        settings=Settings(),
        collections=tuple(map(read_named, collections)),
        root=root,
        default=default,
        encoder=encoder,
        device=device,
        runtime=runtime,
        vlm=vlm,
        rules=rules_file,
    )
    with served.open() as service:
        serve_on(bind(host, port), service)
