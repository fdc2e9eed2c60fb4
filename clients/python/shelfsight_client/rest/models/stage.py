from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.stage_ended import StageEnded, check_stage_ended

T = TypeVar("T", bound="Stage")


@_attrs_define
class Stage:
    """What one stage behind retrieval did.

    Attributes:
        name (str):
        model (str): Empty where none could be had.
        candidates (int): Hits that it was given.
        scored (int): Of these, looked at.
        moved (int): Hits whose place it changed.
        ended (StageEnded):
        milliseconds (float):
    """

    name: str
    model: str
    candidates: int
    scored: int
    moved: int
    ended: StageEnded
    milliseconds: float

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        model = self.model

        candidates = self.candidates

        scored = self.scored

        moved = self.moved

        ended: str = self.ended

        milliseconds = self.milliseconds

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "model": model,
                "candidates": candidates,
                "scored": scored,
                "moved": moved,
                "ended": ended,
                "milliseconds": milliseconds,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        model = d.pop("model")

        candidates = d.pop("candidates")

        scored = d.pop("scored")

        moved = d.pop("moved")

        ended = check_stage_ended(d.pop("ended"))

        milliseconds = d.pop("milliseconds")

        stage = cls(
            name=name,
            model=model,
            candidates=candidates,
            scored=scored,
            moved=moved,
            ended=ended,
            milliseconds=milliseconds,
        )

        return stage
