from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="PictureDocument")


@_attrs_define
class PictureDocument:
    """A picture. Exactly one of ``data``, ``url`` and ``upload`` is given.

    Attributes:
        data (None | str | Unset): The encoded picture (JPEG, PNG, ...), base64.
        url (None | str | Unset): Where it is fetched from, once.
        upload (None | str | Unset): In a form: the name of the uploaded file.
        name (None | str | Unset): What a person calls it.
    """

    data: None | str | Unset = UNSET
    url: None | str | Unset = UNSET
    upload: None | str | Unset = UNSET
    name: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        data: None | str | Unset
        if isinstance(self.data, Unset):
            data = UNSET
        else:
            data = self.data

        url: None | str | Unset
        if isinstance(self.url, Unset):
            url = UNSET
        else:
            url = self.url

        upload: None | str | Unset
        if isinstance(self.upload, Unset):
            upload = UNSET
        else:
            upload = self.upload

        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if data is not UNSET:
            field_dict["data"] = data
        if url is not UNSET:
            field_dict["url"] = url
        if upload is not UNSET:
            field_dict["upload"] = upload
        if name is not UNSET:
            field_dict["name"] = name

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_data(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        data = _parse_data(d.pop("data", UNSET))

        def _parse_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        url = _parse_url(d.pop("url", UNSET))

        def _parse_upload(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        upload = _parse_upload(d.pop("upload", UNSET))

        def _parse_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        name = _parse_name(d.pop("name", UNSET))

        picture_document = cls(
            data=data,
            url=url,
            upload=upload,
            name=name,
        )

        return picture_document
