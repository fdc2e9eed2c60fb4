from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="AliasSet")


@_attrs_define
class AliasSet:
    """What an alias stands for now, and what it stood for before.

    Attributes:
        alias (str):
        collection (str):
        before (None | str):
    """

    alias: str
    collection: str
    before: None | str

    def to_dict(self) -> dict[str, Any]:
        alias = self.alias

        collection = self.collection

        before: None | str
        before = self.before

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "alias": alias,
                "collection": collection,
                "before": before,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        alias = d.pop("alias")

        collection = d.pop("collection")

        def _parse_before(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        before = _parse_before(d.pop("before"))

        alias_set = cls(
            alias=alias,
            collection=collection,
            before=before,
        )

        return alias_set
