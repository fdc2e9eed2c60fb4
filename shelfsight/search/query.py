"""What a person typed, taken apart: the things wanted and the things not wanted."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import get_args

from shelfsight.core.errors import UsageError
from shelfsight.core.listing import SortKey
from shelfsight.core.settings import SearchSettings
from shelfsight.core.texts import check_text
from shelfsight.core.types import Example, Mode, Query

__all__ = ["Understood", "check", "once", "understand"]

# A minus term starts a word: "-floral", -"polka dots". A hyphen inside a word ("t-shirt", "v-neck"), before a
# digit ("-5") or on its own ("shirt - blue") is part of the text. A quote left open runs to the end of the text.
_MINUS = re.compile(r'(?<!\S)-(?:"(?P<phrase>[^"]*)(?:"|$)|(?P<word>[^\W\d_]\S*))')
_TRAILING = ",.;:!?"
_MOST_NEGATIVE = 100
_MOST_EXAMPLES = 100
_GREATEST_WEIGHT = 100.0


@dataclass(frozen=True, slots=True)
class Understood:
    """A query's words.

    Attributes:
        text: what the hits should show, or ``None``.
        negative: what they should not show, in the order given, without repeats.
    """

    text: str | None
    negative: tuple[str, ...]


def understand(query: Query) -> Understood:
    """Split the minus terms off the text and join them with ``query.negative``.

    Raises:
        UsageError: nothing is left to look for, only things to avoid or nothing at all.
    """
    text = query.text or ""
    typed = [match["word"].rstrip(_TRAILING) if match["word"] else match["phrase"] for match in _MINUS.finditer(text)]
    terms = (" ".join(term.split()) for term in (*typed, *query.negative))
    negative = tuple(dict.fromkeys(term for term in terms if term))
    positive = " ".join(_MINUS.sub(" ", text).split()) or None
    if positive is None and query.image is None and query.vector is None and not query.like:
        raise _nothing_wanted((*negative, *(f"what looks like {each.id}" for each in query.unlike)))
    return Understood(positive, negative)


def once(query: Query) -> Query:
    """``query`` with each field that is counted or sorted by, and each item that is an example, named once: named
    again, it says nothing new. Examples are no hits."""
    keys: dict[str, SortKey] = {}
    for key in query.sort:
        keys.setdefault(key.field, key)
    like, unlike = _examples_once(query.like), _examples_once(query.unlike)
    examples = (each.id for each in (*like, *unlike))
    return replace(
        query,
        like=like,
        unlike=unlike,
        exclude=tuple(dict.fromkeys((*query.exclude, *examples))),
        sort=tuple(keys.values()),
        facets=tuple(dict.fromkeys(query.facets)),
        histograms=tuple(dict.fromkeys(query.histograms)),
    )


def _examples_once(examples: Sequence[Example]) -> tuple[Example, ...]:
    found: dict[str, Example] = {}
    for each in examples:
        found.setdefault(each.id, each)
    return tuple(found.values())


def check(query: Query, settings: SearchSettings) -> None:
    """Refuse a query that cannot be answered, before anything is spent on it.

    Raises:
        UsageError: says which value is out of range and what the range is.
    """
    if query.mode not in get_args(Mode):
        raise UsageError(f"mode {query.mode!r} is not available", hint=f"modes are {' and '.join(get_args(Mode))}")
    if not 1 <= query.k <= settings.max_k:
        raise UsageError(f"k is {query.k}", hint=f"ask for 1 to {settings.max_k} hits")
    if query.offset < 0:
        raise UsageError(f"offset is {query.offset}", hint="the first page has offset 0")
    if query.offset + query.k > settings.max_window:
        raise UsageError(
            f"offset {query.offset} plus k {query.k} is more than {settings.max_window}",
            hint="narrow the search with a filter rather than paging this far",
        )
    if not 0.0 <= query.image_weight <= 1.0:
        raise UsageError(
            f"image_weight is {query.image_weight}", hint="0 looks at the text alone, 1 at the picture alone"
        )
    if query.image is not None and query.vector is not None:
        raise UsageError("a query has either a picture or a vector, not both", hint="leave one of them out")
    _check_examples(query)
    _check_second_look(query, settings)
    _check_arrangement(query)
    if len(query.negative) > _MOST_NEGATIVE:
        hint = f"at most {_MOST_NEGATIVE} are read"
        raise UsageError(f"the query has {len(query.negative)} minus terms", hint=hint)
    for text in (query.text or "", *query.negative):
        check_text(text, settings.max_text)


def _check_examples(query: Query) -> None:
    examples = (*query.like, *query.unlike)
    if len(examples) > _MOST_EXAMPLES:
        raise UsageError(f"the query has {len(examples)} items as examples", hint=f"at most {_MOST_EXAMPLES} are read")
    for each in examples:
        if not 0.0 < each.weight <= _GREATEST_WEIGHT:
            hint = f"it is more than 0 and at most {_GREATEST_WEIGHT:g}; what counts 0 is left out"
            raise UsageError(f"the weight of item {each.id!r} is {each.weight}", hint=hint)
    if both := {each.id for each in query.like} & {each.id for each in query.unlike}:
        raise UsageError(f"hits should look like item {min(both)!r} and should not", hint="leave one of them out")


def _check_second_look(query: Query, settings: SearchSettings) -> None:
    if query.depth is not None and not 1 <= query.depth <= settings.max_depth:
        raise UsageError(f"depth is {query.depth}", hint=f"have 1 to {settings.max_depth} candidates looked at")
    if query.budget_ms is not None and not 0.0 < query.budget_ms < float("inf"):
        raise UsageError(f"budget_ms is {query.budget_ms}", hint="give more than 0 milliseconds, or no budget at all")
    if query.explain < 0:
        raise UsageError(f"explain is {query.explain}", hint="it is the number of hits to explain; 0 explains none")


def _check_arrangement(query: Query) -> None:
    if query.min_relevance is not None and not 0.0 <= query.min_relevance <= 1.0:
        raise UsageError(f"min_relevance is {query.min_relevance}", hint="it is a probability, from 0 to 1")
    if query.duplicates is not None and not -1.0 <= query.duplicates <= 1.0:
        raise UsageError(f"duplicates is {query.duplicates}", hint="it is a cosine, from -1 to 1; 0.95 is a good start")
    if not 0.0 <= query.diversity < 1.0:
        raise UsageError(f"diversity is {query.diversity}", hint="0 changes nothing; it stays below 1")


def _nothing_wanted(negative: tuple[str, ...]) -> UsageError:
    if negative:
        terms = ", ".join(repr(term) for term in negative)
        return UsageError(
            f"the query only says what it should not show ({terms})", hint="add what to look for: 'dress -floral'"
        )
    return UsageError("the query is empty", hint="give a text, a picture, or both")
