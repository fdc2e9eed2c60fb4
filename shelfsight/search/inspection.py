"""A search laid open for one item: what each stage made of it, and how far down the line it was gone through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shelfsight.core.protocols import Snapshot
from shelfsight.core.vectors import FloatArray
from shelfsight.search.arrange import Line, Row
from shelfsight.search.candidates import Candidate
from shelfsight.search.listing import Listing
from shelfsight.search.planning import Plan
from shelfsight.search.retrieval import Retrieval
from shelfsight.search.rules.ruling import RuleStage

__all__ = ["Inspection", "Stages", "Walk"]


class Stages(dict[str, Sequence[Candidate]]):
    """Stage -> the candidates in the order that it gave them; filled while the search runs."""

    def note(self, stage: str, candidates: Sequence[Candidate]) -> None:
        """As :data:`~shelfsight.search.listing.Note` has it."""
        self[stage] = candidates


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """The line of a search, gone down.

    Attributes:
        rows: the first places, as far as was gone.
        cutoff: the probability from which on candidates count.
    """

    line: Line
    rows: Sequence[Row]
    cutoff: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """One search on one state of a collection.

    Attributes:
        vector: (d,) float32 of length 1, what is looked up.
        rules: what moves candidates, where rules do.
        total: items that are ranked.
        looks: pictures that a model looked at.
    """

    plan: Plan
    snapshot: Snapshot
    vector: FloatArray
    retrieval: Retrieval
    listing: Listing
    rules: RuleStage | None
    stages: Stages
    walk: Walk
    total: int
    looks: int
    warnings: Sequence[str]
    trace: Mapping[str, float] = field(default_factory=dict)
