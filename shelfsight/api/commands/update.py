"""``shelfsight update`` and ``shelfsight delete``."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from shelfsight.api.commands import options
from shelfsight.api.console import print_document, safe, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shelfsight.catalog.values import Kind
    from shelfsight.core.types import Failure

__all__ = ["delete", "say_failures", "update"]

_SOME_FAILED = 3
_FAILURES_SAID = 5


@click.command()
@click.argument("changes", metavar="CHANGES", type=click.Path(path_type=Path))
@options.collection
@click.option("--id-column", metavar="NAME", help="Column of the ids.")
@options.as_json
@click.pass_context
def update(context: click.Context, changes: Path, collection: Path, id_column: str | None, as_json: bool) -> None:
    """Change fields of items: prices, stock, titles. Pictures are not looked at and nothing is encoded.

    CHANGES is a CSV, JSONL or Parquet file of ids and the fields that change; other fields stay. An empty cell of a CSV
    file changes nothing; null in the others removes the field. Works beside a running `shelfsight index`. What is
    changed here stays until the catalogue itself says something new of the item. Exit code 3 says that some rows
    could not be used.
    """
    from shelfsight.api.live import update_rows
    from shelfsight.api.opening import open_engine
    from shelfsight.catalog import Columns, open_fields

    with open_engine(collection) as engine:
        kinds = {name: cast("Kind", kind) for name, kind in engine.fields().items() if kind != "json"}
        rows = open_fields(changes, columns=Columns(id=id_column), kinds=kinds)
        report = update_rows(engine, rows)
    if as_json:
        print_document(report.to_json())
    else:
        click.echo(f"{report.updated:,} items updated, {report.failed:,} of {report.rows:,} rows failed")
    say_failures(report.failures)
    context.exit(_SOME_FAILED if report.failed else 0)


@click.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@options.collection
@click.option("--filter", "expression", metavar="EXPR", help="Delete what passes instead: 'stock == 0'.")
@options.as_json
def delete(ids: tuple[str, ...], collection: Path, expression: str | None, as_json: bool) -> None:
    """Take items out of a COLLECTION, by ID or by a filter. Their picture files stay.

    Works beside a running `shelfsight index`, which does not bring them back; the next one does where its catalogue
    still has them.
    """
    from shelfsight.api.opening import open_engine

    if bool(ids) == (expression is not None):
        raise click.UsageError("give either ids or --filter")
    with open_engine(collection) as engine:
        deleted = engine.delete(ids) if expression is None else engine.delete_where(expression)
        left = engine.count()
    document = {"deleted": deleted, "items": left}
    if expression is None:
        document["absent"] = len(set(ids)) - deleted
    if as_json:
        print_document(document)
        return
    absent = f", {document['absent']:,} were not there" if document.get("absent") else ""
    click.echo(f"{deleted:,} items deleted{absent}; {left:,} left")


def say_failures(failures: "Sequence[Failure]") -> None:
    """The first few on stderr."""
    for failure in failures[:_FAILURES_SAID]:
        say(f"  {failure.reason}: {safe(failure.place)}: {safe(failure.message)}")
    if len(failures) > _FAILURES_SAID:
        say(f"  and {len(failures) - _FAILURES_SAID:,} more; --json lists them")
