"""``shelfsight info`` and ``shelfsight version``."""

from pathlib import Path

import click

from shelfsight.api.commands import options
from shelfsight.api.console import print_document, print_table

__all__ = ["info", "version"]


@click.command()
@options.collection
@options.as_json
def info(collection: Path, as_json: bool) -> None:
    """Say what a collection is: its encoder, its counts, its fields."""
    from shelfsight.api.documents import manifest_document
    from shelfsight.api.enriching import summary_document
    from shelfsight.api.opening import open_engine

    with open_engine(collection) as engine:
        document = {**manifest_document(engine.manifest), "fields": engine.fields()}
        notes = summary_document(engine.noted())
    if notes is not None:
        document["notes"] = notes
    if as_json:
        print_document(document)
        return
    rows = [(name, str(value)) for name, value in document.items() if not isinstance(value, dict)]
    rows += [(f"encoder.{name}", str(value)) for name, value in document["encoder"].items()]
    rows += [(f"field {name}", kind) for name, kind in document["fields"].items()]
    if notes is not None:
        rows += [(f"features {each['version'][:12]}", f"{each['pictures']:,} pictures") for each in notes["features"]]
        rows += [(f"suggestions of {each['model']}", f"{each['items']:,} items") for each in notes["suggestions"]]
    print_table(("what", "value"), rows)


@click.command()
@options.as_json
def version(as_json: bool) -> None:
    """Print the version."""
    import shelfsight

    if as_json:
        print_document({"version": shelfsight.__version__})
    else:
        click.echo(f"shelfsight {shelfsight.__version__}")
