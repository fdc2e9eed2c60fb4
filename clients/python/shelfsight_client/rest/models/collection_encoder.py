from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="CollectionEncoder")


@_attrs_define
class CollectionEncoder:
    """What makes its vectors.

    Attributes:
        name (str):
        revision (str):
        fingerprint (str): Digest of all that is done to a picture and a text before the network.
        dimension (int):
        image_size (int):
    """

    name: str
    revision: str
    fingerprint: str
    dimension: int
    image_size: int

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        revision = self.revision

        fingerprint = self.fingerprint

        dimension = self.dimension

        image_size = self.image_size

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "revision": revision,
                "fingerprint": fingerprint,
                "dimension": dimension,
                "image_size": image_size,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        revision = d.pop("revision")

        fingerprint = d.pop("fingerprint")

        dimension = d.pop("dimension")

        image_size = d.pop("image_size")

        collection_encoder = cls(
            name=name,
            revision=revision,
            fingerprint=fingerprint,
            dimension=dimension,
            image_size=image_size,
        )

        return collection_encoder
