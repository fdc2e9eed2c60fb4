"""The words of a query that say what is wanted."""

from shelfsight.search.atoms.stopwords import GLUE
from shelfsight.search.atoms.tokens import tokenise

__all__ = ["meaning"]


def meaning(text: str) -> tuple[str, ...]:
    """The keys of the words of ``text``, in order, less those that ask for nothing by themselves ("I want a"), minus
    terms, numbers and single letters."""
    return tuple(
        token.key for token in tokenise(text) if token.form == "word" and len(token.key) > 1 and token.key not in GLUE
    )
