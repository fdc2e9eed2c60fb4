"""What an encoder reads of a mistyped query: it knows nothing of a word that nobody writes, the index of words knows
which one was meant."""

import re
from collections.abc import Mapping
from dataclasses import replace

from shelfsight.core.listing import WordQuery
from shelfsight.core.snapshot import Snapshot
from shelfsight.core.wording import fold
from shelfsight.search.planning import Plan

__all__ = ["corrected", "spelt"]

_WORD = re.compile(r"[^\W_]+")


def spelt(plan: Plan, snapshot: Snapshot) -> Plan:
    """``plan``, whose encoder reads what the page says its words were taken for; by vector alone as it was typed."""
    if not plan.hybrid or plan.words.text is None:
        return plan
    found = snapshot.words(WordQuery(text=plan.words.text, synonyms=plan.synonyms), 1)
    return replace(plan, spelt=corrected(plan.words.text, found.corrections)) if found.corrections else plan


def corrected(text: str, corrections: Mapping[str, str]) -> str:
    """``text`` with the words that were taken for others in their place.

    Args:
        corrections: :attr:`~shelfsight.core.listing.WordsFound.corrections`, by folded word.
    """
    return _WORD.sub(lambda word: corrections.get(fold(word[0]), word[0]), text)
