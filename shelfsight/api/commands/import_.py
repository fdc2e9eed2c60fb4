"""``shelfsight import``."""

from collections.abc import Mapping
from pathlib import Path

import click

from shelfsight.api.commands import options
from shelfsight.api.commands.index import FAILURES
from shelfsight.api.commands.update import say_failures
from shelfsight.api.console import print_document, say

__all__ = ["import_"]

_SOME_FAILED = 3


@click.command("import")
@click.argument("vectors", metavar="VECTORS", type=click.Path(path_type=Path))
@options.collection
@click.option(
    "--items",
    type=click.Path(path_type=Path),
    metavar="ITEMS",
    help="CSV, JSONL or Parquet: ids, titles and fields, row by row.  [default: the columns beside the vectors]",
)
@click.option("--encoder-name", required=True, metavar="NAME", help="What made the vectors, as --encoder names it.")
@click.option("--fingerprint", metavar="TEXT", help="Its preprocessing; needed where it cannot be opened here.")
@click.option("--revision", default="", metavar="TEXT", help="Its weights, where it cannot be opened here.")
@click.option("--vector-column", metavar="NAME", help="Column of the vectors in a Parquet file.")
@click.option("--id-column", metavar="NAME", help="Column of the ids.")
@click.option(
    "--store", type=click.Choice(["faiss", "exact"]), default="faiss", show_default=True, help="Of a new collection."
)
@options.settings
@options.as_json
@click.pass_context
def import_(
    context: click.Context,
    vectors: Path,
    collection: Path,
    items: Path | None,
    encoder_name: str,
    fingerprint: str | None,
    revision: str,
    vector_column: str | None,
    id_column: str | None,
    store: str,
    config: Path | None,
    assigned: Mapping[str, str],
    as_json: bool,
) -> None:
    """Bring a COLLECTION up to date with VECTORS that were made elsewhere; one that is not there is made.

    VECTORS is a .npy file of one row a vector, or a .parquet file with a column of them. Where the encoder that made
    them cannot be opened here, the collection is browsed and asked for more like an item, and not by words or pictures
    until it can. Exit code 3 says that some rows could not be used; they are listed in COLLECTION/failures.jsonl.
    """
    from shelfsight.api.importing import ImportedEncoder, import_document, import_vectors

    done = import_vectors(
        collection,
        vectors,
        encoder=ImportedEncoder(name=encoder_name, fingerprint=fingerprint, revision=revision),
        items=items,
        store=store,
        settings=options.read_settings(config, assigned).settings,
        vector_column=vector_column,
        id_column=id_column,
        failures_to=collection / FAILURES,
    )
    report = done.report
    if done.normalised:
        say(f"warning: {done.normalised:,} vectors were not of length 1 and were normalised")
    if as_json:
        print_document(import_document(done))
    else:
        counts = ("indexed", "updated", "unchanged", "failed")
        click.echo(", ".join(f"{getattr(report, name):,} {name}" for name in counts) + f"; {report.items:,} items")
    say_failures(report.failures)
    context.exit(_SOME_FAILED if report.failed else 0)
