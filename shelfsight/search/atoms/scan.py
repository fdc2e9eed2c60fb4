"""First pass of the parser: tokens to parts, by longest match, left to right."""

from collections.abc import Sequence

from shelfsight.search.atoms.amounts import key_at
from shelfsight.search.atoms.counts import number_word, read_count
from shelfsight.search.atoms.lexicon import LEXICON
from shelfsight.search.atoms.limits import read_limit
from shelfsight.search.atoms.parts import ATTRIBUTES, Part, Role
from shelfsight.search.atoms.stopwords import CUES, GLUE, NAME_CUES, NO_CUES, WITH
from shelfsight.search.atoms.tokens import Token, key_of, tokenise
from shelfsight.search.atoms.vocabulary import Term, Vocabulary

__all__ = ["scan"]

_MARKS: dict[str, Role] = {"and": "and", "or": "or", "nor": "or", "but": "but", "though": "but", "however": "but"}
_FREE = key_of("free")
_NOT_FREE = key_of("free")
_OWN_NAMES: frozenset[Role] = frozenset(("colour", "pattern", "material", "wearer"))
"""Roles whose words are asked by the one name of all synonyms; others are asked as they are typed."""


def scan(text: str, vocabulary: Vocabulary) -> list[Part]:
    """The parts of ``text`` in order: what is known, what is not, and the marks between them."""
    return _Scanner(text, vocabulary).parts()


class _Scanner:
    """One text. Every step consumes at least one token and looks at a bounded number of them."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self._text = text
        self._vocabulary = vocabulary
        self._tokens = tokenise(text)
        self._parts: list[Part] = []
        self._shouted = text.isupper()

    def parts(self) -> list[Part]:
        at = 0
        while at < len(self._tokens):
            at = self._step(at)
        return self._parts

    def _step(self, at: int) -> int:
        token = self._tokens[at]
        if token.form == "minus":
            self._parts.append(self._minus(token))
            return at + 1
        if token.form == "break":
            comma = self._text[token.start : token.end].strip() == ","
            return self._mark("comma" if comma else "end", token, at)
        return self._bound(at) or self._cue(at) or self._known(at) or self._word(at)

    def _bound(self, at: int) -> int | None:
        last = self._parts[-1] if self._parts else None
        after_name = (last is not None and last.role == "unknown") or (at > 0 and self._is_capital(at))
        limit = read_limit(self._tokens, at, self._vocabulary.bounded, after_name=after_name)
        if limit is not None:
            part = self._part("limit", at, limit.end)
            part.filter, part.opposite = limit.filter, limit.opposite
            self._parts.append(part)
            return limit.end
        alone = last is None or last.role in ("glue", "comma", "end", "and", "with", "count", "limit")
        count = read_count(self._tokens, at, alone=alone)
        if count is None or self._match(at)[0] > count[1]:
            return None
        part = self._part("count", at, count[1])
        part.term = number_word(count[0])
        self._parts.append(part)
        return count[1]

    def _cue(self, at: int) -> int | None:
        end, key = NO_CUES.find(self._tokens, at)
        if key is not None:
            return self._mark("glue", self._tokens[at], end - 1)
        end, key = CUES.find(self._tokens, at)
        if key is None or self._match(at)[0] > end or not self._is_cue(key, at, end):
            return None
        part = self._part("cue", at, end)
        part.key = key
        self._parts.append(part)
        return end

    def _is_cue(self, key: str, at: int, end: int) -> bool:
        """Whether words that may negate do: not in "No. 1", and not in a slogan, "Not Tonight Ladies", of a title."""
        following = self._tokens[end] if end < len(self._tokens) else None
        if following is None or following.form == "number":
            return False
        if following.key.startswith(".") and key_at(self._tokens, end + 1).isdecimal():
            return False
        if not self._is_capital(at) or not (at or self._is_capital(end)):
            return True
        return (at == 0 or key in NAME_CUES) and self._match(end)[0] > end

    def _is_capital(self, at: int) -> bool:
        return not self._shouted and self._text[self._tokens[at].start].isupper()

    def _known(self, at: int) -> int | None:
        end, key = self._match(at)
        if key is None:
            return None
        part = self._named(self._part("unknown", at, end), key)
        self._parts.append(part)
        return self._free(part, end)

    def _match(self, at: int) -> tuple[int, str | None]:
        """The longest phrase from token ``at`` on that the lexicon or the catalogue knows: end and key."""
        keys = ""
        found: tuple[int, str | None] = (at, None)
        known = self._vocabulary.known
        for end in range(at, min(at + self._vocabulary.longest, len(self._tokens))):
            if self._tokens[end].form not in ("word", "number"):
                break
            keys += self._tokens[end].key
            if keys in known:
                found = (end + 1, keys)
        return found

    def _word(self, at: int) -> int:
        token = self._tokens[at]
        if token.form in ("money", "sign"):
            return at + 1
        if token.key in _MARKS:
            return self._mark(_MARKS[token.key], token, at)
        if token.key in WITH or token.key in GLUE:
            return self._mark("with" if token.key in WITH else "glue", token, at)
        last = self._parts[-1] if self._parts else None
        if last is not None and last.role == "unknown" and not last.preset and self._touches(last, at):
            last.end = token.end
            last.term = self._words(last.start, last.end)
            last.key += token.key
            return self._free(last, at + 1)
        part = self._part("unknown", at, at + 1)
        self._parts.append(part)
        return self._free(part, at + 1)

    def _touches(self, last: Part, at: int) -> bool:
        return last.end == self._tokens[at - 1].end

    def _free(self, part: Part, end: int) -> int:
        """ "logo-free", "leather free": negates the part before it, a single word where nothing knows it."""
        token = self._tokens[end] if end < len(self._tokens) else None
        if token is None or token.key != _FREE or not self._text[token.start].islower():
            return end
        known = part.role in ATTRIBUTES or part.role in ("thing", "kind")
        if key_at(self._tokens, end + 1) in _NOT_FREE or not (token.joined or (known and part.role != "wearer")):
            return end
        part.negated = part.preset = True
        return end + 1

    def _minus(self, token: Token) -> Part:
        part = Part("unknown", token.start, token.end, token.key, self._words(token.start, token.end))
        part = self._named(part, token.key)
        part.negated = part.preset = True
        return part

    def _mark(self, role: Role, token: Token, at: int) -> int:
        self._parts.append(Part(role, token.start, self._tokens[at].end, token.key))
        return at + 1

    def _part(self, role: Role, at: int, end: int) -> Part:
        start, stop = self._tokens[at].start, self._tokens[end - 1].end
        key = "".join(token.key for token in self._tokens[at:end])
        return Part(role, start, stop, key, self._words(start, stop))

    def _words(self, start: int, end: int) -> str:
        return " ".join(self._text[start:end].lower().split())

    def _named(self, part: Part, key: str) -> Part:
        """The part with what is known of its key."""
        word, part.known = LEXICON.get(key), self._vocabulary.find(key)
        if word is not None:
            part.role, part.also_thing = word.role, word.also_thing
            part.term = word.name if word.role in _OWN_NAMES else part.term
            if word.role == "thing" and any(term.role == "kind" for term in part.known):
                part.role, part.also_thing = "kind", True
            part.known = _fitting(part.role, part.known)
        elif part.known:
            part.role = _role(part.known[0])
        return part


def _role(term: Term) -> Role:
    return "value" if term.role == "attribute" else term.role


def _fitting(role: Role, known: Sequence[Term]) -> tuple[Term, ...]:
    """The values, those first whose field speaks of the same as the word."""
    wanted = role if role in ("kind", "wearer") else "attribute"
    return tuple(sorted(known, key=lambda term: term.role != wanted))
