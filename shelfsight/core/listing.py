"""How found items are counted, ordered and met by words: what stores and search say to each other besides vectors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Histogram", "Match", "SortKey", "WordMatch", "WordQuery", "WordsFound"]


@dataclass(frozen=True, slots=True)
class Match:
    """One item found by a store: its best picture's cosine, and which picture that was."""

    id: str
    score: float
    picture_index: int


@dataclass(frozen=True, slots=True)
class SortKey:
    """Order by a field. Numbers come before texts, texts before booleans, each in their own order (texts by code
    point); ``descending`` turns that round. What is null, or a list or object, comes last either way; ties by id."""

    field: str
    descending: bool = False

    @classmethod
    def read(cls, text: str) -> "SortKey":
        """``price``, or ``-price`` for descending."""
        return cls(text[1:], True) if text.startswith("-") else cls(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """How the numbers of a field are spread.

    Attributes:
        edges: (bins + 1) ascending; bin i holds edges[i] <= value < edges[i + 1], the last its upper edge too.
        counts: (bins) items.
        least, most: the smallest and largest number; ``None`` where there is none.
        others: items that pass and have no number there.
    """

    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    least: float | None = None
    most: float | None = None
    others: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WordQuery:
    """What is looked up by words.

    Attributes:
        text: as it was typed, less its minus terms.
        synonyms: a word or phrase of the text, in lower case -> what counts as well.
        negative: words and phrases that an item must not have.
        tolerant: whether a word that no item has stands for the nearest that some have.
    """

    text: str
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    negative: tuple[str, ...] = ()
    tolerant: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WordMatch:
    """One item found by words.

    Attributes:
        score: how well the words fit (BM25 or the like): higher is better, comparable within one answer only.
        share: of the words asked for, the weighted share that the item has, in (0, 1].
        exact: ``id`` or the field whose whole value is asked for (a SKU, a brand); ``None`` where none is.
    """

    id: str
    score: float
    share: float = 1.0
    exact: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsFound:
    """An answer by words.

    Attributes:
        matches: exact ones first, then by score descending, ties by id.
        corrections: word as typed -> the word that was looked up in its place.
        kind: what scored them.
    """

    matches: tuple[WordMatch, ...] = ()
    corrections: Mapping[str, str] = field(default_factory=dict)
    kind: Literal["bm25", "none"] = "bm25"
