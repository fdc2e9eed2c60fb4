from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.picture_document import PictureDocument
    from ..models.put_request_metadata import PutRequestMetadata


T = TypeVar("T", bound="PutRequest")


@_attrs_define
class PutRequest:
    """An item whose id the path says.

    Attributes:
        pictures (list[PictureDocument]): At least one; the first is the main one.
        id (int | str | Unset): As the path says it, or left out.
        title (None | str | Unset): What a shop prints under the picture.
        metadata (PutRequestMetadata | Unset): Field -> value; null is no value.
    """

    pictures: list[PictureDocument]
    id: int | str | Unset = UNSET
    title: None | str | Unset = UNSET
    metadata: PutRequestMetadata | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        pictures = []
        for pictures_item_data in self.pictures:
            pictures_item = pictures_item_data.to_dict()
            pictures.append(pictures_item)

        id: int | str | Unset
        if isinstance(self.id, Unset):
            id = UNSET
        else:
            id = self.id

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
                "pictures": pictures,
            }
        )
        if id is not UNSET:
            field_dict["id"] = id
        if title is not UNSET:
            field_dict["title"] = title
        if metadata is not UNSET:
            field_dict["metadata"] = metadata

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.picture_document import PictureDocument  # noqa: PLC0415
        from ..models.put_request_metadata import PutRequestMetadata  # noqa: PLC0415

        d = dict(src_dict)
        pictures = []
        _pictures = d.pop("pictures")
        for pictures_item_data in _pictures:
            pictures_item = PictureDocument.from_dict(pictures_item_data)

            pictures.append(pictures_item)

        def _parse_id(data: object) -> int | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(int | str | Unset, data)

        id = _parse_id(d.pop("id", UNSET))

        def _parse_title(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        title = _parse_title(d.pop("title", UNSET))

        _metadata = d.pop("metadata", UNSET)
        metadata: PutRequestMetadata | Unset
        if isinstance(_metadata, Unset):
            metadata = UNSET
        else:
            metadata = PutRequestMetadata.from_dict(_metadata)

        put_request = cls(
            pictures=pictures,
            id=id,
            title=title,
            metadata=metadata,
        )

        return put_request
