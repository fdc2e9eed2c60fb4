from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="JobError")


@_attrs_define
class JobError:
    """What ended a job, or what it waits for.

    Attributes:
        code (str):
        detail (str):
        hint (str | Unset):
        position (int | Unset):
        reason (str | Unset):
    """

    code: str
    detail: str
    hint: str | Unset = UNSET
    position: int | Unset = UNSET
    reason: str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        detail = self.detail

        hint = self.hint

        position = self.position

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

        reason = d.pop("reason", UNSET)

        job_error = cls(
            code=code,
            detail=detail,
            hint=hint,
            position=position,
            reason=reason,
        )

        return job_error
