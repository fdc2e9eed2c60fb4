from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..models.reason import Reason, check_reason
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.update_report import UpdateReport
    from ..models.upsert_report import UpsertReport


T = TypeVar("T", bound="Problem")


@_attrs_define
class Problem:
    """Why a request is not answered.

    Attributes:
        code (str): Stable, for programs.
        detail (str): Names the thing and the place.
        title (str):
        status (int):
        hint (str | Unset): The way out.
        position (int | Unset): Of a bad filter: characters from 0.
        reason (Reason | Unset): Why one item, picture or row of a catalogue could not be used. Values are stable.
        request_id (str | Unset): Of the request, as the server's log has it.
        report (Unset | UpdateReport | UpsertReport): Of items that came line by line: what is in already.
    """

    code: str
    detail: str
    title: str
    status: int
    hint: str | Unset = UNSET
    position: int | Unset = UNSET
    reason: Reason | Unset = UNSET
    request_id: str | Unset = UNSET
    report: Unset | UpdateReport | UpsertReport = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.upsert_report import UpsertReport  # noqa: PLC0415

        code = self.code

        detail = self.detail

        title = self.title

        status = self.status

        hint = self.hint

        position = self.position

        reason: str | Unset = UNSET
        if not isinstance(self.reason, Unset):
            reason = self.reason

        request_id = self.request_id

        report: dict[str, Any] | Unset
        if isinstance(self.report, Unset):
            report = UNSET
        elif isinstance(self.report, UpsertReport):
            report = self.report.to_dict()
        else:
            report = self.report.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "code": code,
                "detail": detail,
                "title": title,
                "status": status,
            }
        )
        if hint is not UNSET:
            field_dict["hint"] = hint
        if position is not UNSET:
            field_dict["position"] = position
        if reason is not UNSET:
            field_dict["reason"] = reason
        if request_id is not UNSET:
            field_dict["request_id"] = request_id
        if report is not UNSET:
            field_dict["report"] = report

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.update_report import UpdateReport  # noqa: PLC0415
        from ..models.upsert_report import UpsertReport  # noqa: PLC0415

        d = dict(src_dict)
        code = d.pop("code")

        detail = d.pop("detail")

        title = d.pop("title")

        status = d.pop("status")

        hint = d.pop("hint", UNSET)

        position = d.pop("position", UNSET)

        _reason = d.pop("reason", UNSET)
        reason: Reason | Unset
        if isinstance(_reason, Unset):
            reason = UNSET
        else:
            reason = check_reason(_reason)

        request_id = d.pop("request_id", UNSET)

        def _parse_report(data: object) -> Unset | UpdateReport | UpsertReport:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                report_type_0 = UpsertReport.from_dict(data)

                return report_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            report_type_1 = UpdateReport.from_dict(data)

            return report_type_1

        report = _parse_report(d.pop("report", UNSET))

        problem = cls(
            code=code,
            detail=detail,
            title=title,
            status=status,
            hint=hint,
            position=position,
            reason=reason,
            request_id=request_id,
            report=report,
        )

        return problem
