"""``shelfsight serve``."""

from collections.abc import Mapping
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
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="0 takes a free one.  [default: 8000]")
@click.option("--workers", type=click.IntRange(min=1), help="Processes that answer.  [default: 1]")
@click.option(
    "--keys",
    type=click.Choice(["auto", "required", "off"]),
    help="Whether an API key is needed; auto: where other machines reach the server, or once one was made.  "
    "[default: auto]",
)
@options.encoder
@options.device
@options.runtime
@options.vlm
@options.rules
@options.settings
def serve(
    collections: tuple[str, ...],
    root: Path | None,
    default: str | None,
    host: str | None,
    port: int | None,
    workers: int | None,
    keys: str | None,
    encoder: str | None,
    device: str | None,
    runtime: str | None,
    vlm: str | None,
    rules_file: Path | None,
    config: Path | None,
    assigned: Mapping[str, str],
) -> int:
    """Serve collections over HTTP: the page at /, the API at /v1, its reference at /docs."""
    from shelfsight.api.server import bind, serve_on
    from shelfsight.api.service.opening import Served, read_named
    from shelfsight.api.workers import serve_workers

    own = {
        "server.host": ("--host", host),
        "server.port": ("--port", port),
        "server.workers": ("--workers", workers),
        "access.keys": ("--keys", keys),
    }
    settings = options.read_settings(config, assigned, own).settings
    served = Served(
        settings=settings,
        collections=tuple(map(read_named, collections)),
        root=root,
        default=default,
        encoder=encoder,
        device=device,
        runtime=runtime,
        vlm=vlm,
        rules=rules_file,
    )
    with bind(settings.server.host, settings.server.port) as bound:
        if settings.server.workers > 1:
            return serve_workers(bound, served)
        with served.open() as service:
            serve_on(bound, service)
    return 0
