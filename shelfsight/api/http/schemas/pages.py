"""Pages of hits, and the events of a search that streams."""

from typing import Annotated, Any, Literal

from pydantic import Field

from shelfsight.api.http.schemas.base import Told, absent, shown
from shelfsight.core.atoms import AtomKind
from shelfsight.core.questions import Subject
from shelfsight.core.types import Verdict

__all__ = [
    "Atom",
    "AtomList",
    "Claim",
    "Evidence",
    "Explanation",
    "FacetCounts",
    "FieldKind",
    "Hit",
    "HitExplanation",
    "ListedHit",
    "Listing",
    "Page",
    "PageEnd",
    "Suggestion",
]

Probability = Annotated[float, Field(ge=0, le=1)]
FieldKind = Literal["text", "number", "boolean", "json"]
Counts = dict[str, dict[str, int]]

_ATOM = {
    "kind": "attribute",
    "term": "leather",
    "text": "not leather",
    "negated": True,
    "field": "material",
    "value": "leather",
    "filter": None,
    "subject": "attribute",
    "start": 14,
    "end": 22,
}
_EXPLANATION = {
    "sentence": "A grey watch, and not leather.",
    "claims": [
        {
            "atom": "not leather",
            "kind": "attribute",
            "verdict": "yes",
            "probability": 0.99,
            "source": "catalogue",
            "evidence": {"field": "material", "value": "steel"},
        }
    ],
}
_LISTED = {
    "id": "demo-00001",
    "rank": 1,
    "title": "Lumberow round watch, grey",
    "picture": "images/demo-00001.jpg",
    "picture_index": 0,
    "metadata": {"price": 138.0, "brand": "Lumberow", "colour": "grey"},
    "ranks": {"retrieval": 1},
}
_HIT = {**_LISTED, "score": 0.281573}
_END = {
    "total": 96,
    "facets": {"colour": {"grey": 11, "black": 9}},
    "trace": {"encode": 8.1, "search": 0.4, "total": 9.2},
    "snapshot": "17",
}


class Suggestion(Told):
    """What a model said of an item at indexing time; never the merchant's own word."""

    value: str
    probability: Probability | None = Field(description="Calibrated, that it is right; null for a caption.")
    model: str


class Evidence(Told):
    """What a claim rests on: a field of the catalogue, or what of a picture was looked at."""

    field: str = absent("The field that decides it.")
    value: Any = absent("The item's value of that field.")
    picture_index: int = absent("The picture that was looked at, from 0.")
    box: tuple[float, float, float, float] = absent("Left, top, right, bottom, as shares of the picture's sides.")
    heat_map: str = absent("Where in the picture it is seen: a PNG as a data URI.")


class Claim(Told):
    """One atom of the query judged on one hit."""

    atom: str
    kind: str = Field(description="The atom's.")
    verdict: Verdict
    probability: Probability = Field(description="Calibrated, that `yes` would be right.")
    source: Literal["catalogue", "picture", "none"] = Field(description="Who says so.")
    graded: Literal[True] = absent("The model gave a grade in words, not a probability.")
    likely: Literal[True] = absent("It is so, but not so surely that a sentence may assert it.")
    evidence: Evidence


class Explanation(Told):
    """Why a hit is there: claims, and a sentence that says only what they support."""

    model_config = shown(_EXPLANATION)

    sentence: str
    claims: tuple[Claim, ...]


class ListedHit(Told):
    """An item on a page that was not searched for."""

    id: str
    rank: int = Field(ge=1, description="Over all pages.")
    title: str | None
    picture: str = Field(description="Name of the picture.")
    picture_index: int = Field(ge=0, description="Which of the item's pictures.")
    metadata: dict[str, Any]
    ranks: dict[str, int] = Field(description="Rank in each stage.")
    relevance: Probability = absent("Calibrated, where a stage judged it.")
    graded: Literal[True] = absent("The relevance rests on a grade in words.")
    reasons: tuple[str, ...] = absent("Why it stands there besides its score: `pinned`, `exact sku`.")
    group: Any = absent("Its value of the field that hits are grouped by.")
    variants: tuple["ListedHit", ...] = absent("The others of its group, the best first.")
    duplicates: tuple[str, ...] = absent("Ids of hits that were folded into it.")
    suggestions: dict[str, Suggestion] = absent("Field -> what a model said of it.")
    explanation: Explanation = absent()


class Hit(ListedHit):
    """One item found."""

    score: float = Field(ge=-1.001, le=1.001, description="Cosine of the query and the item's best picture.")
    variants: tuple["Hit", ...] = absent("The others of its group, the best first.")


class Histogram(Told):
    """How the numbers of a field are spread."""

    edges: tuple[float, ...] = Field(description="One more than `counts`, ascending.")
    counts: tuple[int, ...] = Field(description="Items from each edge to the next.")
    least: float | None
    most: float | None
    others: int = Field(description="Items that have no number there.")


class Atom(Told):
    """One part of a query, as it may be edited and sent back."""

    model_config = shown(_ATOM)

    kind: AtomKind
    term: str = Field(description="The bare words.")
    text: str = Field(description="As a person reads it.")
    negated: bool
    field: str | None
    value: str | None
    filter: str | None = Field(description="Of a limit: its filter expression.")
    subject: Subject
    start: int = Field(ge=0, description="Where in the query's text it begins, in characters.")
    end: int = Field(ge=0)


class Stage(Told):
    """What one stage behind retrieval did."""

    name: str
    model: str = Field(description="Empty where none could be had.")
    candidates: int = Field(description="Hits that it was given.")
    scored: int = Field(description="Of these, looked at.")
    moved: int = Field(description="Hits whose place it changed.")
    ended: Literal["complete", "budget", "settled", "gate", "failed"]
    milliseconds: float


class PageEnd(Told):
    """A page without its hits: what is counted, and how it came about."""

    model_config = shown(_END)

    total: int = Field(ge=0, description="Items that pass.")
    facets: Counts = Field(description="Field -> value -> items.")
    trace: dict[str, float] = Field(description="Stage -> milliseconds.")
    snapshot: str | None = Field(description="Sent back, the next page is of the same state.")
    groups: int = absent("How many groups the items make.")
    histograms: dict[str, Histogram] = absent()
    nothing_matches: Literal[True] = absent("None of the hits is likely to be what was asked for.")
    corrections: dict[str, str] = absent("Word as typed -> the word that was looked up.")
    atoms: tuple[Atom, ...] = absent("What the query was understood to ask for.")
    stages: tuple[Stage, ...] = absent()
    warnings: tuple[str, ...] = absent("What was degraded, in sentences.")


class _Hits(Told):
    """It stands behind the others as a base, so that its fields come first."""

    hits: tuple[Hit, ...] = Field(description="Best first.")


class _ListedHits(Told):
    hits: tuple[ListedHit, ...]


class Page(PageEnd, _Hits):
    """A page of hits."""

    model_config = shown({"hits": [_HIT], **_END})


class Listing(PageEnd, _ListedHits):
    """A page of items that nothing was compared with."""

    model_config = shown({"hits": [_LISTED], **_END, "trace": {"total": 0.8}})


class HitExplanation(Told):
    """A hit is explained."""

    model_config = shown({"id": "demo-00001", "rank": 1, "explanation": _EXPLANATION})

    id: str
    rank: int
    explanation: Explanation


class AtomList(Told):
    """What a query asks for."""

    model_config = shown({"atoms": [_ATOM]})

    atoms: tuple[Atom, ...]


class FacetCounts(Told):
    """Values of fields with their counts."""

    model_config = shown(
        {"facets": {"colour": {"grey": 11, "black": 9}}, "fields": {"colour": "text", "price": "number"}, "total": 96}
    )

    facets: Counts = Field(description="Field -> value -> items, the most frequent first.")
    fields: dict[str, FieldKind] = Field(description="Every field that items have.")
    total: int = Field(ge=0, description="Items that pass.")
