"""``shelfsight doctor``."""

from collections.abc import Mapping
from pathlib import Path

import click

from shelfsight.api.commands import options
from shelfsight.api.console import print_document, safe

__all__ = ["doctor"]


@click.command()
@click.option(
    "-c",
    "--collection",
    metavar="COLLECTION",
    type=click.Path(path_type=Path),
    help="Look at this collection as well, and at the state of the server whose default one it is.",
)
@options.settings
@options.as_json
@click.pass_context
def doctor(
    context: click.Context, collection: Path | None, config: Path | None, assigned: Mapping[str, str], as_json: bool
) -> None:
    """Say what is wrong with this installation, and with a collection, and the cure.

    Nothing is changed. Exit code 0: nothing is wrong; 1: something is. Notes alone are nothing wrong.
    """
    from shelfsight.api.doctor import Severity, examine

    settings = options.read_settings(config, assigned, {}).settings
    found = examine(collection, settings)
    wrong = any(finding.severity is not Severity.NOTE for finding in found)
    if as_json:
        print_document({"wrong": wrong, "findings": [finding.document() for finding in found]})
    else:
        for finding in found:
            click.echo(f"{finding.severity:<8}{finding.code}: {safe(finding.message)}")
            click.echo(f"        {safe(finding.cure)}")
            if finding.command is not None:
                click.echo(f"        $ {safe(finding.command)}")
        if not wrong:
            click.echo("nothing is wrong" if not found else "nothing else is wrong")
    context.exit(int(wrong))
