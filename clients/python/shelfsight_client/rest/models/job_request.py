from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.columns_document import ColumnsDocument


T = TypeVar("T", bound="JobRequest")


@_attrs_define
class JobRequest:
    """What is to be indexed, and how. In a form the catalogue may come along, as a file.

    Attributes:
        source (None | str | Unset): Path below one of the folders of `jobs.roots`, http(s) address, or one of
            `jobs.remotes`.
        prune (bool | Unset): Take out items that are no longer in the catalogue. Default: False.
        columns (ColumnsDocument | Unset): Which column is what, where the names that are recognised by themselves do
            not say it.
        features (bool | Unset): Keep what the vision-language model sees, for `rerank`. Default: False.
    """

    source: None | str | Unset = UNSET
    prune: bool | Unset = False
    columns: ColumnsDocument | Unset = UNSET
    features: bool | Unset = False

    def to_dict(self) -> dict[str, Any]:
        source: None | str | Unset
        if isinstance(self.source, Unset):
            source = UNSET
        else:
            source = self.source

        prune = self.prune

        columns: dict[str, Any] | Unset = UNSET
        if not isinstance(self.columns, Unset):
            columns = self.columns.to_dict()

        features = self.features

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if source is not UNSET:
            field_dict["source"] = source
        if prune is not UNSET:
            field_dict["prune"] = prune
        if columns is not UNSET:
            field_dict["columns"] = columns
        if features is not UNSET:
            field_dict["features"] = features

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.columns_document import ColumnsDocument  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_source(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        source = _parse_source(d.pop("source", UNSET))

        prune = d.pop("prune", UNSET)

        _columns = d.pop("columns", UNSET)
        columns: ColumnsDocument | Unset
        if isinstance(_columns, Unset):
            columns = UNSET
        else:
            columns = ColumnsDocument.from_dict(_columns)

        features = d.pop("features", UNSET)

        job_request = cls(
            source=source,
            prune=prune,
            columns=columns,
            features=features,
        )

        return job_request
