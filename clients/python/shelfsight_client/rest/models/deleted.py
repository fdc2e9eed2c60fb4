from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="Deleted")


@_attrs_define
class Deleted:
    """How many items went, and how many are left.

    Attributes:
        deleted (int):
        items (int): Items now in the collection.
        absent (int | Unset): Of the ids, those that were not there.
    """

    deleted: int
    items: int
    absent: int | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        deleted = self.deleted

        items = self.items

        absent = self.absent

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "deleted": deleted,
                "items": items,
            }
        )
        if absent is not UNSET:
            field_dict["absent"] = absent

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        deleted = d.pop("deleted")

        items = d.pop("items")

        absent = d.pop("absent", UNSET)

        deleted = cls(
            deleted=deleted,
            items=items,
            absent=absent,
        )

        return deleted
