"""How a yes/no question is put to a vision-language model. Training and search share these words."""

from typing import Literal

__all__ = ["Subject", "yes_no_question"]

Subject = Literal["whole", "kind", "attribute", "wearer", "count", "other"]
"""What a question is about: a whole query, what it is, how it looks (a colour, a pattern, a material), for whom it is,
how many there are, or a thing to be seen on it (a logo, heels)."""

_WORDINGS: dict[Subject, str] = {
    "whole": "Does this picture show {}?",
    "kind": "Does this picture show {}?",
    "other": "Does this picture show {}?",
    "attribute": "Is the product {}?",
    "wearer": "Is the product for {}?",
    "count": "Are there {} products in this picture?",
}


def yes_no_question(subject: Subject, term: str) -> str:
    """The question whether a picture shows ``term``: ``red running shoes``, ``leather``, ``women``, ``three``."""
    return _WORDINGS[subject].format(term)
