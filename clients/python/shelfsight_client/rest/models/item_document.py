from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.item_document_metadata import ItemDocumentMetadata
    from ..models.picture_document import PictureDocument


T = TypeVar("T", bound="ItemDocument")


@_attrs_define
class ItemDocument:
    """An item, whole: it takes the place of what the collection has under its id.

    Attributes:
        id (int | str): Unique within the collection.
        pictures (list[PictureDocument]): At least one; the first is the main one.
        title (None | str | Unset): What a shop prints under the picture.
        metadata (ItemDocumentMetadata | Unset): Field -> value; null is no value.
    """

    id: int | str
    pictures: list[PictureDocument]
    title: None | str | Unset = UNSET
    metadata: ItemDocumentMetadata | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        id: int | str
        id = self.id

        pictures = []
        for pictures_item_data in self.pictures:
            pictures_item = pictures_item_data.to_dict()
            pictures.append(pictures_item)

        title: None | str | Unset
        if isinstance(self.title, Unset):
            title = UNSET
        else:
            title = self.title

        metadata: dict[str, Any] | Unset = UNSET
        if not isinstance(self.metadata, Unset):
            metadata = self.metadata.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "pictures": pictures,
            }
        )
        if title is not UNSET:
            field_dict["title"] = title
        if metadata is not UNSET:
            field_dict["metadata"] = metadata

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.item_document_metadata import ItemDocumentMetadata  # noqa: PLC0415
        from ..models.picture_document import PictureDocument  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_id(data: object) -> int | str:
            return cast(int | str, data)

        id = _parse_id(d.pop("id"))

        pictures = []
        _pictures = d.pop("pictures")
        for pictures_item_data in _pictures:
            pictures_item = PictureDocument.from_dict(pictures_item_data)

            pictures.append(pictures_item)

        def _parse_title(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        title = _parse_title(d.pop("title", UNSET))

        _metadata = d.pop("metadata", UNSET)
        metadata: ItemDocumentMetadata | Unset
        if isinstance(_metadata, Unset):
            metadata = UNSET
        else:
            metadata = ItemDocumentMetadata.from_dict(_metadata)

        item_document = cls(
            id=id,
            pictures=pictures,
            title=title,
            metadata=metadata,
        )

        return item_document
