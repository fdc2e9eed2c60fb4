from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.embed_request_encoding import (
    EmbedRequestEncoding,
    check_embed_request_encoding,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="EmbedRequest")


@_attrs_define
class EmbedRequest:
    """What is to be embedded; at least one text or picture.

    Attributes:
        texts (list[str] | Unset): Taken as they are: a minus is a minus.
        pictures (list[str] | Unset): Encoded pictures, base64.
        encoding (EmbedRequestEncoding | Unset): `float`: lists of numbers. `base64`: float32, little-endian. Default:
            'float'.
    """

    texts: list[str] | Unset = UNSET
    pictures: list[str] | Unset = UNSET
    encoding: EmbedRequestEncoding | Unset = "float"

    def to_dict(self) -> dict[str, Any]:
        texts: list[str] | Unset = UNSET
        if not isinstance(self.texts, Unset):
            texts = self.texts

        pictures: list[str] | Unset = UNSET
        if not isinstance(self.pictures, Unset):
            pictures = self.pictures

        encoding: str | Unset = UNSET
        if not isinstance(self.encoding, Unset):
            encoding = self.encoding

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if texts is not UNSET:
            field_dict["texts"] = texts
        if pictures is not UNSET:
            field_dict["pictures"] = pictures
        if encoding is not UNSET:
            field_dict["encoding"] = encoding

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        texts = cast(list[str], d.pop("texts", UNSET))

        pictures = cast(list[str], d.pop("pictures", UNSET))

        _encoding = d.pop("encoding", UNSET)
        encoding: EmbedRequestEncoding | Unset
        if isinstance(_encoding, Unset):
            encoding = UNSET
        else:
            encoding = check_embed_request_encoding(_encoding)

        embed_request = cls(
            texts=texts,
            pictures=pictures,
            encoding=encoding,
        )

        return embed_request
