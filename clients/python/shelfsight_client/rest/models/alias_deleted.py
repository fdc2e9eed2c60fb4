from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="AliasDeleted")


@_attrs_define
class AliasDeleted:
    """What an alias stood for.

    Attributes:
        alias (str):
        before (str):
    """

    alias: str
    before: str

    def to_dict(self) -> dict[str, Any]:
        alias = self.alias

        before = self.before

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "alias": alias,
                "before": before,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        alias = d.pop("alias")

        before = d.pop("before")

        alias_deleted = cls(
            alias=alias,
            before=before,
        )

        return alias_deleted
