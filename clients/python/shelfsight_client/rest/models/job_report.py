from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.failure_document import FailureDocument


T = TypeVar("T", bound="JobReport")


@_attrs_define
class JobReport:
    """What a job did; the first failures alone.

    Attributes:
        items (int): Items now in the collection.
        pictures (int): Pictures now in the collection.
        indexed (int): Items that are new, or have new pictures.
        unchanged (int): Items found as they were.
        updated (int): Items of which only fields changed.
        failed (int): Items that could not be used; what was there of them stays.
        deleted (int):
        encoded (int): Pictures that went through the encoder.
        seconds (float):
        failures (list[FailureDocument]): The first thousand.
        features (int | Unset): Pictures of which features were kept.
        suggestions (int | Unset):
    """

    items: int
    pictures: int
    indexed: int
    unchanged: int
    updated: int
    failed: int
    deleted: int
    encoded: int
    seconds: float
    failures: list[FailureDocument]
    features: int | Unset = UNSET
    suggestions: int | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        items = self.items

        pictures = self.pictures

        indexed = self.indexed

        unchanged = self.unchanged

        updated = self.updated

        failed = self.failed

        deleted = self.deleted

        encoded = self.encoded

        seconds = self.seconds

        failures = []
        for failures_item_data in self.failures:
            failures_item = failures_item_data.to_dict()
            failures.append(failures_item)

        features = self.features

        suggestions = self.suggestions

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "items": items,
                "pictures": pictures,
                "indexed": indexed,
                "unchanged": unchanged,
                "updated": updated,
                "failed": failed,
                "deleted": deleted,
                "encoded": encoded,
                "seconds": seconds,
                "failures": failures,
            }
        )
        if features is not UNSET:
            field_dict["features"] = features
        if suggestions is not UNSET:
            field_dict["suggestions"] = suggestions

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.failure_document import FailureDocument  # noqa: PLC0415

        d = dict(src_dict)
        items = d.pop("items")

        pictures = d.pop("pictures")

        indexed = d.pop("indexed")

        unchanged = d.pop("unchanged")

        updated = d.pop("updated")

        failed = d.pop("failed")

        deleted = d.pop("deleted")

        encoded = d.pop("encoded")

        seconds = d.pop("seconds")

        failures = []
        _failures = d.pop("failures")
        for failures_item_data in _failures:
            failures_item = FailureDocument.from_dict(failures_item_data)

            failures.append(failures_item)

        features = d.pop("features", UNSET)

        suggestions = d.pop("suggestions", UNSET)

        job_report = cls(
            items=items,
            pictures=pictures,
            indexed=indexed,
            unchanged=unchanged,
            updated=updated,
            failed=failed,
            deleted=deleted,
            encoded=encoded,
            seconds=seconds,
            failures=failures,
            features=features,
            suggestions=suggestions,
        )

        return job_report
