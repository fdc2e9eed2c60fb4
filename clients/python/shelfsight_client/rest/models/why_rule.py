from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.why_rule_kind import WhyRuleKind, check_why_rule_kind
from ..types import UNSET, Unset

T = TypeVar("T", bound="WhyRule")


@_attrs_define
class WhyRule:
    """What a merchandiser's rule does to an item.

    Attributes:
        kind (WhyRuleKind):
        rule (str): What it is called.
        line (int): Where it begins in the file of rules.
        text (str):
        factor (float | Unset): What it multiplies the odds of relevance by.
        place (int | Unset): Where the item is pinned.
    """

    kind: WhyRuleKind
    rule: str
    line: int
    text: str
    factor: float | Unset = UNSET
    place: int | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        kind: str = self.kind

        rule = self.rule

        line = self.line

        text = self.text

        factor = self.factor

        place = self.place

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "kind": kind,
                "rule": rule,
                "line": line,
                "text": text,
            }
        )
        if factor is not UNSET:
            field_dict["factor"] = factor
        if place is not UNSET:
            field_dict["place"] = place

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        kind = check_why_rule_kind(d.pop("kind"))

        rule = d.pop("rule")

        line = d.pop("line")

        text = d.pop("text")

        factor = d.pop("factor", UNSET)

        place = d.pop("place", UNSET)

        why_rule = cls(
            kind=kind,
            rule=rule,
            line=line,
            text=text,
            factor=factor,
            place=place,
        )

        return why_rule
