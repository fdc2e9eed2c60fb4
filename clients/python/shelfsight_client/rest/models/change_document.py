from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.change_document_metadata import ChangeDocumentMetadata


T = TypeVar("T", bound="ChangeDocument")


@_attrs_define
class ChangeDocument:
    """Changes to an item: what is not named stays as it is, and so do its pictures.

    Attributes:
        id (int | str): Unique within the collection.
        title (None | str | Unset): The new title; null takes it away, left out keeps it.
        metadata (ChangeDocumentMetadata | Unset): Field -> value; null is no value.
    """

    id: int | str
    title: None | str | Unset = UNSET
    metadata: ChangeDocumentMetadata | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        id: int | str
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
                "id": id,
            }
        )
        if title is not UNSET:
            field_dict["title"] = title
        if metadata is not UNSET:
            field_dict["metadata"] = metadata

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.change_document_metadata import ChangeDocumentMetadata  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_id(data: object) -> int | str:
            return cast(int | str, data)

        id = _parse_id(d.pop("id"))

        def _parse_title(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        title = _parse_title(d.pop("title", UNSET))

        _metadata = d.pop("metadata", UNSET)
        metadata: ChangeDocumentMetadata | Unset
        if isinstance(_metadata, Unset):
            metadata = UNSET
        else:
            metadata = ChangeDocumentMetadata.from_dict(_metadata)

        change_document = cls(
            id=id,
            title=title,
            metadata=metadata,
        )

        return change_document
