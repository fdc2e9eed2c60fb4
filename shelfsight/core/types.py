"""The words every room speaks: items and pictures going in, queries and hits coming out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from shelfsight.core.atoms import Atom
from shelfsight.core.errors import Reason
from shelfsight.core.listing import Histogram, SortKey
from shelfsight.core.vectors import FloatArray

__all__ = [
    "Claim",
    "Evidence",
    "Example",
    "Explanation",
    "Failure",
    "Hit",
    "Item",
    "Mode",
    "Page",
    "Picture",
    "Query",
    "Scalar",
    "StageReport",
    "Suggestion",
    "Value",
    "Verdict",
]

Scalar = str | int | float | bool
Value = Scalar | None | list["Value"] | dict[str, "Value"]
"""A metadata value: what JSON can hold. ``None`` and a field left out mean the same: null."""

Mode = Literal["vector", "hybrid"]
Verdict = Literal["yes", "no", "cannot tell"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Where one picture of an item is. Exactly one of ``path``, ``data`` and ``url`` is set.

    Attributes:
        name: what a person calls it: the path or address as the catalogue wrote it, or ``part-0.parquet#12``.
        path: the file, absolute.
        data: the encoded bytes (JPEG, PNG, ...) where the catalogue holds them itself.
        url: where it can be fetched from by HTTP; nobody has looked at it yet.
    """

    name: str
    path: Path | None = None
    data: bytes | None = field(default=None, repr=False)
    url: str | None = None

    def __post_init__(self) -> None:
        if sum(each is not None for each in (self.path, self.data, self.url)) != 1:
            raise ValueError(f"picture {self.name!r} needs either a path, data or an url")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One item, row or picture that could not be used.

    Attributes:
        reason: stable code.
        place: where in the catalogue (``catalog.csv:17``, ``part-0.parquet#12``, a file's path).
        message: one sentence for a person.
        id: the item's id where it is known.
        picture: the picture's name when one picture failed rather than the row.
    """

    reason: Reason
    place: str
    message: str
    id: str | None = None
    picture: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing a person can find.

    Attributes:
        id: unique within a collection, never empty.
        pictures: at least one, in the catalogue's order; the first is the main one.
        title: what a shop would print under the picture, or ``None``.
        metadata: every other column, typed. ``title`` is not in it.
        place: where in the catalogue it came from, for failure reports; not stored.
        failures: pictures of this item that the reader already found unusable (an URL only, say);
            the item is indexed with the others and these are reported.
    """

    id: str
    pictures: tuple[Picture, ...]
    title: str | None = None
    metadata: Mapping[str, Value] = field(default_factory=dict)
    place: str = ""
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """An item that hits should look like, or should not.

    Attributes:
        weight: how much it counts beside others; more than 0.
    """

    id: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked of a collection. At least one of ``text``, ``image``, ``vector``, ``like`` is given.

    Attributes:
        text: a phrase or sentence; words written ``-floral`` count as ``negative``.
        image: encoded picture bytes or a file.
        vector: (d,) float32, a ready embedding (an item's own, say) in place of a picture.
        image_weight: share of the picture in a query of text and picture, in [0, 1]; items that hits should look like
            are pictures too.
        like: items whose main pictures hits should look like; they are no hits themselves.
        unlike: items whose main pictures hits should not look like; likewise.
        negative: things the hits should not show.
        filter: boolean expression over metadata, or ``None``.
        k: hits wanted, >= 1.
        offset: hits skipped, >= 0.
        exclude: ids never returned (the item itself in "more like this").
        facets: fields whose value counts are wanted.
        histograms: number fields whose spread is wanted.
        mode: ``vector`` compares pictures with the query; ``hybrid`` also looks for its words in titles and metadata.
        min_relevance: hits less likely relevant than this, in [0, 1], are left out, also of total, facets and
            histograms; ``None``: none is.
        sort: order by fields in place of relevance; then what counts is what ``min_relevance`` or, without one, the
            encoder's calibration says is relevant. Rules pin and boost nothing then, and ``diversity`` has no say.
        group_by: field of which each value takes one place, its other items being that hit's variants.
        duplicates: cosine from which on two pictures are the same: a hit whose picture is a better hit's is folded into
            it; ``None``: none is.
        diversity: in [0, 1): how far hits that look alike make room for others.
        snapshot: that of an earlier page: this one is of the same state of the collection.
        rules: whether the merchandiser's rules count.
        atoms: what the text asks for, edited by a person, in place of what would be read from the text; ``None``
            reads the text where ``rerank`` or ``explain`` need it.
        rerank: whether a vision-language model looks at the head of the list again.
        depth: candidates that are looked at, at least k, whatever the offset, so that pages agree; hits behind them
            follow as the first stage has them. ``None``: the settings' number.
        budget_ms: milliseconds that re-ranking and explaining together may take; ``None``: no bound.
        explain: how many hits of the page get an explanation, from the first on; 0: none.
    """

    text: str | None = None
    image: bytes | Path | None = field(default=None, repr=False)
    vector: FloatArray | None = field(default=None, repr=False, compare=False)
    image_weight: float = 0.5
    like: tuple[Example, ...] = ()
    unlike: tuple[Example, ...] = ()
    negative: tuple[str, ...] = ()
    filter: str | None = None
    k: int = 10
    offset: int = 0
    mode: Mode = "vector"
    exclude: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    histograms: tuple[str, ...] = ()
    min_relevance: float | None = None
    sort: tuple[SortKey, ...] = ()
    group_by: str | None = None
    duplicates: float | None = None
    diversity: float = 0.0
    snapshot: str | None = None
    rules: bool = True
    atoms: tuple[Atom, ...] | None = None
    rerank: bool = False
    depth: int | None = None
    budget_ms: float | None = None
    explain: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a claim rests on: a catalogue field, or a region of the picture.

    Attributes:
        field, value: the catalogue field that decides it, with the item's value.
        picture_index: the picture that was looked at.
        box: (left, top, right, bottom) of the region, as shares of the picture's width and height.
        heat_map: PNG with an alpha channel, of the picture's shape: where in it the atom is seen.
    """

    field: str | None = None
    value: Value = None
    picture_index: int | None = None
    box: tuple[float, float, float, float] | None = None
    heat_map: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One atom of the query judged on one hit.

    Attributes:
        atom: as a person reads it: ``not leather``.
        kind: the atom's kind.
        verdict: whether the hit has what the atom asks (``not leather`` is a yes where it is not leather).
        probability: calibrated, that the verdict ``yes`` would be right.
        source: ``catalogue`` (a field says so), ``picture`` (a model looked), ``none`` (nobody could look).
        graded: the model gave a grade in words, not a probability.
        likely: the verdict is yes, but not so surely that a sentence may assert it.
    """

    atom: str
    kind: str = "other"
    verdict: Verdict
    probability: float
    evidence: Evidence
    source: Literal["catalogue", "picture", "none"] = "picture"
    graded: bool = False
    likely: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a hit is there: claims, and a sentence that says only what they support."""

    claims: tuple[Claim, ...]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One item found.

    Attributes:
        id: the item.
        rank: place in the final order, counted from 1 over all pages (offset included).
        score: cosine similarity of the query and the item's best picture, in [-1, 1].
        title: the item's title.
        picture: name of the best picture.
        picture_index: its place among the item's pictures, from 0.
        metadata: the item's fields.
        ranks: rank the hit had in each stage, by stage name.
        relevance: calibrated probability of relevance, where a stage gave one.
        graded: the relevance rests on a grade in words, not on probabilities.
        suggestions: what a model said of the item at indexing time, by field: never the merchant's own word.
        explanation: claims with evidence, where asked for.
        reasons: why it stands where it does besides its score, in short phrases: ``exact sku``, ``pinned``.
        group: its value of the field that hits are grouped by.
        variants: the other items of its group that pass, best first, 100 at most.
        duplicates: ids of the hits folded into it because they show the same.
    """

    id: str
    rank: int
    score: float
    title: str | None
    picture: str
    picture_index: int
    metadata: Mapping[str, Value]
    ranks: Mapping[str, int] = field(default_factory=dict)
    relevance: float | None = None
    graded: bool = False
    suggestions: Mapping[str, "Suggestion"] = field(default_factory=dict)
    explanation: Explanation | None = None
    reasons: tuple[str, ...] = ()
    group: Value = None
    variants: tuple["Hit", ...] = ()
    duplicates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What a model said of an item: a caption, or a value for a field.

    Attributes:
        probability: calibrated, that it is right; ``None`` for a caption.
        model: the model's name and revision.
    """

    value: str
    probability: float | None
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReport:
    """What one stage of a search did.

    Attributes:
        name: ``rerank`` or ``explain``.
        model: the model's name; empty where none could be had.
        candidates: hits it was given.
        scored: of these, looked at before the stage ended.
        moved: hits whose place it changed.
        ended: ``complete``, ``budget`` (time was up), ``settled`` (the page could no longer change), ``gate`` (the
            model could not tell the candidates apart: the first stage's order was kept), ``failed`` (the same,
            because the model failed).
        milliseconds: what it cost.
    """

    name: str
    model: str
    candidates: int
    scored: int
    moved: int
    ended: Literal["complete", "budget", "settled", "gate", "failed"]
    milliseconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a search answers.

    Attributes:
        hits: best first.
        total: items that pass the filter, and ``min_relevance`` where it is given (all are ranked; ``hits`` is a
            window on them).
        facets: field -> value -> count over these items.
        histograms: field -> how its numbers are spread over these items.
        groups: how many groups these items make, where hits are grouped.
        snapshot: what a query for the next page gives to see the same state of the collection.
        nothing_matches: none of the hits is likely to be what was asked for; so too where ``total`` is 0.
        corrections: word as typed -> the word that was looked up in its place.
        trace: stage -> milliseconds.
        warnings: what was degraded, in sentences.
        atoms: what the query was understood to ask for, where it was taken apart.
        stages: what each stage behind retrieval did.
    """

    hits: tuple[Hit, ...]
    total: int
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    histograms: Mapping[str, Histogram] = field(default_factory=dict)
    groups: int | None = None
    snapshot: str | None = None
    nothing_matches: bool = False
    corrections: Mapping[str, str] = field(default_factory=dict)
    trace: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    atoms: tuple[Atom, ...] | None = None
    stages: tuple[StageReport, ...] = ()
