from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="Suggestion")


@_attrs_define
class Suggestion:
    """What a model said of an item at indexing time; never the merchant's own word.

    Attributes:
        value (str):
        probability (float | None): Calibrated, that it is right; null for a caption.
        model (str):
    """

    value: str
    probability: float | None
    model: str

    def to_dict(self) -> dict[str, Any]:
        value = self.value

        probability: float | None
        probability = self.probability

        model = self.model

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "value": value,
                "probability": probability,
                "model": model,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        value = d.pop("value")

        def _parse_probability(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        probability = _parse_probability(d.pop("probability"))

        model = d.pop("model")

        suggestion = cls(
            value=value,
            probability=probability,
            model=model,
        )

        return suggestion
