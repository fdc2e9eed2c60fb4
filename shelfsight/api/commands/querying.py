"""Options of a search that other commands have too: what is asked for, and how hits are arranged."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from shelfsight.api.commands.options import Command

if TYPE_CHECKING:
    from shelfsight.core.atoms import Atom

__all__ = ["arranged", "atoms", "no_rules", "wanted"]

_ALIKE = 0.95
"""Cosine from which on ``--collapse`` takes two pictures for the same."""


def _collapsed(_context: click.Context, _parameter: click.Parameter, value: str | None) -> float | None:
    try:
        return None if value is None else float(value or _ALIKE)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no cosine such as {_ALIKE}") from None


def _atoms(_context: click.Context, _parameter: click.Parameter, value: str | None) -> "tuple[Atom, ...] | None":
    from shelfsight.api.atoms import parse_atoms

    return None if value is None else parse_atoms(value)


_WANTED = (
    click.option(
        "--image", type=click.Path(path_type=Path, dir_okay=False), help="A picture to look for, alone or with QUERY."
    ),
    click.option(
        "--image-weight", type=float, default=0.5, show_default=True, help="Share of the picture beside QUERY, 0 to 1."
    ),
    click.option("--like", multiple=True, metavar="ID", help="An item that hits should look like; may be repeated."),
    click.option("--unlike", multiple=True, metavar="ID", help="One that they should not look like; may be repeated."),
    click.option("--negative", multiple=True, metavar="TEXT", help="What hits should not show; may be repeated."),
    click.option("--filter", "filter_", metavar="EXPR", help="Such as: price < 80 and color in ['red', 'blue']."),
)
_ARRANGED = (
    click.option(
        "--sort", multiple=True, metavar="FIELD", help="Order by FIELD, with --sort=-FIELD descending; may be repeated."
    ),
    click.option("--group-by", metavar="FIELD", help="One hit for each value of FIELD; its others are counted."),
    click.option(
        "--collapse",
        "duplicates",
        metavar="[=COSINE]",
        callback=_collapsed,
        help=f"Fold hits into better ones that look the same.  [default: {_ALIKE}]",
    ),
    click.option(
        "--diversity", type=float, default=0.0, metavar="X", help="How far hits that look alike make room, 0 to 1."
    ),
    click.option(
        "--min-relevance",
        type=float,
        metavar="P",
        help="Leave out hits less likely relevant than P, 0 to 1. Needs a calibrated encoder: the embedded one, or "
        "`evaluate --calibrate`. Every vector is compared.",
    ),
)
no_rules = click.option(
    "--no-rules", "rules", flag_value=False, default=True, type=bool, help="Leave the merchandiser's rules out."
)
atoms = click.option(
    "--atoms", metavar="JSON", callback=_atoms, help="What QUERY asks for: `atoms` of an earlier --json, edited."
)


def wanted(command: Command) -> Command:
    """What hits should show, and must satisfy."""
    for option in reversed(_WANTED):
        command = option(command)
    return command


def arranged(command: Command) -> Command:
    """How hits are arranged, and which count."""
    for option in reversed(_ARRANGED):
        command = option(command)
    return command
