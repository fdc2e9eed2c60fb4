from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.atom_kind import AtomKind, check_atom_kind
from ..models.atom_subject import AtomSubject, check_atom_subject

T = TypeVar("T", bound="Atom")


@_attrs_define
class Atom:
    """One part of a query, as it may be edited and sent back.

    Attributes:
        kind (AtomKind):
        term (str): The bare words.
        text (str): As a person reads it.
        negated (bool):
        field (None | str):
        value (None | str):
        filter_ (None | str): Of a limit: its filter expression.
        subject (AtomSubject):
        start (int): Where in the query's text it begins, in characters.
        end (int):
    """

    kind: AtomKind
    term: str
    text: str
    negated: bool
    field: None | str
    value: None | str
    filter_: None | str
    subject: AtomSubject
    start: int
    end: int

    def to_dict(self) -> dict[str, Any]:
        kind: str = self.kind

        term = self.term

        text = self.text

        negated = self.negated

        field: None | str
        field = self.field

        value: None | str
        value = self.value

        filter_: None | str
        filter_ = self.filter_

        subject: str = self.subject

        start = self.start

        end = self.end

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "kind": kind,
                "term": term,
                "text": text,
                "negated": negated,
                "field": field,
                "value": value,
                "filter": filter_,
                "subject": subject,
                "start": start,
                "end": end,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        kind = check_atom_kind(d.pop("kind"))

        term = d.pop("term")

        text = d.pop("text")

        negated = d.pop("negated")

        def _parse_field(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        field = _parse_field(d.pop("field"))

        def _parse_value(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        value = _parse_value(d.pop("value"))

        def _parse_filter_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        filter_ = _parse_filter_(d.pop("filter"))

        subject = check_atom_subject(d.pop("subject"))

        start = d.pop("start")

        end = d.pop("end")

        atom = cls(
            kind=kind,
            term=term,
            text=text,
            negated=negated,
            field=field,
            value=value,
            filter_=filter_,
            subject=subject,
            start=start,
            end=end,
        )

        return atom
