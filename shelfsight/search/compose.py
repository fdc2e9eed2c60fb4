"""From the parts of a query to the one vector that is looked up."""

from collections.abc import Sequence

import numpy as np

from shelfsight.core.errors import UsageError
from shelfsight.core.vectors import FloatArray, normalise

__all__ = ["MINUS_WEIGHT", "UNLIKE_WEIGHT", "Weighted", "blend", "subtract", "together", "turned_from"]

Weighted = tuple[FloatArray, float]
"""(d,) float32 of length 1, and how much it counts."""

MINUS_WEIGHT = 0.5
"""Weight of the minus terms.

The middle of the flat top (0.4 to 0.6) of precision@10 with the embedded encoder for "article type -colour" on the
fashion pictures that are not of the test split, for one, two and three colours. One colour: 0.59 without the minus
term, 0.67 with orthogonal negation alone, 0.72 so; three colours: 0.42, 0.51, 0.60.
``python -m benchmarks.quality --tasks minus`` measures one colour on all pictures.
"""

UNLIKE_WEIGHT = 0.2
"""Weight of the items that hits should not look like.

A picture is farther from a text than another text is, so that less of it turns the query as much. In the flat top (0.1
to 0.3) of the share of the ten best that are of the article type asked for and of none of the unliked items' colours,
with the embedded encoder on the fashion pictures that are not of the test split: of 150 queries "article type" less one
of their own hits 0.77 without it, 0.87 so; less two 0.65 and 0.79; less three 0.58 and 0.72.
"""


def blend(text: FloatArray | None, picture: FloatArray | None, image_weight: float) -> FloatArray:
    """Text and picture in one direction: ``normalise((1 - w) text + w picture)``.

    Args:
        text: (d,) float32 of length 1, or ``None``.
        picture: (d,) float32 of length 1, or ``None``; at least one of the two is given.
        image_weight: w in [0, 1]; looked at only when both are given.

    Raises:
        UsageError: the two point in opposite directions and cancel out.
    """
    if text is None or picture is None:
        only = picture if text is None else text
        assert only is not None
        return only
    mixed = (1.0 - image_weight) * text + image_weight * picture
    return _direction(mixed, "the text and the picture cancel each other out")


def together(pictures: Sequence[Weighted]) -> FloatArray | None:
    """The direction of several pictures: ``normalise(sum of w p)``, as in Rocchio's feedback ("Relevance Feedback in
    Information Retrieval", 1971); ``None`` of none.

    Raises:
        UsageError: they cancel each other out.
    """
    if len(pictures) < 2:
        return pictures[0][0] if pictures else None
    mixed = np.sum([np.float32(weight) * picture for picture, weight in pictures], axis=0)
    return _direction(mixed, "the pictures cancel each other out")


def subtract(query: FloatArray, negatives: Sequence[FloatArray]) -> FloatArray:
    """Turn ``query`` away from what the hits should not show.

    A minus term n is first split as Widdows does for orthogonal negation ("Orthogonal Negation in Vector
    Spaces for Modelling Word-Meanings and Document Retrieval", ACL 2003): what it shares with the query is
    left alone, so that "dress -floral" stays about dresses; here it also takes out the component that all
    embeddings of a CLIP model share. The rest, n - (n.q) q, is then subtracted with a weight as in
    Rocchio's feedback ("Relevance Feedback in Information Retrieval", 1971), because being indifferent to
    "floral" is not enough: floral things should sink. m terms are added and divided by sqrt(m), the length
    that m unrelated directions add up to, so that the push stays the same however many there are.

    Args:
        query: (d,) float32 of length 1.
        negatives: (d,) float32 of length 1 each.

    Returns:
        (d,) float32 of length 1.
    """
    weighted = [(negative, 1.0) for negative in negatives]
    return _turned(query, weighted, MINUS_WEIGHT, "the minus terms cancel the query out")


def turned_from(query: FloatArray, pictures: Sequence[Weighted]) -> FloatArray:
    """Turn ``query`` away from items that the hits should not look like.

    As :func:`subtract` does with minus terms, but with :data:`UNLIKE_WEIGHT`, and each item's own weight: for m
    pictures n of weight w, ``normalise(q - UNLIKE_WEIGHT (u - (u.q) q))`` with ``u = sum of w n / sqrt(m)``. What an
    item shares with the query stays, so that "red dress" less a red dress is about other red dresses.

    Args:
        query: (d,) float32 of length 1.

    Returns:
        (d,) float32 of length 1.
    """
    return _turned(query, pictures, UNLIKE_WEIGHT, "the items that hits should not look like cancel the query out")


def _turned(query: FloatArray, unwanted: Sequence[Weighted], push: float, otherwise: str) -> FloatArray:
    if not unwanted:
        return query
    total = np.sum([np.float32(weight) * each for each, weight in unwanted], axis=0)
    total = total / np.sqrt(np.float32(len(unwanted)))
    beside_query = total - (total @ query) * query
    return _direction(query - push * beside_query, otherwise)


def _direction(vector: FloatArray, otherwise: str) -> FloatArray:
    if not np.any(np.abs(vector) > np.finfo(np.float32).eps):
        raise UsageError(otherwise, hint="change the weight or leave one of them out")
    return normalise(vector)
