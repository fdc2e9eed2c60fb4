"""``shelfsight serve``."""

from pathlib import Path

import click

from shelfsight.api.commands import options

__all__ = ["serve"]


@click.command()
@options.collection
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@options.encoder
@options.device
@options.runtime
@options.vlm
@options.rules
def serve(
    collection: Path,
    host: str,
    port: int,
    encoder: str | None,
    device: str | None,
    runtime: str | None,
    vlm: str | None,
    rules_file: Path | None,
) -> None:
    """Serve a COLLECTION over HTTP: the page at /, the API at /v1, its reference at /docs."""
    from shelfsight.api.opening import open_engine
    from shelfsight.api.server import bind, serve_on
    from shelfsight.api.service.service import Service

    with open_engine(collection, encoder=encoder, device=device, runtime=runtime, vlm=vlm, rules=rules_file) as engine:
        engine.check_rules()
        serve_on(bind(host, port), Service.of(engine))
