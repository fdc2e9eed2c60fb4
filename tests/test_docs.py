"""Commands that the documentation shows are such as the command line takes."""

import re
import shlex
from pathlib import Path

import click
import pytest

from shelfsight.api.cli import cli

ROOT = Path(__file__).parent.parent
FILES = ("README.md", "docs/service.md", "docs/operations.md", "docker/README.md", "clients/python/README.md")
BLOCK = re.compile(r"^```sh\n(?P<fenced>[^`]*)^```|(?P<indented>(?:^ {4}[^\n]*\n)+)", re.MULTILINE)
INLINE = re.compile(r"`(shelfsight [^`]+)`")


def blocks(file: str) -> list[list[str]]:
    """The words of each command that stands in a block."""
    text = (ROOT / file).read_text("utf-8").replace("\\\n", " ")
    found = "".join(match["fenced"] or match["indented"] for match in BLOCK.finditer(text))
    lines = [
        match[1] for match in re.finditer(r"^.*?\b(shelfsight [a-z].*)$", found, re.MULTILINE) if "$(" not in match[1]
    ]
    return [shlex.split(line.replace("shelfsight shelfsight", "shelfsight"), comments=True) for line in lines]


def inline(file: str) -> list[list[str]]:
    text = " ".join((ROOT / file).read_text("utf-8").split())
    return [match[1].split() for match in INLINE.finditer(text)]


def called(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that is meant, and what it is given."""
    command: click.Command = cli
    _, *rest = words
    while isinstance(command, click.Group):
        command = command.commands[rest.pop(0)]
    return command, rest


@pytest.mark.parametrize("file", FILES)
def test_commands_in_blocks_can_be_pasted(file: str) -> None:
    for words in blocks(file):
        command, rest = called(words)
        command.make_context(" ".join(words), rest)


@pytest.mark.parametrize("file", FILES)
def test_commands_and_options_in_sentences_exist(file: str) -> None:
    for words in inline(file):
        command, rest = called(words)
        known = {option for each in command.params for option in each.opts}
        said = {word.partition("=")[0] for word in rest if re.match(r"-{1,2}[a-z]", word)}
        assert said <= known, words


def test_there_are_commands_to_look_at() -> None:
    assert sum(len(blocks(file)) for file in FILES) > 30
    assert sum(len(inline(file)) for file in FILES) > 20
