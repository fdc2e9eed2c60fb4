from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.atom_document_kind import AtomDocumentKind, check_atom_document_kind
from ..models.atom_document_subject_type_0 import (
    AtomDocumentSubjectType0,
    check_atom_document_subject_type_0,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="AtomDocument")


@_attrs_define
class AtomDocument:
    """One part of a query.

    Attributes:
        kind (AtomDocumentKind): What it is, how it looks, how many, a bound on a field, a thing seen on it.
        term (str): The bare words: `leather` for `not leather`.
        text (None | str | Unset): As a person reads it. Not read: `term` and `negated` say it.
        negated (bool | Unset): Whether hits must not have it. Default: False.
        field (None | str | Unset): The field that speaks of it.
        value (None | str | Unset): That field's value.
        filter_ (None | str | Unset): Of a limit: its filter expression.
        subject (AtomDocumentSubjectType0 | None | Unset): How a model is asked; by `kind` where left out.
        start (int | Unset): Where in the query's text it begins, in characters. Default: 0.
        end (int | Unset): Where it ends. Default: 0.
    """

    kind: AtomDocumentKind
    term: str
    text: None | str | Unset = UNSET
    negated: bool | Unset = False
    field: None | str | Unset = UNSET
    value: None | str | Unset = UNSET
    filter_: None | str | Unset = UNSET
    subject: AtomDocumentSubjectType0 | None | Unset = UNSET
    start: int | Unset = 0
    end: int | Unset = 0

    def to_dict(self) -> dict[str, Any]:
        kind: str = self.kind

        term = self.term

        text: None | str | Unset
        if isinstance(self.text, Unset):
            text = UNSET
        else:
            text = self.text

        negated = self.negated

        field: None | str | Unset
        if isinstance(self.field, Unset):
            field = UNSET
        else:
            field = self.field

        value: None | str | Unset
        if isinstance(self.value, Unset):
            value = UNSET
        else:
            value = self.value

        filter_: None | str | Unset
        if isinstance(self.filter_, Unset):
            filter_ = UNSET
        else:
            filter_ = self.filter_

        subject: None | str | Unset
        if isinstance(self.subject, Unset):
            subject = UNSET
        elif isinstance(self.subject, str):
            subject = self.subject
        else:
            subject = self.subject

        start = self.start

        end = self.end

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "kind": kind,
                "term": term,
            }
        )
        if text is not UNSET:
            field_dict["text"] = text
        if negated is not UNSET:
            field_dict["negated"] = negated
        if field is not UNSET:
            field_dict["field"] = field
        if value is not UNSET:
            field_dict["value"] = value
        if filter_ is not UNSET:
            field_dict["filter"] = filter_
        if subject is not UNSET:
            field_dict["subject"] = subject
        if start is not UNSET:
            field_dict["start"] = start
        if end is not UNSET:
            field_dict["end"] = end

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        kind = check_atom_document_kind(d.pop("kind"))

        term = d.pop("term")

        def _parse_text(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        text = _parse_text(d.pop("text", UNSET))

        negated = d.pop("negated", UNSET)

        def _parse_field(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        field = _parse_field(d.pop("field", UNSET))

        def _parse_value(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        value = _parse_value(d.pop("value", UNSET))

        def _parse_filter_(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        filter_ = _parse_filter_(d.pop("filter", UNSET))

        def _parse_subject(data: object) -> AtomDocumentSubjectType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                subject_type_0 = check_atom_document_subject_type_0(data)

                return subject_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AtomDocumentSubjectType0 | None | Unset, data)

        subject = _parse_subject(d.pop("subject", UNSET))

        start = d.pop("start", UNSET)

        end = d.pop("end", UNSET)

        atom_document = cls(
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

        return atom_document
