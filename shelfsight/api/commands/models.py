"""``shelfsight models``."""

import re
from typing import TYPE_CHECKING, Any, get_args

import click

from shelfsight.api.commands import options
from shelfsight.api.console import narrow, print_document, print_table, say
from shelfsight.models.known.kinds import Kind

if TYPE_CHECKING:
    from shelfsight.models.known.descriptor import Descriptor

__all__ = ["models"]

_COLUMNS = ("name", "dim", "px", "MB", "licence", "texts", "published", "here")
_FEW = ("name", "MB", "licence", "here")
_WIDE = 120  # characters that all columns need


@click.command()
@click.argument("name", required=False)
@click.option("--kind", type=click.Choice(get_args(Kind)), help="Only encoders of one kind.")
@options.as_json
def models(name: str | None, kind: Kind | None, as_json: bool) -> None:
    """List encoders worth knowing, or say everything about the one called NAME.

    Published figures are others' own, on data that is not your catalogue: measure the two or three you fancy with
    `shelfsight evaluate`. Any other OpenCLIP model or hf-hub: name can be given to --encoder too.
    """
    from shelfsight.models import describe, descriptors

    if name is None:
        listed = descriptors(kind)
        print_document({"models": [_document(one) for one in listed]}) if as_json else _print_list(listed)
        return
    if kind is not None:
        raise click.UsageError("give either NAME or --kind")
    one = describe(name)
    print_document(_document(one)) if as_json else _print_one(one)


def _document(one: "Descriptor") -> dict[str, Any]:
    from shelfsight.models import weights_here

    return {**one.to_json(), "here": weights_here(one), "command": _command(one)}


def _command(one: "Descriptor") -> str:
    return f"shelfsight index CATALOGUE -c COLLECTION --encoder {one.name}"


def _print_list(listed: "tuple[Descriptor, ...]") -> None:
    from shelfsight.models import weights_here

    rows = [
        (
            one.name,
            str(one.dimension),
            _or_unknown(one.image_size),
            f"{one.download_mb:,.0f}",
            one.licence.partition(" (")[0] + ("" if one.commercial_use else " *"),
            one.languages.partition(" ")[0],
            _telling(one),
            "yes" if weights_here(one) else "",
        )
        for one in listed
    ]
    shown = _FEW if narrow(_WIDE) else _COLUMNS
    places = [_COLUMNS.index(column) for column in shown]
    print_table(shown, [[row[place] for place in places] for row in rows], right=("dim", "px", "MB"), whole=("name",))
    if shown is _FEW:
        say(f"a terminal of {_WIDE} columns shows more")
    say("*: not for use in a product; here: the weights are on this machine")
    say("published: on others' data; figures of different data, or of 'own' data, do not compare")
    say("`shelfsight models NAME` says everything about one, with sources")


def _print_one(one: "Descriptor") -> None:
    from shelfsight.models import weights_here

    rows = [
        ("name", one.name),
        ("for", one.purpose),
        ("kinds", ", ".join(one.kinds)),
        ("languages", one.languages),
        ("vector", f"{one.dimension} numbers"),
        ("picture", f"{one.image_size} pixels a side" if one.image_size else "size not known"),
        ("text", f"{one.context_length} tokens"),
        ("parameters", _parameters(one)),
        ("weights", f"{one.download_mb:,g} MB, {'on this machine' if weights_here(one) else 'not on this machine'}"),
        ("licence", f"{one.licence}: {'use in a product is allowed' if one.commercial_use else 'not for a product'}"),
        ("licence source", one.licence_source),
    ]
    rows += [(f"figure {number}", f"{figure} ({figure.source})") for number, figure in enumerate(one.figures, 1)]
    rows.append(("use", _command(one)))
    print_table(("what", "value"), rows)


def _parameters(one: "Descriptor") -> str:
    whole = f"{one.parameters / 1e6:,.2f} M"
    if one.image_parameters is None or one.text_parameters is None:
        return whole
    return f"{whole}: pictures {one.image_parameters / 1e6:,.2f} M, texts {one.text_parameters / 1e6:,.2f} M"


def _telling(one: "Descriptor") -> str:
    if not one.figures:
        return ""
    first = one.figures[0]
    whose = "own " if one.hub is None else ""  # nobody else's data of the same first word is meant
    return f"{whose}{re.split('[ ,:]', first.task)[0]} {first.metric} {first.value:.3f}"


def _or_unknown(number: int | None) -> str:
    return "?" if number is None else str(number)
