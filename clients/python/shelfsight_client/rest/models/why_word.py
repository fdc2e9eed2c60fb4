from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="WhyWord")


@_attrs_define
class WhyWord:
    """A word of the query.

    Attributes:
        word (str):
        found (bool): Whether the item's title or fields have it.
    """

    word: str
    found: bool

    def to_dict(self) -> dict[str, Any]:
        word = self.word

        found = self.found

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "word": word,
                "found": found,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        word = d.pop("word")

        found = d.pop("found")

        why_word = cls(
            word=word,
            found=found,
        )

        return why_word
