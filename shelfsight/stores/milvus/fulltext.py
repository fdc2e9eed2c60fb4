"""An item's words as one text that Milvus analyses, and words looked up in it as its expressions say it.

The text is taken apart here, as for the index in SQLite (:mod:`shelfsight.core.wording`): folded, stemmed, whole values
and ids in one piece. What is left to Milvus's analyser is to cut it at blanks, in which all versions agree. A title's
words stand there three times and an attribute's twice, for BM25 knows no fields. See
https://milvus.io/docs/full-text-search.md and https://milvus.io/docs/keyword-match.md.
"""

from collections.abc import Iterable, Iterator, Sequence

from shelfsight.stores.milvus.schema import LONGEST_TEXT, WORDS
from shelfsight.stores.words.document import ID, KEY, Document

__all__ = ["NO_WORDS", "match_all", "match_any", "text_of", "tokens"]

NO_WORDS = "kkk2"
"""The text of a row that has none: BM25 of nothing is not the same everywhere."""

_SIGNS = ((ID, "kkk1"), (KEY, "kkk0"))  # analysers cut at characters for private use
_WEIGHTS = (3, 2, 1, 1)  # of title, attributes, body, codes
_ORDER = (3, 0, 1, 2)  # what does not fit is the end of long texts


def tokens(terms: str) -> list[str]:
    """The words of ``terms``, which are separated by blanks, as they stand in the text."""
    return [token for token in map(_token, terms.split()) if token]


def text_of(document: Document) -> str:
    """What Milvus is given of an item; of more than a value of Milvus holds, the beginning."""
    text = " ".join(_pieces(document)) or NO_WORDS
    data = text.encode()
    return text if len(data) <= LONGEST_TEXT else data[:LONGEST_TEXT].rpartition(b" ")[0].decode()


def match_any(terms: Sequence[str]) -> str:
    """True of texts that have one of ``terms``, each of which may be several words in any order and place."""
    single = [token for each in terms if len(found := tokens(each)) == 1 for token in found]
    several = [match_all(each) for each in terms if len(tokens(each)) > 1]
    listed = " ".join(dict.fromkeys(single))
    parts = [*([_match(listed)] if listed else []), *several]
    return parts[0] if len(parts) == 1 else f"({' or '.join(parts)})"


def match_all(terms: str) -> str:
    """True of texts that have all words of ``terms``, and of few others."""
    return " and ".join(_match(token) for token in tokens(terms))


def _match(listed: str) -> str:
    """Milvus's TEXT_MATCH is true of a text with any of the words. Letters and digits alone need no escapes."""
    return f"text_match({WORDS}, '{listed}')"


def _pieces(document: Document) -> Iterator[str]:
    for place in _ORDER:
        found = list(_once(tokens(document.columns[place])))
        yield from found * _WEIGHTS[place]


def _once(found: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(found)


def _token(word: str) -> str:
    for sign, letters in _SIGNS:
        if word.startswith(sign):
            return letters + word.removeprefix(sign)
    return word if word.isalnum() else ""
