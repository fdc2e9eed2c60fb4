from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="EncoderDocument")


@_attrs_define
class EncoderDocument:
    """What made the vectors.

    Attributes:
        name (str):
        revision (str): Digest of its weights.
        dimension (int):
    """

    name: str
    revision: str
    dimension: int

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        revision = self.revision

        dimension = self.dimension

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "revision": revision,
                "dimension": dimension,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        revision = d.pop("revision")

        dimension = d.pop("dimension")

        encoder_document = cls(
            name=name,
            revision=revision,
            dimension=dimension,
        )

        return encoder_document
