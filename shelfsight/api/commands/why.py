"""``shelfsight why``."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shelfsight.api.commands import options, querying
from shelfsight.api.console import print_document, print_table, safe, say

if TYPE_CHECKING:
    from shelfsight.core.why import Why

__all__ = ["why"]


@click.command(cls=options.ValueAfterEquals)
@click.argument("id")
@click.argument("text", metavar="QUERY", required=False)
@options.collection
@click.option("-k", "k", type=int, default=10, show_default=True, help="Hits of a page.")
@querying.wanted
@querying.arranged
@options.rules
@querying.no_rules
@options.mode
@options.encoder
@options.device
@options.runtime
@options.rerank
@options.depth
@click.option("--budget-ms", type=float, metavar="MS", help="Milliseconds that looking again may take.")
@querying.atoms
@options.vlm
@options.settings
@options.as_json
def why(
    id: str,
    text: str | None,
    collection: Path,
    encoder: str | None,
    device: str | None,
    runtime: str | None,
    vlm: str | None,
    rules_file: Path | None,
    config: Path | None,
    assigned: Mapping[str, str],
    as_json: bool,
    filter_: str | None,
    **query: Any,
) -> None:
    """Say why the item ID stands where it does when QUERY is searched for, or why it is not found.

    However far down that is: what the item must satisfy and whether it does, where it stood behind each stage of the
    search, what a merchandiser's rules do to it, which hits stand above it and what they have more of, and what would
    change that.
    """
    from shelfsight.api.opening import open_engine
    from shelfsight.api.why import why_document

    settings = options.read_settings(config, assigned).settings
    with open_engine(
        collection, encoder=encoder, settings=settings, device=device, runtime=runtime, vlm=vlm, rules=rules_file
    ) as engine:
        if query["rules"]:
            engine.check_rules()
        if query["rerank"]:
            options.prepare_vlm(engine, must=vlm is not None)
        told = engine.why(id, text, filter=filter_, **query)
    if as_json:
        print_document(why_document(told))
    else:
        print_why(told)


def print_why(why: "Why") -> None:
    """The sentence, then a table of each kind of thing there is to tell."""
    for warning in why.warnings:
        say(f"warning: {safe(warning)}")
    click.echo(f"{safe(why.title or why.id)} ({safe(why.id)})")
    click.echo(safe(why.sentence))
    stages = [(each.stage, _count(each.rank), _count(each.of), _figure(each.value), each.note) for each in why.stages]
    print_table(("behind", "place", "of", "by", ""), stages, right=("place", "of", "by"))
    if why.conditions:
        satisfied = [(each.text, "yes" if each.passes else "NO", _fields(each.fields)) for each in why.conditions]
        print_table(("must satisfy", "does", "has"), satisfied)
    if why.words:
        print_table(("word", "has it"), [(word, "yes" if found else "no") for word, found in why.words.items()])
    for rule in why.rules:
        click.echo(safe(f"{rule.text} (line {rule.line})"))
    if why.above:
        above = [(str(hit.rank), _figure(hit.score), _more(hit.more), hit.title or "", hit.id) for hit in why.above]
        print_table(("#", "score", "more", "above it", "id"), above, right=("#", "score"))
    for change in why.changes:
        click.echo(f"- {safe(change.text)}")


def _count(number: int | None) -> str:
    return "-" if number is None else str(number)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _fields(fields: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {'(none)' if value is None else value}" for name, value in fields.items())


def _more(more: Mapping[str, float]) -> str:
    return ", ".join(f"{name} +{value:.3f}" for name, value in more.items())
