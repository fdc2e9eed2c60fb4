from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="ColumnsDocument")


@_attrs_define
class ColumnsDocument:
    """Which column is what, where the names that are recognised by themselves do not say it.

    Attributes:
        id (None | str | Unset): Of the ids.
        image (None | str | Unset): Of the main picture.
        more_images (list[str] | Unset): Of further pictures, in order.
        title (None | str | Unset): Of the titles.
        include (list[str] | None | Unset): Those that become metadata.
        exclude (list[str] | Unset): Those left out of the metadata.
        text (list[str] | Unset): Those that stay text, whatever they hold.
    """

    id: None | str | Unset = UNSET
    image: None | str | Unset = UNSET
    more_images: list[str] | Unset = UNSET
    title: None | str | Unset = UNSET
    include: list[str] | None | Unset = UNSET
    exclude: list[str] | Unset = UNSET
    text: list[str] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        id: None | str | Unset
        if isinstance(self.id, Unset):
            id = UNSET
        else:
            id = self.id

        image: None | str | Unset
        if isinstance(self.image, Unset):
            image = UNSET
        else:
            image = self.image

        more_images: list[str] | Unset = UNSET
        if not isinstance(self.more_images, Unset):
            more_images = self.more_images

        title: None | str | Unset
        if isinstance(self.title, Unset):
            title = UNSET
        else:
            title = self.title

        include: list[str] | None | Unset
        if isinstance(self.include, Unset):
            include = UNSET
        elif isinstance(self.include, list):
            include = self.include

        else:
            include = self.include

        exclude: list[str] | Unset = UNSET
        if not isinstance(self.exclude, Unset):
            exclude = self.exclude

        text: list[str] | Unset = UNSET
        if not isinstance(self.text, Unset):
            text = self.text

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if id is not UNSET:
            field_dict["id"] = id
        if image is not UNSET:
            field_dict["image"] = image
        if more_images is not UNSET:
            field_dict["more_images"] = more_images
        if title is not UNSET:
            field_dict["title"] = title
        if include is not UNSET:
            field_dict["include"] = include
        if exclude is not UNSET:
            field_dict["exclude"] = exclude
        if text is not UNSET:
            field_dict["text"] = text

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        id = _parse_id(d.pop("id", UNSET))

        def _parse_image(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        image = _parse_image(d.pop("image", UNSET))

        more_images = cast(list[str], d.pop("more_images", UNSET))

        def _parse_title(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        title = _parse_title(d.pop("title", UNSET))

        def _parse_include(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                include_type_0 = cast(list[str], data)

                return include_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        include = _parse_include(d.pop("include", UNSET))

        exclude = cast(list[str], d.pop("exclude", UNSET))

        text = cast(list[str], d.pop("text", UNSET))

        columns_document = cls(
            id=id,
            image=image,
            more_images=more_images,
            title=title,
            include=include,
            exclude=exclude,
            text=text,
        )

        return columns_document
