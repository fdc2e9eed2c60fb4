from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.explanation import Explanation


T = TypeVar("T", bound="HitExplanation")


@_attrs_define
class HitExplanation:
    """A hit is explained.

    Attributes:
        id (str):
        rank (int):
        explanation (Explanation): Why a hit is there: claims, and a sentence that says only what they support.
    """

    id: str
    rank: int
    explanation: Explanation

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        rank = self.rank

        explanation = self.explanation.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "rank": rank,
                "explanation": explanation,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.explanation import Explanation  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        rank = d.pop("rank")

        explanation = Explanation.from_dict(d.pop("explanation"))

        hit_explanation = cls(
            id=id,
            rank=rank,
            explanation=explanation,
        )

        return hit_explanation
