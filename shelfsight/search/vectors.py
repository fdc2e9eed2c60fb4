"""From plans to the vectors that are looked up."""

from collections.abc import Sequence

import numpy as np

from shelfsight.core.errors import UsageError
from shelfsight.core.types import Query
from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.search.compose import blend, subtract, together, turned_from
from shelfsight.search.embedding import QueryEmbedder
from shelfsight.search.planning import Plan

__all__ = ["vectors_of"]


def vectors_of(plans: Sequence[Plan], embedder: QueryEmbedder) -> FloatArray:
    """(q, d) float32 of length 1: the vector each plan is looked up with. Texts and pictures are encoded in batches.

    Raises:
        UsageError: a ready vector cannot be used, or the parts of a query cancel each other out.
        PictureError: the picture of a query cannot be read.
    """
    texts = embedder.texts(text for plan in plans for text in (plan.encoded, *plan.words.negative) if text is not None)
    pictures = iter(embedder.pictures([plan.query.image for plan in plans if plan.query.image is not None]))
    vectors = []
    for plan in plans:
        query, words = plan.query, plan.words
        picture = next(pictures) if query.image is not None else _ready_vector(query, embedder.dimension)
        text = texts[plan.encoded] if plan.encoded is not None else None
        shown = together([*([] if picture is None else [(picture, 1.0)]), *plan.like])
        wanted = subtract(blend(text, shown, query.image_weight), [texts[term] for term in words.negative])
        vectors.append(turned_from(wanted, plan.unlike))
    return np.stack(vectors)


def _ready_vector(query: Query, dimension: int) -> FloatArray | None:
    if query.vector is None:
        return None
    if np.shape(query.vector) != (dimension,):
        raise UsageError(
            f"the query's vector has shape {np.shape(query.vector)}",
            hint=f"the collection's encoder makes vectors of {dimension} numbers",
        )
    try:
        return normalise(query.vector)
    except ValueError as error:
        raise UsageError(f"the query's vector cannot be used: {error}") from error
