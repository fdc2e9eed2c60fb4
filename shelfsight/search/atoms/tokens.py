"""Text to words with their places, and the key under which all spellings of a word are found."""

import re
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from itertools import islice
from typing import Literal

__all__ = ["MAX_TOKENS", "Token", "key_of", "keys_of", "tokenise", "words_of"]

MAX_TOKENS = 2_500
"""Words and marks of a text that are read, at most: those of ten thousand characters of prose."""

Form = Literal["word", "number", "money", "sign", "break", "minus"]

# Not \w: it leaves out the vowel signs of many scripts and combining accents, and would cut words there.
_LETTER = (
    r"[^\s!-/:-@\[-`{-~\u00a1-\u00bf\u00d7\u00f7\u2000-\u206f\u20a0-\u20cf\u2190-\u23ff\u3000-\u303f\uff00-\uff0f]"
)
_TOKEN = re.compile(
    rf"""
      (?P<minus>(?<!\S)-(?:"(?P<phrase>[^"]*)(?:"|$)|(?P<single>[^\W\d_]\S*)))
    | (?P<number>[0-9]{{1,12}}(?:,[0-9]{{3}}){{0,3}}(?:\.[0-9]{{1,4}})?(?!{_LETTER}|\.[0-9])
        |[0-9]{{1,12}}(?:\.[0-9]{{1,4}})?(?=(?:eur|euros?|usd|gbp|inr|rs|cm|mm|kg|ml)\b))
    | (?P<money>[$€£¥₹₽₩])
    | (?P<sign><=|>=|==|[<>≤≥=])
    | (?P<without>w/o(?!{_LETTER}))
    | (?P<word>{_LETTER}+(?:['\u2019]{_LETTER}+)*)
    | (?P<and>&)
    | (?P<break>[-,.;:!?()\[\]|/\u2013\u2014]+)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_TRAILING = ",.;:!?"

# Words whose plural is no plural, and plurals of their own.
_KEPT = frozenset(("shorts", "tights", "flats", "briefs", "slacks", "glasses", "goods", "news", "laces"))
_IRREGULAR = {
    "woman": "women",
    "man": "men",
    "womens": "women",
    "mens": "men",
    "scarves": "scarf",
    "children": "child",
    "childrens": "child",
    "gentleman": "gentlemen",
    "babies": "baby",
    "kidswear": "kidswear",
    "dresses": "dress",
}
_REMEMBERED = 32
"""Characters of a word whose key is remembered, at most: longer ones would fill the memory."""
_SIGNS = {"≤": "<=", "≥": ">="}


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or mark.

    Attributes:
        form: ``word``, ``number``, ``money`` (a currency sign), ``sign`` (a comparison), ``break`` (punctuation that
            parts phrases), ``minus`` (a whole minus term).
        key: of a word or minus term its key, else what is written.
        start, end: its place in the text; of a minus term that of its words.
        joined: whether only a hyphen stands before it.
    """

    form: Form
    key: str
    start: int
    end: int
    joined: bool = False


def key_of(phrase: str) -> str:
    """The key of a word or phrase: ``t-shirt``, ``T shirts`` and ``Tshirts`` have one."""
    return "".join(_word_key(word) for word in words_of(phrase))


def keys_of(words: str) -> frozenset[str]:
    """The key of each of several words, for tables."""
    return frozenset(map(key_of, words.split()))


def words_of(phrase: str) -> list[str]:
    """The words of a phrase as written, ``&`` among them; entities of HTML are read."""
    found = _TOKEN.finditer(unescape(phrase))
    return [match.group() for match in found if match.lastgroup in ("word", "number", "and")]


def tokenise(text: str) -> list[Token]:
    """Words, numbers and marks of ``text`` in order, :data:`MAX_TOKENS` at most; in time linear in its length."""
    tokens: list[Token] = []
    for found in islice(_TOKEN.finditer(text), MAX_TOKENS):
        token = _minus(found) if found["minus"] else _token(found)
        hyphen = token is not None and _is_hyphen(tokens, token, text)
        if hyphen:
            tokens.pop()
        if token is not None:
            tokens.append(_joined(token) if hyphen else token)
    return tokens


def _is_hyphen(tokens: list[Token], token: Token, text: str) -> bool:
    """Whether the last token is a hyphen inside a word that ``token`` goes on with."""
    if len(tokens) < 2 or token.form not in ("word", "number") or tokens[-2].form not in ("word", "number"):
        return False
    mark = tokens[-1]
    return text[mark.start : mark.end] == "-" and tokens[-2].end == mark.start and mark.end == token.start


def _joined(token: Token) -> Token:
    return Token(token.form, token.key, token.start, token.end, joined=True)


def _token(found: re.Match[str]) -> Token | None:
    written, start, end = found.group(), found.start(), found.end()
    match found.lastgroup:
        case "number":
            return Token("number", written.replace(",", ""), start, end)
        case "without":
            return Token("word", "without", start, end)
        case "and":
            return Token("word", "and", start, end)
        case "word":
            key = _word_key(written)
            return Token("word", key, start, end) if any(map(str.isalnum, key)) else None
        case "money" | "sign" | "break" as form:
            return Token(form, _SIGNS.get(written, written), start, end)
    return None


def _minus(found: re.Match[str]) -> Token | None:
    """A minus term, read as :mod:`shelfsight.search.query` reads it."""
    group = "phrase" if found["phrase"] is not None else "single"
    term = found[group]
    kept = term.rstrip(_TRAILING) if group == "single" else term.rstrip()
    start = found.start(group) + len(kept) - len(kept.lstrip())
    end = found.start(group) + len(kept)
    return Token("minus", key_of(kept), start, end) if start < end else None


def _word_key(word: str) -> str:
    """Lower case, singular by plain rules; no word of its own, only the same for all spellings."""
    return _remembered_key(word) if len(word) <= _REMEMBERED else _made_key(word)


def _made_key(word: str) -> str:
    if word == "&":
        return "and"
    key = word.casefold().replace("\u2019", "'").removesuffix("'s").replace("'", "")
    if key in _IRREGULAR:
        return _IRREGULAR[key]
    if key in _KEPT or len(key) < 4:
        return key
    return _folded(_singular(key))


_remembered_key = lru_cache(maxsize=16_384)(_made_key)


def _singular(key: str) -> str:
    if key.endswith(("sses", "ches", "shes", "xes", "zes")):
        return key[:-2]
    if key.endswith("s") and not key.endswith(("ss", "us", "is")):
        return key[:-1]
    return key


def _folded(key: str) -> str:
    """One ending for those that the plural does not tell apart: hoodie and hoody, lady and ladie, tomatoe."""
    if key.endswith("ie"):
        return key[:-2] + "y"
    if key.endswith(("oe", "che", "ze")) and len(key) > 3:
        return key[:-1]
    return key
