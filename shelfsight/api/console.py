"""What the command line writes, and where: documents and tables on stdout, everything else on stderr."""

import shutil
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from shelfsight.api.documents import dump

__all__ = ["narrow", "print_document", "print_table", "safe", "say"]

_UNBROKEN = 10_000
_ESCAPED_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def safe(text: str) -> str:
    """``text`` on one line, with control, direction and half characters escaped.

    Ids and titles come from catalogues; printed raw, they could move the cursor, recolour or rename the window.
    """
    return "".join(_escape(character) for character in text)


def say(message: str) -> None:
    """One line on stderr."""
    sys.stderr.write(message + "\n")
    sys.stderr.flush()


def print_document(document: Mapping[str, Any]) -> None:
    """One JSON document on stdout, in UTF-8 whatever the locale."""
    data = (dump(document) + "\n").encode()
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def narrow(columns: int) -> bool:
    """Whether a person's terminal is narrower than ``columns`` characters; a pipe never is."""
    return sys.stdout.isatty() and shutil.get_terminal_size().columns < columns


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = (), whole: Sequence[str] = ()
) -> None:
    """A table on stdout: as wide as the terminal, or one line a row in a pipe. Every cell is made safe.

    Args:
        right: columns of numbers, aligned to the right.
        whole: columns that are never folded, because a person copies from them.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        justify: Literal["right", "left"] = "right" if column in right else "left"
        table.add_column(column, justify=justify, overflow="fold", no_wrap=column in whole)
    for row in rows:
        table.add_row(*(Text(safe(cell)) for cell in row))
    width = None if sys.stdout.isatty() else _UNBROKEN
    Console(file=sys.stdout, highlight=False, width=width).print(table)


def _escape(character: str) -> str:
    if unicodedata.category(character) not in _ESCAPED_CATEGORIES or character in "\u200c\u200d":
        return character
    return character.encode("unicode_escape", "surrogatepass").decode()
