from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..models.why_condition_source import WhyConditionSource, check_why_condition_source
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.why_condition_fields import WhyConditionFields


T = TypeVar("T", bound="WhyCondition")


@_attrs_define
class WhyCondition:
    """Something that an item must satisfy to be ranked.

    Attributes:
        text (str):
        source (WhyConditionSource):
        passes (bool):
        fields (WhyConditionFields): The fields that it is about, with the item's values.
        field (str | Unset): The field, where it is about one.
        value (Any | Unset): The item's value of it.
    """

    text: str
    source: WhyConditionSource
    passes: bool
    fields: WhyConditionFields
    field: str | Unset = UNSET
    value: Any | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        text = self.text

        source: str = self.source

        passes = self.passes

        fields = self.fields.to_dict()

        field = self.field

        value = self.value

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "text": text,
                "source": source,
                "passes": passes,
                "fields": fields,
            }
        )
        if field is not UNSET:
            field_dict["field"] = field
        if value is not UNSET:
            field_dict["value"] = value

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.why_condition_fields import WhyConditionFields  # noqa: PLC0415

        d = dict(src_dict)
        text = d.pop("text")

        source = check_why_condition_source(d.pop("source"))

        passes = d.pop("passes")

        fields = WhyConditionFields.from_dict(d.pop("fields"))

        field = d.pop("field", UNSET)

        value = d.pop("value", UNSET)

        why_condition = cls(
            text=text,
            source=source,
            passes=passes,
            fields=fields,
            field=field,
            value=value,
        )

        return why_condition
