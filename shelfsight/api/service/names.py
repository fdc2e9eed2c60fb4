"""Names of collections and aliases: a part of a URL, and of a file's name."""

import re
from pathlib import Path

from shelfsight.core.errors import UsageError

__all__ = ["NAME", "SUFFIX", "check_name", "is_name", "name_of"]

NAME = "[a-z0-9][a-z0-9_-]{0,63}"
"""What a name is, as a regular expression."""
SUFFIX = ".collection"
"""What the directory of a collection may end in; its name does not."""

_FALLBACK = "collection"


def is_name(text: str) -> bool:
    return re.fullmatch(NAME, text) is not None


def check_name(text: str) -> str:
    """``text``, if it is a name.

    Raises:
        UsageError: it is none.
    """
    if not is_name(text):
        hint = "1 to 64 of a-z, 0-9, - and _; the first of them a letter or a digit"
        raise UsageError(f"{text[:80]!r} cannot be the name of a collection or an alias", hint=hint)
    return text


def name_of(path: Path) -> str:
    """The name of a collection that nobody gave one, after its directory: ``My Shop.collection`` is ``my-shop``."""
    words = re.sub("[^a-z0-9_-]+", "-", path.name.removesuffix(SUFFIX).lower())
    return words.strip("-_")[:64] or _FALLBACK
