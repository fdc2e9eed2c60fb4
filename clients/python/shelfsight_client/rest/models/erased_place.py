from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="ErasedPlace")


@_attrs_define
class ErasedPlace:
    """A place that was searched before and after.

    Attributes:
        name (str): `vectors`, `index`, `items`, `notes`, `words`, `cache`, `server: jobs` ...
        found (int): Pieces of the items that it held before.
        shared (int): Those it holds still, for an item that stays holds them too.
        left (int): Those it holds still, and nobody else does.
    """

    name: str
    found: int
    shared: int
    left: int

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        found = self.found

        shared = self.shared

        left = self.left

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "found": found,
                "shared": shared,
                "left": left,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        found = d.pop("found")

        shared = d.pop("shared")

        left = d.pop("left")

        erased_place = cls(
            name=name,
            found=found,
            shared=shared,
            left=left,
        )

        return erased_place
