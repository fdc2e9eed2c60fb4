"""``shelfsight backup``, ``shelfsight restore`` and ``shelfsight upgrade``."""

from pathlib import Path

import click

from shelfsight.api.commands import options
from shelfsight.api.console import print_document

__all__ = ["backup", "restore", "upgrade"]


@click.command()
@click.argument("target", metavar="TARGET", type=click.Path(path_type=Path))
@options.collection
@options.as_json
def backup(target: Path, collection: Path, as_json: bool) -> None:
    """Copy a COLLECTION to TARGET, a new directory or .tar file, while others search it and write to it.

    The copy is of one commit and is opened and read before it appears. Of a collection in Milvus, vectors and kept
    pictures are fetched from there. Pictures that are files are not in it.
    """
    from shelfsight.api.backup import backup as make
    from shelfsight.api.backup import backup_document

    report = make(collection, target)
    if as_json:
        print_document(backup_document(report))
    else:
        click.echo(f"{report.items:,} items in {report.files:,} files, {report.bytes / 1e6:,.1f} MB: {report.path}")


@click.command()
@click.argument("source", metavar="BACKUP", type=click.Path(path_type=Path))
@options.collection
@click.option(
    "--store",
    type=click.Choice(["faiss", "exact", "milvus"]),
    help="Store of the collection.  [default: that of the one that was backed up]",
)
@options.milvus
@options.as_json
def restore(
    source: Path,
    collection: Path,
    store: str | None,
    as_json: bool,
    **milvus: str | None,
) -> None:
    """Make a COLLECTION of a BACKUP, where there is none yet. Every byte of the backup is checked before.

    A collection of any store can be made of any backup. In Milvus it is a new one, named as the directory, on the
    server that the backup is from, unless said otherwise; interrupted it is empty, and the same command fills it.
    """
    from shelfsight.api.backup import backup_document
    from shelfsight.api.backup import restore as fetch

    report = fetch(source, collection, store=store, milvus=options.said_of_milvus(milvus))
    if as_json:
        print_document(backup_document(report))
    else:
        click.echo(f"{report.items:,} items restored to {report.path}, as they were at {report.created}")


@click.command()
@options.collection
@options.as_json
def upgrade(collection: Path, as_json: bool) -> None:
    """Bring a COLLECTION that an older Shelfsight made to the format of this one. Make a backup first."""
    from shelfsight.stores.upgrade import upgrade as bring_up

    steps = bring_up(collection)
    if as_json:
        print_document({"from": steps.before, "to": steps.after})
    elif steps.before == steps.after:
        click.echo(f"{collection} has format {steps.after} already")
    else:
        click.echo(f"{collection} had format {steps.before} and has format {steps.after} now")
