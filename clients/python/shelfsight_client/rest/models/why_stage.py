from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="WhyStage")


@_attrs_define
class WhyStage:
    """Where an item stood behind one stage.

    Attributes:
        name (str):
        rank (int | None): Null: the stage did not see it.
        of (int | Unset): How many the stage put in order.
        value (float | Unset): What it was ordered by.
        note (str | Unset):
    """

    name: str
    rank: int | None
    of: int | Unset = UNSET
    value: float | Unset = UNSET
    note: str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        rank: int | None
        rank = self.rank

        of = self.of

        value = self.value

        note = self.note

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "rank": rank,
            }
        )
        if of is not UNSET:
            field_dict["of"] = of
        if value is not UNSET:
            field_dict["value"] = value
        if note is not UNSET:
            field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        def _parse_rank(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        rank = _parse_rank(d.pop("rank"))

        of = d.pop("of", UNSET)

        value = d.pop("value", UNSET)

        note = d.pop("note", UNSET)

        why_stage = cls(
            name=name,
            rank=rank,
            of=of,
            value=value,
            note=note,
        )

        return why_stage
