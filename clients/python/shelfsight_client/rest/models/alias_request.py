from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="AliasRequest")


@_attrs_define
class AliasRequest:
    """What an alias stands for.

    Attributes:
        collection (str): Name of a collection, not of another alias.
    """

    collection: str

    def to_dict(self) -> dict[str, Any]:
        collection = self.collection

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "collection": collection,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        collection = d.pop("collection")

        alias_request = cls(
            collection=collection,
        )

        return alias_request
