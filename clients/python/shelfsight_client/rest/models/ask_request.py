from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.turn_document import TurnDocument


T = TypeVar("T", bound="AskRequest")


@_attrs_define
class AskRequest:
    """A question about a picture.

    Attributes:
        question (str | Unset): Empty asks for a caption. Default: ''.
        turns (list[TurnDocument] | Unset): What was said before.
        picture (int | Unset): Which of the item's pictures, from 0. Default: 0.
        max_tokens (int | Unset): Length of the answer at most. Default: 64.
    """

    question: str | Unset = ""
    turns: list[TurnDocument] | Unset = UNSET
    picture: int | Unset = 0
    max_tokens: int | Unset = 64

    def to_dict(self) -> dict[str, Any]:
        question = self.question

        turns: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.turns, Unset):
            turns = []
            for turns_item_data in self.turns:
                turns_item = turns_item_data.to_dict()
                turns.append(turns_item)

        picture = self.picture

        max_tokens = self.max_tokens

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if question is not UNSET:
            field_dict["question"] = question
        if turns is not UNSET:
            field_dict["turns"] = turns
        if picture is not UNSET:
            field_dict["picture"] = picture
        if max_tokens is not UNSET:
            field_dict["max_tokens"] = max_tokens

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.turn_document import TurnDocument  # noqa: PLC0415

        d = dict(src_dict)
        question = d.pop("question", UNSET)

        _turns = d.pop("turns", UNSET)
        turns: list[TurnDocument] | Unset = UNSET
        if _turns is not UNSET:
            turns = []
            for turns_item_data in _turns:
                turns_item = TurnDocument.from_dict(turns_item_data)

                turns.append(turns_item)

        picture = d.pop("picture", UNSET)

        max_tokens = d.pop("max_tokens", UNSET)

        ask_request = cls(
            question=question,
            turns=turns,
            picture=picture,
            max_tokens=max_tokens,
        )

        return ask_request
