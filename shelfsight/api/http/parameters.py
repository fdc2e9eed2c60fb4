"""What can be asked for, declared once: of every page, of pages of hits that are like something, of a search.

The first two are query parameters of GET requests; the body of a search has all three.
"""

from typing import Annotated, Any

from pydantic import AliasChoices, Field

from shelfsight.api.atoms import AtomDocument
from shelfsight.api.sent import Sent
from shelfsight.core.types import Example, Mode

__all__ = ["BrowseParameters", "FilterParameter", "SearchRequest", "SimilarParameters"]

_MOST = 200
"""Members of a list at most; where fewer are read, who reads them says so."""

FilterParameter = Annotated[
    str | None, Field(description='Boolean expression over metadata, such as `price < 80 and color in ["red"]`.')
]


class BrowseParameters(Sent):
    """Of every page."""

    filter: FilterParameter = None
    k: int = Field(default=10, description="Hits wanted, 1 or more.", json_schema_extra={"minimum": 1})
    offset: int = Field(default=0, description="Hits skipped.", json_schema_extra={"minimum": 0})
    facets: list[str] = Field(default=[], max_length=_MOST, description="Fields whose value counts are wanted.")
    histograms: list[str] = Field(default=[], max_length=_MOST, description="Number fields whose spread is wanted.")
    sort: list[str] = Field(
        default=[],
        max_length=_MOST,
        description="Fields to order by in place of relevance: `price`, or `-price` for descending.",
    )
    group_by: str | None = Field(
        default=None, description="One hit for each value of this field; the others of its group are its `variants`."
    )
    snapshot: str | None = Field(
        default=None, description="`snapshot` of the page before, so that this one is of the same state."
    )
    rules: bool = Field(default=True, description="Whether the merchandiser's rules count.")


class SimilarParameters(BrowseParameters):
    """Also of hits that are more or less like what is looked for."""

    min_relevance: float | None = Field(
        default=None,
        description="Leave out hits less likely relevant than this, 0 to 1, also of total, facets and histograms.",
        json_schema_extra={"minimum": 0, "maximum": 1},
    )
    duplicates: float | None = Field(
        default=None,
        description="Fold hits into better ones whose picture has at least this cosine with theirs: 0.95, say.",
        json_schema_extra={"minimum": -1, "maximum": 1},
    )
    diversity: float = Field(
        default=0.0,
        description="How far hits that look alike make room for others, 0 to 1.",
        json_schema_extra={"minimum": 0, "exclusiveMaximum": 1},
    )


class ExampleDocument(Sent):
    """An item that hits should look like, or should not."""

    id: str
    weight: float = Field(default=1.0, gt=0, le=100, description="How much it counts beside others.")


class _Wanted(Sent):
    """What hits should show. It stands behind the others as a base, so that its fields come first."""

    query: str | None = Field(
        default=None,
        validation_alias=AliasChoices("query", "text"),
        description="A phrase or sentence; hits should not show what is written `-floral`. Also called `text`.",
    )
    image: str | None = Field(default=None, description="A picture, base64; in a form: an uploaded file.")
    image_weight: float = Field(default=0.5, ge=0, le=1, description="Share of the picture beside the query.")
    like: list[str | ExampleDocument] = Field(
        default=[],
        max_length=_MOST,
        description="Items, by id, whose main pictures hits should look like; they have the share `image_weight` "
        "beside the query, and are no hits themselves.",
    )
    unlike: list[str | ExampleDocument] = Field(
        default=[],
        max_length=_MOST,
        description="Items, by id, that hits should not look like, beside a query, a picture or `like`.",
    )
    negative: list[str] = Field(default=[], max_length=_MOST, description="What hits should not show.")
    mode: Mode = Field(
        default="vector",
        description="`vector` looks at pictures alone, `hybrid` for the query's words in titles and metadata too.",
    )


class SearchRequest(SimilarParameters, _Wanted):
    """A search. At least one of ``query``, ``image`` and ``like`` is given."""

    rerank: bool = Field(default=False, description="Let a vision-language model look at the best candidates again.")
    explain: bool | Annotated[int, Field(ge=0)] = Field(
        default=False, description="Say why hits are there; a number: of so many, from the first on."
    )
    depth: int | None = Field(default=None, ge=1, description="Candidates that are looked at.")
    budget_ms: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="Milliseconds that looking may take; then the best so far."
    )
    atoms: list[AtomDocument] | None = Field(
        default=None,
        max_length=_MOST,
        description="What the query asks for, in place of what would be read from it: `atoms` of an answer, edited. "
        "In a form: as JSON text.",
    )

    def arguments(self, image: bytes | None) -> dict[str, Any]:
        """Keyword arguments of ``Engine.search``.

        Args:
            image: the picture's bytes, where there is one.
        """
        atoms = None if self.atoms is None else [atom.atom() for atom in self.atoms]
        found = self.model_dump(exclude={"query", "image", "atoms", "like", "unlike"})
        examples = {"like": _examples(self.like), "unlike": _examples(self.unlike)}
        return {"text": self.query, "image": image, "atoms": atoms, **examples, **found}


def _examples(given: list[str | ExampleDocument]) -> list[Example]:
    return [Example(each) if isinstance(each, str) else Example(each.id, each.weight) for each in given]
