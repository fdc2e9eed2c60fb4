from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="StoredPicture")


@_attrs_define
class StoredPicture:
    """A picture of an item.

    Attributes:
        index (int):
        name (str):
    """

    index: int
    name: str

    def to_dict(self) -> dict[str, Any]:
        index = self.index

        name = self.name

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "index": index,
                "name": name,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        index = d.pop("index")

        name = d.pop("name")

        stored_picture = cls(
            index=index,
            name=name,
        )

        return stored_picture
