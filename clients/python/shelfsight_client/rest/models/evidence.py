from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="Evidence")


@_attrs_define
class Evidence:
    """What a claim rests on: a field of the catalogue, or what of a picture was looked at.

    Attributes:
        field (str | Unset): The field that decides it.
        value (Any | Unset): The item's value of that field.
        picture_index (int | Unset): The picture that was looked at, from 0.
        box (list[float] | Unset): Left, top, right, bottom, as shares of the picture's sides.
        heat_map (str | Unset): Where in the picture it is seen: a PNG as a data URI.
    """

    field: str | Unset = UNSET
    value: Any | Unset = UNSET
    picture_index: int | Unset = UNSET
    box: list[float] | Unset = UNSET
    heat_map: str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        field = self.field

        value = self.value

        picture_index = self.picture_index

        box: list[float] | Unset = UNSET
        if not isinstance(self.box, Unset):
            box = []
            for box_item_data in self.box:
                box_item: float
                box_item = box_item_data
                box.append(box_item)

        heat_map = self.heat_map

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if field is not UNSET:
            field_dict["field"] = field
        if value is not UNSET:
            field_dict["value"] = value
        if picture_index is not UNSET:
            field_dict["picture_index"] = picture_index
        if box is not UNSET:
            field_dict["box"] = box
        if heat_map is not UNSET:
            field_dict["heat_map"] = heat_map

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        field = d.pop("field", UNSET)

        value = d.pop("value", UNSET)

        picture_index = d.pop("picture_index", UNSET)

        _box = d.pop("box", UNSET)
        box: list[float] | Unset = UNSET
        if _box is not UNSET:
            box = []
            for box_item_data in _box:

                def _parse_box_item(data: object) -> float:
                    return cast(float, data)

                box_item = _parse_box_item(box_item_data)

                box.append(box_item)

        heat_map = d.pop("heat_map", UNSET)

        evidence = cls(
            field=field,
            value=value,
            picture_index=picture_index,
            box=box,
            heat_map=heat_map,
        )

        return evidence
