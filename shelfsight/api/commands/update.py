"""``shelfsight update`` and ``shelfsight delete``."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from shelfsight.api.commands import options
from shelfsight.api.console import print_document, print_table, safe, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shelfsight.api.erasing import Receipt
    from shelfsight.catalog.values import Kind
    from shelfsight.core.settings import Settings
    from shelfsight.core.types import Failure

__all__ = ["delete", "say_failures", "update"]

_SOME_FAILED = 3
_FAILURES_SAID = 5


@click.command()
@click.argument("changes", metavar="CHANGES", type=click.Path(path_type=Path))
@options.collection
@click.option("--id-column", metavar="NAME", help="Column of the ids.")
@options.settings
@options.as_json
@click.pass_context
def update(
    context: click.Context,
    changes: Path,
    collection: Path,
    id_column: str | None,
    config: Path | None,
    assigned: Mapping[str, str],
    as_json: bool,
) -> None:
    """Change fields of items: prices, stock, titles. Pictures are not looked at and nothing is encoded.

    CHANGES is a CSV, JSONL or Parquet file of ids and the fields that change; other fields stay. An empty cell of a CSV
    file changes nothing; null in the others removes the field. Works beside a running `shelfsight index`. What is
    changed here stays until the catalogue itself says something new of the item. Exit code 3 says that some rows
    could not be used.
    """
    from shelfsight.api.live import update_rows
    from shelfsight.api.opening import open_engine
    from shelfsight.catalog import Columns, open_fields

    settings = options.read_settings(config, assigned).settings
    with open_engine(collection, settings=settings) as engine:
        kinds = {name: cast("Kind", kind) for name, kind in engine.fields().items() if kind != "json"}
        rows = open_fields(changes, columns=Columns(id=id_column), kinds=kinds, max_text=settings.index.max_text)
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
@click.option("--hard", is_flag=True, help="Leave no byte of them, in other versions and caches neither; see below.")
@options.settings
@options.as_json
@click.pass_context
def delete(
    context: click.Context,
    ids: tuple[str, ...],
    collection: Path,
    expression: str | None,
    hard: bool,
    config: Path | None,
    assigned: Mapping[str, str],
    as_json: bool,
) -> None:
    """Take items out of a COLLECTION, by ID or by a filter. Their picture files stay.

    Works beside a running `shelfsight index`, which does not bring them back; the next one does where its catalogue
    still has them.

    With --hard, files that hold anything of them are written anew and searched afterwards, byte by byte, and a receipt
    says where they were and what is not reached: catalogues, backups. It goes into the audit log of the server, too,
    and what its jobs keep is looked at: where `server.state` says, else beside the COLLECTION. Exit code 3 says that
    something is not done yet.
    """
    from shelfsight.api.opening import open_engine

    if bool(ids) == (expression is not None):
        raise click.UsageError("give either ids or --filter")
    settings = options.read_settings(config, assigned).settings
    if hard:
        if expression is not None:
            raise click.UsageError("--hard takes ids, not --filter")
        context.exit(_erase(ids, collection, settings, as_json))
    with open_engine(collection, settings=settings) as engine:
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


def _erase(ids: "Sequence[str]", collection: Path, settings: "Settings", as_json: bool) -> int:
    """Erase items, say the receipt, and keep it in the audit log; the exit code."""
    from shelfsight.api.opening import open_engine
    from shelfsight.api.service.access import Caller
    from shelfsight.api.service.audit import AuditLog, Entry
    from shelfsight.api.service.state import state_directory

    with open_engine(collection, settings=settings) as engine:
        receipt = engine.erase(ids)
        state = state_directory(engine.settings, engine.path)
    entry = Entry(
        caller=Caller(key=None, address=""), operation="erase_items", request_id="", receipt=receipt.to_json()
    )
    entry.add(ids)
    AuditLog(state).write(entry.document("done"))
    if as_json:
        print_document(receipt.to_json())
    else:
        _say_receipt(receipt)
    return 0 if receipt.verified or not receipt.ids else _SOME_FAILED


def _say_receipt(receipt: "Receipt") -> None:
    absent = f", {len(receipt.absent):,} were not there" if receipt.absent else ""
    click.echo(f"{len(receipt.ids):,} items erased{absent}; receipt {receipt.id}, SHA-256 {receipt.digest}")
    rows = [(place.name, *(f"{n:,}" for n in (place.found, place.shared, place.left))) for place in receipt.places]
    if rows:
        columns = ("place", "pieces found", "of others, too", "left")
        print_table(columns, rows, right=columns[1:])
    for text in receipt.later:
        say(f"not done yet: {safe(text)}")
    for text in receipt.remains:
        say(f"not reached: {text}")


def say_failures(failures: "Sequence[Failure]") -> None:
    """The first few on stderr."""
    for failure in failures[:_FAILURES_SAID]:
        say(f"  {failure.reason}: {safe(failure.place)}: {safe(failure.message)}")
    if len(failures) > _FAILURES_SAID:
        say(f"  and {len(failures) - _FAILURES_SAID:,} more; --json lists them")
