from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.explanation import Explanation
    from ..models.listed_hit_metadata import ListedHitMetadata
    from ..models.listed_hit_ranks import ListedHitRanks
    from ..models.listed_hit_suggestions import ListedHitSuggestions


T = TypeVar("T", bound="ListedHit")


@_attrs_define
class ListedHit:
    """An item on a page that was not searched for.

    Attributes:
        id (str):
        rank (int): Over all pages.
        title (None | str):
        picture (str): Name of the picture.
        picture_index (int): Which of the item's pictures.
        metadata (ListedHitMetadata):
        ranks (ListedHitRanks): Rank in each stage.
        relevance (float | Unset): Calibrated, where a stage judged it.
        graded (bool | Unset): The relevance rests on a grade in words.
        reasons (list[str] | Unset): Why it stands there besides its score: `pinned`, `exact sku`.
        group (Any | Unset): Its value of the field that hits are grouped by.
        variants (list[ListedHit] | Unset): The others of its group, the best first.
        duplicates (list[str] | Unset): Ids of hits that were folded into it.
        suggestions (ListedHitSuggestions | Unset): Field -> what a model said of it.
        explanation (Explanation | Unset): Why a hit is there: claims, and a sentence that says only what they support.
    """

    id: str
    rank: int
    title: None | str
    picture: str
    picture_index: int
    metadata: ListedHitMetadata
    ranks: ListedHitRanks
    relevance: float | Unset = UNSET
    graded: bool | Unset = UNSET
    reasons: list[str] | Unset = UNSET
    group: Any | Unset = UNSET
    variants: list[ListedHit] | Unset = UNSET
    duplicates: list[str] | Unset = UNSET
    suggestions: ListedHitSuggestions | Unset = UNSET
    explanation: Explanation | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        rank = self.rank

        title: None | str
        title = self.title

        picture = self.picture

        picture_index = self.picture_index

        metadata = self.metadata.to_dict()

        ranks = self.ranks.to_dict()

        relevance = self.relevance

        graded = self.graded

        reasons: list[str] | Unset = UNSET
        if not isinstance(self.reasons, Unset):
            reasons = self.reasons

        group = self.group

        variants: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.variants, Unset):
            variants = []
            for variants_item_data in self.variants:
                variants_item = variants_item_data.to_dict()
                variants.append(variants_item)

        duplicates: list[str] | Unset = UNSET
        if not isinstance(self.duplicates, Unset):
            duplicates = self.duplicates

        suggestions: dict[str, Any] | Unset = UNSET
        if not isinstance(self.suggestions, Unset):
            suggestions = self.suggestions.to_dict()

        explanation: dict[str, Any] | Unset = UNSET
        if not isinstance(self.explanation, Unset):
            explanation = self.explanation.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "rank": rank,
                "title": title,
                "picture": picture,
                "picture_index": picture_index,
                "metadata": metadata,
                "ranks": ranks,
            }
        )
        if relevance is not UNSET:
            field_dict["relevance"] = relevance
        if graded is not UNSET:
            field_dict["graded"] = graded
        if reasons is not UNSET:
            field_dict["reasons"] = reasons
        if group is not UNSET:
            field_dict["group"] = group
        if variants is not UNSET:
            field_dict["variants"] = variants
        if duplicates is not UNSET:
            field_dict["duplicates"] = duplicates
        if suggestions is not UNSET:
            field_dict["suggestions"] = suggestions
        if explanation is not UNSET:
            field_dict["explanation"] = explanation

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.explanation import Explanation  # noqa: PLC0415
        from ..models.listed_hit_metadata import ListedHitMetadata  # noqa: PLC0415
        from ..models.listed_hit_ranks import ListedHitRanks  # noqa: PLC0415
        from ..models.listed_hit_suggestions import ListedHitSuggestions  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        rank = d.pop("rank")

        def _parse_title(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        title = _parse_title(d.pop("title"))

        picture = d.pop("picture")

        picture_index = d.pop("picture_index")

        metadata = ListedHitMetadata.from_dict(d.pop("metadata"))

        ranks = ListedHitRanks.from_dict(d.pop("ranks"))

        relevance = d.pop("relevance", UNSET)

        graded = d.pop("graded", UNSET)

        reasons = cast(list[str], d.pop("reasons", UNSET))

        group = d.pop("group", UNSET)

        _variants = d.pop("variants", UNSET)
        variants: list[ListedHit] | Unset = UNSET
        if _variants is not UNSET:
            variants = []
            for variants_item_data in _variants:
                variants_item = ListedHit.from_dict(variants_item_data)

                variants.append(variants_item)

        duplicates = cast(list[str], d.pop("duplicates", UNSET))

        _suggestions = d.pop("suggestions", UNSET)
        suggestions: ListedHitSuggestions | Unset
        if isinstance(_suggestions, Unset):
            suggestions = UNSET
        else:
            suggestions = ListedHitSuggestions.from_dict(_suggestions)

        _explanation = d.pop("explanation", UNSET)
        explanation: Explanation | Unset
        if isinstance(_explanation, Unset):
            explanation = UNSET
        else:
            explanation = Explanation.from_dict(_explanation)

        listed_hit = cls(
            id=id,
            rank=rank,
            title=title,
            picture=picture,
            picture_index=picture_index,
            metadata=metadata,
            ranks=ranks,
            relevance=relevance,
            graded=graded,
            reasons=reasons,
            group=group,
            variants=variants,
            duplicates=duplicates,
            suggestions=suggestions,
            explanation=explanation,
        )

        return listed_hit
