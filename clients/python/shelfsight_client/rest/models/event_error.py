from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.reason import Reason, check_reason
from ..types import UNSET, Unset

T = TypeVar("T", bound="EventError")


@_attrs_define
class EventError:
    """What ended a stream of events.

    Attributes:
        code (str): Stable, for programs.
        detail (str): Names the thing and the place.
        hint (str | Unset): The way out.
        position (int | Unset): Of a bad filter: characters from 0.
        reason (Reason | Unset): Why one item, picture or row of a catalogue could not be used. Values are stable.
    """

    code: str
    detail: str
    hint: str | Unset = UNSET
    position: int | Unset = UNSET
    reason: Reason | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        detail = self.detail

        hint = self.hint

        position = self.position

        reason: str | Unset = UNSET
        if not isinstance(self.reason, Unset):
            reason = self.reason

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "code": code,
                "detail": detail,
            }
        )
        if hint is not UNSET:
            field_dict["hint"] = hint
        if position is not UNSET:
            field_dict["position"] = position
        if reason is not UNSET:
            field_dict["reason"] = reason

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        code = d.pop("code")

        detail = d.pop("detail")

        hint = d.pop("hint", UNSET)

        position = d.pop("position", UNSET)

        _reason = d.pop("reason", UNSET)
        reason: Reason | Unset
        if isinstance(_reason, Unset):
            reason = UNSET
        else:
            reason = check_reason(_reason)

        event_error = cls(
            code=code,
            detail=detail,
            hint=hint,
            position=position,
            reason=reason,
        )

        return event_error
