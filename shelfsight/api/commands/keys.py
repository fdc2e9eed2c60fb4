"""``shelfsight keys create | list | revoke``."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shelfsight.api.commands import options
from shelfsight.api.console import print_document, print_table, safe, say

if TYPE_CHECKING:
    from shelfsight.api.service.keys import ApiKey, KeyRing

__all__ = ["keys"]


@click.group()
def keys() -> None:
    """Make, list and revoke the API keys of a server.

    A server that other machines reach asks for a key, and so does one of this machine alone once a key was made. The
    keys lie in the directory server/ of the collection that is served; running servers follow at once.
    """


def _day_after(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    """The last day as a moment: when it ends in UTC."""
    if value is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(value) + timedelta(days=1), time.min, UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter(f"{value!r} is no day such as 2030-12-31") from None


@keys.command()
@options.server_state
@click.option("--name", required=True, help="What a person calls it: shop-page.")
@click.option(
    "--scope",
    type=click.Choice(["search", "write", "admin", "metrics"]),
    default="search",
    show_default=True,
    help="What it may do; write may search too, admin everything; metrics reads those alone.",
)
@click.option("--rate", type=float, metavar="N", help="Requests a second.")
@click.option("--looks-per-day", type=int, metavar="N", help="Pictures a day that a vision-language model looks at.")
@click.option("--collection", "collections", multiple=True, metavar="NAME", help="May ask this one; repeatable.")
@click.option(
    "--origin",
    "origins",
    multiple=True,
    metavar="URL",
    help="A page that carries it: https://shop.example; repeatable.",
)
@click.option("--expires", metavar="DATE", callback=_day_after, help="Its last day, in UTC: 2030-12-31.")
@options.as_json
def create(collection: Path | None, state: Path | None, as_json: bool, **wanted: Any) -> None:
    """Make a key. It is shown once: only its hash is kept."""
    from pydantic import ValidationError

    from shelfsight.api.service.keys import Order
    from shelfsight.core.errors import UsageError

    try:
        order = Order.model_validate(wanted)
    except ValidationError as error:
        fault = error.errors()[0]
        raise UsageError(f"--{str(fault['loc'][0]).replace('_', '-')}: {fault['msg']}") from error
    key, token = _ring(collection, state).create(order)
    if as_json:
        print_document({**key.document(), "key": token})
        return
    click.echo(token)
    say(f"key {key.id} ({safe(key.name)}, {key.scope}); it is not shown again")


@keys.command(name="list")
@options.server_state
@options.as_json
def list_(collection: Path | None, state: Path | None, as_json: bool) -> None:
    """List the keys, without what makes them work."""
    found = _ring(collection, state).all()
    if as_json:
        print_document({"keys": [key.document() for key in found]})
        return
    columns = ("id", "name", "scope", "state", "rate", "looks a day", "collections", "origins", "created", "expires")
    print_table(columns, [_row(key) for key in found], right=("rate", "looks a day"), whole=("id",))


@keys.command()
@click.argument("name", metavar="ID_OR_NAME")
@options.server_state
def revoke(name: str, collection: Path | None, state: Path | None) -> None:
    """End a key at once."""
    key = _ring(collection, state).revoke(name)
    say(f"key {key.id} ({safe(key.name)}) is revoked")


def _row(key: "ApiKey") -> tuple[str, ...]:
    return (
        key.id,
        key.name,
        key.scope,
        key.state(),
        "" if key.rate is None else f"{key.rate:g}",
        "" if key.looks_per_day is None else f"{key.looks_per_day:,}",
        " ".join(key.collections) or "all",
        " ".join(key.origins),
        f"{key.created:%Y-%m-%d %H:%M}",
        "" if key.expires is None else f"{key.expires:%Y-%m-%d %H:%M}",
    )


def _ring(collection: Path | None, state: Path | None) -> "KeyRing":
    from shelfsight.api.service.keys import KeyRing

    return KeyRing(options.state_of(collection, state))
