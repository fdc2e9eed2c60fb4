from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.stop import Stop, check_stop

T = TypeVar("T", bound="AnswerDocument")


@_attrs_define
class AnswerDocument:
    """What a vision-language model said of a picture.

    Attributes:
        answer (str):
        stop (Stop): Why an answer ends where it ends.
        model (str):
        milliseconds (float):
    """

    answer: str
    stop: Stop
    model: str
    milliseconds: float

    def to_dict(self) -> dict[str, Any]:
        answer = self.answer

        stop: str = self.stop

        model = self.model

        milliseconds = self.milliseconds

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "answer": answer,
                "stop": stop,
                "model": model,
                "milliseconds": milliseconds,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        answer = d.pop("answer")

        stop = check_stop(d.pop("stop"))

        model = d.pop("model")

        milliseconds = d.pop("milliseconds")

        answer_document = cls(
            answer=answer,
            stop=stop,
            model=model,
            milliseconds=milliseconds,
        )

        return answer_document
