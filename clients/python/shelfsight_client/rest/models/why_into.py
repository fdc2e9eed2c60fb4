from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.why_into_how import WhyIntoHow, check_why_into_how
from ..types import UNSET, Unset

T = TypeVar("T", bound="WhyInto")


@_attrs_define
class WhyInto:
    """The hit that stands for the item.

    Attributes:
        id (str):
        title (None | str):
        picture_index (int):
        rank (int):
        how (WhyIntoHow):
        cosine (float | Unset):
        group (Any | Unset):
    """

    id: str
    title: None | str
    picture_index: int
    rank: int
    how: WhyIntoHow
    cosine: float | Unset = UNSET
    group: Any | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        title: None | str
        title = self.title

        picture_index = self.picture_index

        rank = self.rank

        how: str = self.how

        cosine = self.cosine

        group = self.group

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "title": title,
                "picture_index": picture_index,
                "rank": rank,
                "how": how,
            }
        )
        if cosine is not UNSET:
            field_dict["cosine"] = cosine
        if group is not UNSET:
            field_dict["group"] = group

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        def _parse_title(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        title = _parse_title(d.pop("title"))

        picture_index = d.pop("picture_index")

        rank = d.pop("rank")

        how = check_why_into_how(d.pop("how"))

        cosine = d.pop("cosine", UNSET)

        group = d.pop("group", UNSET)

        why_into = cls(
            id=id,
            title=title,
            picture_index=picture_index,
            rank=rank,
            how=how,
            cosine=cosine,
            group=group,
        )

        return why_into
