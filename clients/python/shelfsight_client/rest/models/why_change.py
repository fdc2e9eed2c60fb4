from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="WhyChange")


@_attrs_define
class WhyChange:
    """What would give the item a better place.

    Attributes:
        kind (str):
        text (str):
        factor (float | Unset): Of a boost.
        score (float | Unset): The cosine that it takes.
        place (int | Unset): Which place that gives it.
    """

    kind: str
    text: str
    factor: float | Unset = UNSET
    score: float | Unset = UNSET
    place: int | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        kind = self.kind

        text = self.text

        factor = self.factor

        score = self.score

        place = self.place

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "kind": kind,
                "text": text,
            }
        )
        if factor is not UNSET:
            field_dict["factor"] = factor
        if score is not UNSET:
            field_dict["score"] = score
        if place is not UNSET:
            field_dict["place"] = place

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        kind = d.pop("kind")

        text = d.pop("text")

        factor = d.pop("factor", UNSET)

        score = d.pop("score", UNSET)

        place = d.pop("place", UNSET)

        why_change = cls(
            kind=kind,
            text=text,
            factor=factor,
            score=score,
            place=place,
        )

        return why_change
