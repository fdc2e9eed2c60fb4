"""``shelfsight config``."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shelfsight.api.commands import options
from shelfsight.api.console import print_document, print_table, say

if TYPE_CHECKING:
    from shelfsight.api.configuration import Configuration

__all__ = ["config"]


@click.command(name="config")
@options.settings
@options.as_json
def config(config: Path | None, assigned: Mapping[str, str], as_json: bool) -> None:
    """Show every setting as it counts here, and where it was said.

    Settings are read from a file, shelfsight.toml, with a table a group; from the environment, where server.port is
    SHELFSIGHT_SERVER__PORT; and from options. What comes later counts.
    """
    from shelfsight.api.configuration import names

    found = options.read_settings(config, assigned)
    if as_json:
        print_document(_document(found))
        return
    print_table(("setting", "value", "from"), [(name, _shown(found, name), found.source(name)) for name in names()])
    rows = [(name, value) for name, value in _variables().items() if value is not None]
    if rows:
        click.echo()
        print_table(("variable", "value"), rows)
    say(f"\nread {found.file}" if found.file else "\nno file of settings is read here")


def _document(found: "Configuration") -> dict[str, Any]:
    from shelfsight.api.configuration import names

    values = found.settings.model_dump(mode="json")
    return {
        "file": None if found.file is None else str(found.file),
        "settings": {
            name: {"value": _in(values, name), "from": found.source(name), "about": field.description}
            for name, field in names().items()
        },
        "variables": _variables(),
    }


def _variables() -> dict[str, str | None]:
    """The other variables; of those that are secret, whether they are set."""
    from shelfsight.api.configuration import OTHERS

    said = {name: os.environ.get(name) for name in OTHERS}
    return {name: "set" if value and OTHERS[name] else value or None for name, value in said.items()}


def _shown(found: "Configuration", name: str) -> str:
    value = _in(found.settings.model_dump(mode="json"), name)
    return value if isinstance(value, str) else json.dumps(value)


def _in(values: Mapping[str, Any], name: str) -> Any:
    group, _, field = name.partition(".")
    return values[group][field]
