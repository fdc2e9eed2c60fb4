from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.failure_document import FailureDocument
    from ..models.stored_item_metadata import StoredItemMetadata
    from ..models.stored_item_suggestions import StoredItemSuggestions
    from ..models.stored_picture import StoredPicture


T = TypeVar("T", bound="StoredItem")


@_attrs_define
class StoredItem:
    """An item as it is now.

    Attributes:
        id (str):
        title (None | str):
        metadata (StoredItemMetadata):
        pictures (list[StoredPicture]):
        suggestions (StoredItemSuggestions | Unset): Field -> what a model said of it.
        failures (list[FailureDocument] | Unset): Pictures that could not be used, right after the item was put in.
    """

    id: str
    title: None | str
    metadata: StoredItemMetadata
    pictures: list[StoredPicture]
    suggestions: StoredItemSuggestions | Unset = UNSET
    failures: list[FailureDocument] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        title: None | str
        title = self.title

        metadata = self.metadata.to_dict()

        pictures = []
        for pictures_item_data in self.pictures:
            pictures_item = pictures_item_data.to_dict()
            pictures.append(pictures_item)

        suggestions: dict[str, Any] | Unset = UNSET
        if not isinstance(self.suggestions, Unset):
            suggestions = self.suggestions.to_dict()

        failures: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.failures, Unset):
            failures = []
            for failures_item_data in self.failures:
                failures_item = failures_item_data.to_dict()
                failures.append(failures_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "title": title,
                "metadata": metadata,
                "pictures": pictures,
            }
        )
        if suggestions is not UNSET:
            field_dict["suggestions"] = suggestions
        if failures is not UNSET:
            field_dict["failures"] = failures

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.failure_document import FailureDocument  # noqa: PLC0415
        from ..models.stored_item_metadata import StoredItemMetadata  # noqa: PLC0415
        from ..models.stored_item_suggestions import StoredItemSuggestions  # noqa: PLC0415
        from ..models.stored_picture import StoredPicture  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        def _parse_title(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        title = _parse_title(d.pop("title"))

        metadata = StoredItemMetadata.from_dict(d.pop("metadata"))

        pictures = []
        _pictures = d.pop("pictures")
        for pictures_item_data in _pictures:
            pictures_item = StoredPicture.from_dict(pictures_item_data)

            pictures.append(pictures_item)

        _suggestions = d.pop("suggestions", UNSET)
        suggestions: StoredItemSuggestions | Unset
        if isinstance(_suggestions, Unset):
            suggestions = UNSET
        else:
            suggestions = StoredItemSuggestions.from_dict(_suggestions)

        _failures = d.pop("failures", UNSET)
        failures: list[FailureDocument] | Unset = UNSET
        if _failures is not UNSET:
            failures = []
            for failures_item_data in _failures:
                failures_item = FailureDocument.from_dict(failures_item_data)

                failures.append(failures_item)

        stored_item = cls(
            id=id,
            title=title,
            metadata=metadata,
            pictures=pictures,
            suggestions=suggestions,
            failures=failures,
        )

        return stored_item
