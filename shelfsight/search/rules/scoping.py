"""Which rules count for a query, on a day."""

from collections.abc import Sequence
from datetime import date

from shelfsight.core import wording
from shelfsight.core.rules import Scope

__all__ = ["counts"]


def counts(scope: Scope, text: str | None, today: date) -> bool:
    """Whether a rule of this scope counts for a query of ``text`` (less its minus terms; ``None``: a picture alone)."""
    if (scope.start is not None and today < scope.start) or (scope.end is not None and today > scope.end):
        return False
    if scope.everywhere:
        return True
    asked = wording.words(text or "")
    whole = any(wording.words(query) == asked for query in scope.queries)
    return bool(asked) and (whole or any(_holds(asked, wording.words(part)) for part in scope.containing))


def _holds(words: Sequence[str], part: Sequence[str]) -> bool:
    """Whether ``part`` stands in ``words``, one behind the other."""
    size = len(part)
    return size > 0 and any(list(words[start : start + size]) == list(part) for start in range(len(words) - size + 1))
