"""``shelfsight audit``."""

from pathlib import Path

import click

from shelfsight.api.commands import options
from shelfsight.api.console import print_document, print_table

__all__ = ["audit"]


@click.command()
@options.server_state
@click.option("--last", type=click.IntRange(min=1), default=20, show_default=True, help="Changes shown, newest first.")
@click.option("--key", metavar="ID_OR_NAME", help="Only what was asked with this API key.")
@click.option("--collection", "of", metavar="NAME", help="Only what this collection or alias was asked.")
@options.as_json
def audit(
    collection: Path | None, state: Path | None, last: int, key: str | None, of: str | None, as_json: bool
) -> None:
    """Show what was changed over HTTP: when, by whom, and what became of it."""
    from shelfsight.api.service.audit import AuditLog

    found = AuditLog(options.state_of(collection, state)).read(last, key=key, collection=of)
    if as_json:
        print_document({"entries": found})
        return
    rows = [
        (
            str(line["time"]),
            str(line["operation"]),
            str(line["collection"] or ""),
            f"{line['number'] or 0:,}",
            " ".join(line["ids"][:3]),
            f"{line['outcome']} {line['status'] or ''}".rstrip(),
            str(line["name"] or ""),
            str(line["address"]),
        )
        for line in found
    ]
    columns = ("time", "operation", "collection", "number", "first ids", "outcome", "key", "address")
    print_table(columns, rows, right=("number",))
