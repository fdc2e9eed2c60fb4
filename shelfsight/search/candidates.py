"""What the stages of a search hand on: items found, each with what is known of its place so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shelfsight.core.listing import Match

__all__ = ["Candidate", "Retrieved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One item on its way to the page.

    Attributes:
        match: the item, its exact cosine and its best picture.
        order: what it is ordered by so far, higher first: its cosine, or what fusion and boosts made of it. Comparable
            within one search only.
        relevance: calibrated probability that it is what was asked for; ``None`` where nobody can say.
        exact: the field whose whole value was asked for (a SKU, a brand).
        named: asked for by it, and by so few others that these stand in front of all else.
        share: of the words asked for, the weighted share that it has, in [0, 1]; 0 where none were looked up.
        pinned: a merchandiser put it where it is.
        reasons: why it stands where it does besides its score.
        ranks: the rank it had in each stage so far, by stage name, from 1.
    """

    match: Match
    order: float
    relevance: float | None = None
    exact: str | None = None
    named: bool = False
    share: float = 0.0
    pinned: bool = False
    reasons: tuple[str, ...] = ()
    ranks: Mapping[str, int] = field(default_factory=dict)

    def judged(self, relevance: float) -> "Candidate":
        """The same, with its relevance."""
        return self._with(relevance, self.ranks)

    def placed(self, ranks: Mapping[str, int]) -> "Candidate":
        """The same, with its ranks."""
        return self._with(self.relevance, ranks)

    def _with(self, relevance: float | None, ranks: Mapping[str, int]) -> "Candidate":
        # A search does this to each of its candidates, and dataclasses.replace takes several times as long.
        return Candidate(
            match=self.match,
            order=self.order,
            relevance=relevance,
            exact=self.exact,
            named=self.named,
            share=self.share,
            pinned=self.pinned,
            reasons=self.reasons,
            ranks=ranks,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """What the first stage found: candidates best first, and words that were taken for others."""

    candidates: tuple[Candidate, ...]
    corrections: Mapping[str, str] = field(default_factory=dict)
