from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.facet_counts_facets import FacetCountsFacets
    from ..models.facet_counts_fields import FacetCountsFields


T = TypeVar("T", bound="FacetCounts")


@_attrs_define
class FacetCounts:
    """Values of fields with their counts.

    Attributes:
        facets (FacetCountsFacets): Field -> value -> items, the most frequent first.
        fields (FacetCountsFields): Every field that items have.
        total (int): Items that pass.
    """

    facets: FacetCountsFacets
    fields: FacetCountsFields
    total: int

    def to_dict(self) -> dict[str, Any]:
        facets = self.facets.to_dict()

        fields = self.fields.to_dict()

        total = self.total

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "facets": facets,
                "fields": fields,
                "total": total,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.facet_counts_facets import FacetCountsFacets  # noqa: PLC0415
        from ..models.facet_counts_fields import FacetCountsFields  # noqa: PLC0415

        d = dict(src_dict)
        facets = FacetCountsFacets.from_dict(d.pop("facets"))

        fields = FacetCountsFields.from_dict(d.pop("fields"))

        total = d.pop("total")

        facet_counts = cls(
            facets=facets,
            fields=fields,
            total=total,
        )

        return facet_counts
