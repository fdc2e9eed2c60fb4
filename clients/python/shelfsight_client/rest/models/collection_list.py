from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.listed_collection import ListedCollection


T = TypeVar("T", bound="CollectionList")


@_attrs_define
class CollectionList:
    """The collections of this server.

    Attributes:
        collections (list[ListedCollection]):
    """

    collections: list[ListedCollection]

    def to_dict(self) -> dict[str, Any]:
        collections = []
        for collections_item_data in self.collections:
            collections_item = collections_item_data.to_dict()
            collections.append(collections_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "collections": collections,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.listed_collection import ListedCollection  # noqa: PLC0415

        d = dict(src_dict)
        collections = []
        _collections = d.pop("collections")
        for collections_item_data in _collections:
            collections_item = ListedCollection.from_dict(collections_item_data)

            collections.append(collections_item)

        collection_list = cls(
            collections=collections,
        )

        return collection_list
