from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="ExampleDocument")


@_attrs_define
class ExampleDocument:
    """An item that hits should look like, or should not.

    Attributes:
        id (str):
        weight (float | Unset): How much it counts beside others. Default: 1.0.
    """

    id: str
    weight: float | Unset = 1.0

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        weight = self.weight

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
            }
        )
        if weight is not UNSET:
            field_dict["weight"] = weight

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        weight = d.pop("weight", UNSET)

        example_document = cls(
            id=id,
            weight=weight,
        )

        return example_document
