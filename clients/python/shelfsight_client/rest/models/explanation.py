from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.claim import Claim


T = TypeVar("T", bound="Explanation")


@_attrs_define
class Explanation:
    """Why a hit is there: claims, and a sentence that says only what they support.

    Attributes:
        sentence (str):
        claims (list[Claim]):
    """

    sentence: str
    claims: list[Claim]

    def to_dict(self) -> dict[str, Any]:
        sentence = self.sentence

        claims = []
        for claims_item_data in self.claims:
            claims_item = claims_item_data.to_dict()
            claims.append(claims_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "sentence": sentence,
                "claims": claims,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.claim import Claim  # noqa: PLC0415

        d = dict(src_dict)
        sentence = d.pop("sentence")

        claims = []
        _claims = d.pop("claims")
        for claims_item_data in _claims:
            claims_item = Claim.from_dict(claims_item_data)

            claims.append(claims_item)

        explanation = cls(
            sentence=sentence,
            claims=claims,
        )

        return explanation
