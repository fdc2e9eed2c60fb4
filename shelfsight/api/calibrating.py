"""How relevant hits are, learnt from judged queries on one's own collection."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shelfsight.core.errors import UsageError
from shelfsight.core.protocols import Encoder, Snapshot
from shelfsight.core.relevance import RelevanceScale, ScalesRelevance
from shelfsight.core.relevance_file import write_relevance
from shelfsight.core.settings import Settings
from shelfsight.core.types import Query
from shelfsight.core.vectors import FloatArray
from shelfsight.search.embedding import QueryEmbedder
from shelfsight.search.planning import Plan, plan_of
from shelfsight.search.relevance import Judgement, asked_for, fit_relevance, meaning
from shelfsight.search.relevance.fitting import HITS
from shelfsight.search.vectors import vectors_of

if TYPE_CHECKING:
    from shelfsight.evaluation import JudgedQuery

__all__ = ["calibrate"]

_BACKGROUND = 256
_SEED = 0


def calibrate(
    queries: "Sequence[JudgedQuery]", *, encoder: Encoder, snapshot: Snapshot, folder: Path, settings: Settings
) -> RelevanceScale:
    """Fit a scale to judged queries, each asked by pictures alone, and keep it in the collection's ``folder``.

    A hit that is not judged counts as not relevant. Where the encoder has a scale of its own, its background and words
    are taken over, and when nothing matches stays what it says: judged queries ask for what is there. Otherwise the
    background are pictures of the collection, drawn with a fixed seed, and the best hit tells that nothing matches.

    Raises:
        UsageError: the collection is empty, or the queries are too few or all of one answer.
        ModelError: the scale cannot be written.
    """
    total = snapshot.count()
    if total == 0:
        raise UsageError("an empty collection cannot be calibrated", hint="index a catalogue into it first")
    plans = [plan_of(query.ask(HITS), settings.search, lambda _: ()) for query in queries]
    vectors = vectors_of(plans, QueryEmbedder(encoder, settings))
    judged = [
        _judgement(plan, vector, query, snapshot) for plan, vector, query in zip(plans, vectors, queries, strict=True)
    ]
    known = encoder.relevance if isinstance(encoder, ScalesRelevance) else None
    scale = fit_relevance(
        [each for each in judged if each is not None],
        pictures=_background(snapshot, total) if known is None else known.pictures,
        vocabulary=frozenset() if known is None else known.vocabulary,
        source=f"{len(queries)} judged queries on this collection",
        revision=encoder.spec.revision,
    )
    if known is not None:
        bounds = {**scale.nothing_below, **known.nothing_below}
        scale = replace(scale, best={**scale.best, **known.best}, nothing_below=bounds)
    write_relevance(folder, scale)
    return scale


def _judgement(plan: Plan, vector: FloatArray, query: "JudgedQuery", snapshot: Snapshot) -> Judgement | None:
    """``None`` where nothing passes the query's filter."""
    hits = snapshot.search(vector[np.newaxis], HITS, where=plan.where)[0]
    if not hits:
        return None
    asked: Query = plan.query
    return Judgement(
        asked=asked_for(
            text=plan.words.text is not None, picture=asked.image is not None, minus=bool(plan.words.negative)
        ),
        vector=vector,
        cosines=np.array([hit.score for hit in hits]),
        relevant=np.array([hit.id in query.wanted for hit in hits]),
        words=meaning(plan.words.text or ""),
    )


def _background(snapshot: Snapshot, total: int) -> FloatArray:
    """(n, d): main pictures of items drawn with a fixed seed."""
    places = np.sort(np.random.default_rng(_SEED).permutation(total)[:_BACKGROUND])
    ids = [snapshot.select(1, offset=int(place))[0] for place in places]
    return snapshot.picture_vectors([(id, 0) for id in ids])
