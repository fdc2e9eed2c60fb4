"""``shelfsight index``."""

from pathlib import Path

import click

from shelfsight.api.commands import options
from shelfsight.api.console import print_document, safe, say

__all__ = ["index"]

SOME_FAILED = 3


@click.command()
@click.argument("catalogue", metavar="CATALOGUE", type=click.Path(path_type=Path))
@options.collection
@click.option("--store", type=click.Choice(["faiss", "exact"]), help="Store of a new collection.  [default: faiss]")
@options.encoder
@options.device
@click.option("--prune", is_flag=True, help="Remove items that are no longer in CATALOGUE.")
@click.option("--id-column", metavar="NAME", help="Column of the ids.")
@click.option("--image-column", metavar="NAME", multiple=True, help="Column of pictures; may be repeated.")
@click.option("--title-column", metavar="NAME", help="Column of the titles.")
@click.option("--batch-size", type=click.IntRange(min=1), metavar="N", help="Pictures the encoder sees at once.")
@click.option("--threads", type=click.IntRange(min=1), metavar="N", help="Threads that read and decode pictures.")
@options.as_json
@click.pass_context
def index(context: click.Context, catalogue: Path, collection: Path) -> None:
    """Bring a COLLECTION up to date with a CATALOGUE; a collection that is not there is made.

    CATALOGUE is a folder of pictures (a subfolder is a category), a CSV, JSONL, Parquet or tar file, or a folder
    of such files. Exit code 3 says that some items failed; they are listed in COLLECTION/failures.jsonl.
    """
