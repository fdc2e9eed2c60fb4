"""Tables of phrases that are found in tokens, the longest first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from shelfsight.search.atoms.tokens import Token, key_of, words_of

__all__ = ["Phrases"]


class Phrases:
    """Phrases, each with what it stands for. Immutable.

    Attributes:
        starts: keys of the words that begin one.
    """

    def __init__(self, meanings: Mapping[str, str]) -> None:
        """Of phrases in plain spelling and what they stand for."""
        self._meanings = {key_of(phrase): meaning for phrase, meaning in meanings.items()}
        # A phrase may be typed as one word, so its whole key begins one too.
        self.starts = {key_of(words_of(phrase)[0]) for phrase in meanings} | self._meanings.keys()
        self._longest = max((len(words_of(phrase)) for phrase in meanings), default=0)

    @classmethod
    def of(cls, text: str) -> "Phrases":
        """Of phrases parted by commas and line ends; each stands for its own key."""
        return cls({phrase: key_of(phrase) for phrase in _listed(text.splitlines())})

    @classmethod
    def table(cls, text: str) -> "Phrases":
        """Of lines ``meaning: phrase, phrase``."""
        lines = (line.partition(":") for line in text.strip().splitlines())
        return cls({phrase: meaning.strip() for meaning, _, phrases in lines for phrase in _listed([phrases])})

    def __or__(self, other: "Phrases") -> "Phrases":
        both = Phrases({})
        both._meanings = {**self._meanings, **other._meanings}
        both.starts = self.starts | other.starts
        both._longest = max(self._longest, other._longest)
        return both

    def __contains__(self, key: str) -> bool:
        return key in self._meanings

    def find(self, tokens: Sequence[Token], at: int) -> tuple[int, str | None]:
        """The longest phrase that starts at token ``at``: the token after it, and what it stands for."""
        found: tuple[int, str | None] = (at, None)
        if at >= len(tokens) or tokens[at].key not in self.starts:
            return found
        keys = ""
        for end in range(at, min(at + self._longest, len(tokens))):
            if tokens[end].form not in ("word", "number"):
                break
            keys += tokens[end].key
            if keys in self._meanings:
                found = (end + 1, self._meanings[keys])
        return found


def _listed(lines: Iterable[str]) -> Iterator[str]:
    return (phrase.strip() for line in lines for phrase in line.split(",") if phrase.strip())
