"""What an encoder reads of a mistyped query: it knows nothing of a word that nobody writes, the index of words knows
which one was meant."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from shelfsight.core.listing import WordQuery, WordsFound
from shelfsight.core.snapshot import Snapshot
from shelfsight.core.stored import StoredItem
from shelfsight.core.types import Value
from shelfsight.core.wording import CHUNK, WORD, compound, fold, stem
from shelfsight.search.planning import Plan

__all__ = ["corrected", "spelt", "texts", "written"]

_READ = 8
"""Items found that are read for how they write a word."""


def spelt(plan: Plan, snapshot: Snapshot) -> Plan:
    """``plan``, whose encoder reads what the page says its words were taken for; by vector alone as it was typed."""
    if not plan.hybrid or plan.words.text is None:
        return plan
    found = snapshot.words(WordQuery(text=plan.words.text, synonyms=plan.synonyms), _READ)
    corrections = written(found, snapshot)
    return replace(plan, spelt=corrected(plan.words.text, corrections)) if corrections else plan


def written(found: WordsFound, snapshot: Snapshot) -> dict[str, str]:
    """The corrections of what was found, in the forms that items have: the index keeps words without their endings, and
    chunks in one piece."""
    if not found.corrections:
        return {}
    forms: dict[str, str] = {}
    items = snapshot.items([match.id for match in found.matches[:_READ]])
    for chunk in (chunk for item in items.values() for text in texts(item) for chunk in CHUNK.findall(fold(text))):
        parts = tuple(WORD.findall(chunk))
        for part in parts:
            forms.setdefault(stem(part), part)
        if (whole := compound(parts)) is not None:
            forms.setdefault(whole, chunk)
    return {
        typed: " ".join(forms.get(part, part) for part in taken.split()) for typed, taken in found.corrections.items()
    }


def corrected(text: str, corrections: Mapping[str, str]) -> str:
    """``text`` with the words that were taken for others in their place.

    Args:
        corrections: by folded word, or by the parts of a chunk with blanks between them.
    """

    def meant(word: re.Match[str]) -> str:
        return corrections.get(fold(word[0]), word[0])

    def chunk_meant(chunk: re.Match[str]) -> str:
        return corrections.get(" ".join(WORD.findall(fold(chunk[0]))), WORD.sub(meant, chunk[0]))

    return CHUNK.sub(chunk_meant, text)


def texts(item: StoredItem) -> Iterator[str]:
    """Texts of an item that are not empty."""
    values: Iterable[Value] = (item.title, *item.metadata.values())
    return (value for value in values if isinstance(value, str) and value)
