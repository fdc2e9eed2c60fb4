from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.why_neighbour_fields import WhyNeighbourFields
    from ..models.why_neighbour_more import WhyNeighbourMore


T = TypeVar("T", bound="WhyNeighbour")


@_attrs_define
class WhyNeighbour:
    """A hit above the item.

    Attributes:
        id (str):
        title (None | str):
        picture (str):
        picture_index (int):
        rank (int):
        score (float):
        reasons (list[str]):
        more (WhyNeighbourMore): By how much it has more than the item: `score`, `relevance`, `words`.
        relevance (float | Unset):
        words (float | Unset): Of the words asked for, the share that it has.
        fields (WhyNeighbourFields | Unset): Its values of what hits are sorted by.
    """

    id: str
    title: None | str
    picture: str
    picture_index: int
    rank: int
    score: float
    reasons: list[str]
    more: WhyNeighbourMore
    relevance: float | Unset = UNSET
    words: float | Unset = UNSET
    fields: WhyNeighbourFields | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        title: None | str
        title = self.title

        picture = self.picture

        picture_index = self.picture_index

        rank = self.rank

        score = self.score

        reasons = self.reasons

        more = self.more.to_dict()

        relevance = self.relevance

        words = self.words

        fields: dict[str, Any] | Unset = UNSET
        if not isinstance(self.fields, Unset):
            fields = self.fields.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "title": title,
                "picture": picture,
                "picture_index": picture_index,
                "rank": rank,
                "score": score,
                "reasons": reasons,
                "more": more,
            }
        )
        if relevance is not UNSET:
            field_dict["relevance"] = relevance
        if words is not UNSET:
            field_dict["words"] = words
        if fields is not UNSET:
            field_dict["fields"] = fields

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.why_neighbour_fields import WhyNeighbourFields  # noqa: PLC0415
        from ..models.why_neighbour_more import WhyNeighbourMore  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        def _parse_title(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        title = _parse_title(d.pop("title"))

        picture = d.pop("picture")

        picture_index = d.pop("picture_index")

        rank = d.pop("rank")

        score = d.pop("score")

        reasons = cast(list[str], d.pop("reasons"))

        more = WhyNeighbourMore.from_dict(d.pop("more"))

        relevance = d.pop("relevance", UNSET)

        words = d.pop("words", UNSET)

        _fields = d.pop("fields", UNSET)
        fields: WhyNeighbourFields | Unset
        if isinstance(_fields, Unset):
            fields = UNSET
        else:
            fields = WhyNeighbourFields.from_dict(_fields)

        why_neighbour = cls(
            id=id,
            title=title,
            picture=picture,
            picture_index=picture_index,
            rank=rank,
            score=score,
            reasons=reasons,
            more=more,
            relevance=relevance,
            words=words,
            fields=fields,
        )

        return why_neighbour
