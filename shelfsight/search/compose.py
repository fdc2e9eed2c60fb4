"""From the parts of a query to the one vector that is looked up."""

from collections.abc import Sequence

import numpy as np

from shelfsight.core.errors import UsageError
from shelfsight.core.vectors import FloatArray, normalise

__all__ = ["MINUS_WEIGHT", "blend", "subtract"]

MINUS_WEIGHT = 0.5
"""Weight of the minus terms.

The middle of the flat top (0.4 to 0.6) of precision@10 with the embedded encoder for "article type -colour" on the
fashion pictures that are not of the test split, for one, two and three colours. One colour: 0.59 without the minus
term, 0.67 with orthogonal negation alone, 0.72 so; three colours: 0.42, 0.51, 0.60.
``python -m benchmarks.quality --tasks minus`` measures one colour on all pictures.
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
    if not negatives:
        return query
    unwanted = np.sum(np.stack(negatives), axis=0) / np.sqrt(np.float32(len(negatives)))
    beside_query = unwanted - (unwanted @ query) * query
    return _direction(query - MINUS_WEIGHT * beside_query, "the minus terms cancel the query out")


def _direction(vector: FloatArray, otherwise: str) -> FloatArray:
    if not np.any(np.abs(vector) > np.finfo(np.float32).eps):
        raise UsageError(otherwise, hint="change the weight or leave one of them out")
    return normalise(vector)
