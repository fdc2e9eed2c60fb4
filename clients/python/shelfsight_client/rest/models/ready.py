from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..models.ready_status import ReadyStatus, check_ready_status
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.ready_checks import ReadyChecks


T = TypeVar("T", bound="Ready")


@_attrs_define
class Ready:
    """Whether a query is answered just now, and why not.

    Attributes:
        status (ReadyStatus):
        items (int | Unset):
        milliseconds (float | Unset): What the query took.
        checks (ReadyChecks | Unset): What was looked at: `ok`, or what is wrong with it.
        code (str | Unset):
        detail (str | Unset):
        hint (str | Unset):
        position (int | Unset):
        reason (str | Unset):
    """

    status: ReadyStatus
    items: int | Unset = UNSET
    milliseconds: float | Unset = UNSET
    checks: ReadyChecks | Unset = UNSET
    code: str | Unset = UNSET
    detail: str | Unset = UNSET
    hint: str | Unset = UNSET
    position: int | Unset = UNSET
    reason: str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        status: str = self.status

        items = self.items

        milliseconds = self.milliseconds

        checks: dict[str, Any] | Unset = UNSET
        if not isinstance(self.checks, Unset):
            checks = self.checks.to_dict()

        code = self.code

        detail = self.detail

        hint = self.hint

        position = self.position

        reason = self.reason

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "status": status,
            }
        )
        if items is not UNSET:
            field_dict["items"] = items
        if milliseconds is not UNSET:
            field_dict["milliseconds"] = milliseconds
        if checks is not UNSET:
            field_dict["checks"] = checks
        if code is not UNSET:
            field_dict["code"] = code
        if detail is not UNSET:
            field_dict["detail"] = detail
        if hint is not UNSET:
            field_dict["hint"] = hint
        if position is not UNSET:
            field_dict["position"] = position
        if reason is not UNSET:
            field_dict["reason"] = reason

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.ready_checks import ReadyChecks  # noqa: PLC0415

        d = dict(src_dict)
        status = check_ready_status(d.pop("status"))

        items = d.pop("items", UNSET)

        milliseconds = d.pop("milliseconds", UNSET)

        _checks = d.pop("checks", UNSET)
        checks: ReadyChecks | Unset
        if isinstance(_checks, Unset):
            checks = UNSET
        else:
            checks = ReadyChecks.from_dict(_checks)

        code = d.pop("code", UNSET)

        detail = d.pop("detail", UNSET)

        hint = d.pop("hint", UNSET)

        position = d.pop("position", UNSET)

        reason = d.pop("reason", UNSET)

        ready = cls(
            status=status,
            items=items,
            milliseconds=milliseconds,
            checks=checks,
            code=code,
            detail=detail,
            hint=hint,
            position=position,
            reason=reason,
        )

        return ready
