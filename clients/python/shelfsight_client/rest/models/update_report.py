from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.failure_document import FailureDocument


T = TypeVar("T", bound="UpdateReport")


@_attrs_define
class UpdateReport:
    """What became of changes that were sent.

    Attributes:
        rows (int):
        updated (int): Items that were changed, or had these values already.
        failed (int):
        failures (list[FailureDocument]): The first thousand.
    """

    rows: int
    updated: int
    failed: int
    failures: list[FailureDocument]

    def to_dict(self) -> dict[str, Any]:
        rows = self.rows

        updated = self.updated

        failed = self.failed

        failures = []
        for failures_item_data in self.failures:
            failures_item = failures_item_data.to_dict()
            failures.append(failures_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "rows": rows,
                "updated": updated,
                "failed": failed,
                "failures": failures,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.failure_document import FailureDocument  # noqa: PLC0415

        d = dict(src_dict)
        rows = d.pop("rows")

        updated = d.pop("updated")

        failed = d.pop("failed")

        failures = []
        _failures = d.pop("failures")
        for failures_item_data in _failures:
            failures_item = FailureDocument.from_dict(failures_item_data)

            failures.append(failures_item)

        update_report = cls(
            rows=rows,
            updated=updated,
            failed=failed,
            failures=failures,
        )

        return update_report
