"""``shelfsight ask``."""

import sys
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import click

from shelfsight.api.commands import options
from shelfsight.api.console import print_document, safe, say

if TYPE_CHECKING:
    from shelfsight.core.dialogue import Turn

__all__ = ["ask"]

_CUT = {"max_tokens": ", cut off at its length", "time": ", cut off when time was up"}


def _turns(_context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> "tuple[Turn, ...]":
    from shelfsight.core.dialogue import Turn

    turns = []
    for text in value:
        question, equals, answer = text.partition("=")
        if not equals:
            raise click.BadParameter(f"{text!r} is no question and answer such as 'Is it red?=Yes.'")
        turns.append(Turn(question=question.strip(), answer=answer.strip()))
    return tuple(turns)


@click.command()
@click.argument("id", metavar="ID")
@click.argument("question", metavar="[QUESTION]", required=False, default="")
@options.collection
@click.option(
    "--turn", "turns", metavar="Q=A", multiple=True, callback=_turns, help="What was said before; may be repeated."
)
@click.option("--picture", type=int, default=0, metavar="N", show_default=True, help="Which picture, from 0.")
@click.option("--max-tokens", type=int, default=64, metavar="N", show_default=True, help="Length of the answer.")
@click.option("--seconds", type=float, default=30.0, metavar="S", show_default=True, help="Time to answer in.")
@options.device
@options.vlm
@options.settings
@options.as_json
def ask(
    id: str,
    question: str,
    collection: Path,
    turns: "tuple[Turn, ...]",
    picture: int,
    max_tokens: int,
    seconds: float,
    device: str | None,
    vlm: str | None,
    config: Path | None,
    assigned: Mapping[str, str],
    as_json: bool,
) -> None:
    """Ask a vision-language model about the picture of item ID of a COLLECTION.

    Without a QUESTION it says what the picture shows.
    """
    from shelfsight.api.documents import answer_document
    from shelfsight.api.opening import open_engine

    configured = options.read_settings(config, assigned).settings
    with open_engine(collection, settings=configured, device=device, vlm=vlm) as engine:
        engine.get(id)
        model, begun = engine.vlm.name, perf_counter()
        answer = engine.ask(
            id,
            question,
            turns=turns,
            picture=picture,
            max_tokens=max_tokens,
            seconds=seconds,
            on_text=None if as_json else _show,
        )
        milliseconds = 1000 * (perf_counter() - begun)
    if as_json:
        print_document(answer_document(answer, model=model, milliseconds=milliseconds))
        return
    click.echo()
    say(f"{safe(model)} in {milliseconds:.0f} ms{_CUT.get(answer.stop, '')}")


def _show(piece: str) -> None:
    """The next words of an answer, at once; lines are kept, what commands a terminal is not."""
    sys.stdout.write("\n".join(safe(line) for line in piece.split("\n")))
    sys.stdout.flush()
