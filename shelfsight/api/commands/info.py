"""``shelfsight info`` and ``shelfsight version``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
    plain = {name: value for name, value in document.items() if value is not None and not isinstance(value, dict)}
    rows = [(name, str(value)) for name, value in plain.items()]
    rows += [(f"encoder.{name}", str(value)) for name, value in document["encoder"].items()]
    rows += _index_rows(document.get("index"))
    rows += [(f"field {name}", kind) for name, kind in document["fields"].items()]
    if notes is not None:
        rows += [(f"features {each['version'][:12]}", f"{each['pictures']:,} pictures") for each in notes["features"]]
        rows += [(f"suggestions of {each['model']}", f"{each['items']:,} items") for each in notes["suggestions"]]
    print_table(("what", "value"), rows)


def _index_rows(index: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """What finds the vectors, and how well it did when it was built."""
    if index is None:
        return []
    rows = [("index.kind", str(index["kind"])), ("index.vectors", f"{index['vectors']:,}")]
    if index["recall"] == 1.0 and not index["queries"]:
        rows.append(("index.recall@10", "1: it is exact"))
    elif index["recall"] is not None:
        asked = "" if index["target"] is None else f", {index['target']:g} was asked for"
        rows.append(("index.recall@10", f"{index['recall']:.4f} on {index['queries']:,} held-out vectors{asked}"))
    if index["bytes_per_vector"]:
        rows.append(("index.memory", f"{index['bytes_per_vector']:.0f} bytes a vector"))
    if index["seconds"]:
        rows.append(("index.built in", f"{index['seconds']:.1f} s"))
    return rows + [(f"index.{name}", str(value)) for name, value in index["parameters"].items()]


@click.command()
@options.as_json
def version(as_json: bool) -> None:
    """Print the version."""
    import shelfsight

    if as_json:
        print_document({"version": shelfsight.__version__})
    else:
        click.echo(f"shelfsight {shelfsight.__version__}")
