from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="Histogram")


@_attrs_define
class Histogram:
    """How the numbers of a field are spread.

    Attributes:
        edges (list[float]): One more than `counts`, ascending.
        counts (list[int]): Items from each edge to the next.
        least (float | None):
        most (float | None):
        others (int): Items that have no number there.
    """

    edges: list[float]
    counts: list[int]
    least: float | None
    most: float | None
    others: int

    def to_dict(self) -> dict[str, Any]:
        edges = self.edges

        counts = self.counts

        least: float | None
        least = self.least

        most: float | None
        most = self.most

        others = self.others

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "edges": edges,
                "counts": counts,
                "least": least,
                "most": most,
                "others": others,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        edges = cast(list[float], d.pop("edges"))

        counts = cast(list[int], d.pop("counts"))

        def _parse_least(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        least = _parse_least(d.pop("least"))

        def _parse_most(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        most = _parse_most(d.pop("most"))

        others = d.pop("others")

        histogram = cls(
            edges=edges,
            counts=counts,
            least=least,
            most=most,
            others=others,
        )

        return histogram
