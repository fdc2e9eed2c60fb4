from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.reason import Reason, check_reason

T = TypeVar("T", bound="FailureDocument")


@_attrs_define
class FailureDocument:
    """What could not be used.

    Attributes:
        id (None | str): The item's, where it is known.
        reason (Reason): Why one item, picture or row of a catalogue could not be used. Values are stable.
        place (str): Where it was: `items[3]`, `line 17`, `catalog.csv:17`.
        message (str): A sentence for a person.
        picture (None | str): The picture's name, where one picture failed rather than the row.
    """

    id: None | str
    reason: Reason
    place: str
    message: str
    picture: None | str

    def to_dict(self) -> dict[str, Any]:
        id: None | str
        id = self.id

        reason: str = self.reason

        place = self.place

        message = self.message

        picture: None | str
        picture = self.picture

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "reason": reason,
                "place": place,
                "message": message,
                "picture": picture,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        id = _parse_id(d.pop("id"))

        reason = check_reason(d.pop("reason"))

        place = d.pop("place")

        message = d.pop("message")

        def _parse_picture(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        picture = _parse_picture(d.pop("picture"))

        failure_document = cls(
            id=id,
            reason=reason,
            place=place,
            message=message,
            picture=picture,
        )

        return failure_document
