"""Atoms of a query as documents: what a person edits and sends back."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field, ValidationError

from shelfsight.api.sent import Sent
from shelfsight.core.atoms import Atom, AtomKind
from shelfsight.core.errors import UsageError
from shelfsight.core.questions import Subject

__all__ = ["AtomDocument", "atoms_of", "parse_atoms"]

_HINT = 'an atom looks like {"kind": "attribute", "term": "red", "negated": false}'
_SUBJECTS: dict[AtomKind, Subject] = {"kind": "kind", "attribute": "attribute", "count": "count"}


class AtomDocument(Sent):
    """One part of a query."""

    kind: AtomKind = Field(description="What it is, how it looks, how many, a bound on a field, a thing seen on it.")
    term: str = Field(description="The bare words: `leather` for `not leather`.")
    text: str | None = Field(default=None, description="As a person reads it. Not read: `term` and `negated` say it.")
    negated: bool = Field(default=False, description="Whether hits must not have it.")
    field: str | None = Field(default=None, description="The field that speaks of it.")
    value: str | None = Field(default=None, description="That field's value.")
    filter: str | None = Field(default=None, description="Of a limit: its filter expression.")
    subject: Subject | None = Field(default=None, description="How a model is asked; by `kind` where left out.")
    start: int = Field(default=0, ge=0, description="Where in the query's text it begins, in characters.")
    end: int = Field(default=0, ge=0, description="Where it ends.")

    def atom(self) -> Atom:
        """The atom it describes."""
        subject = self.subject or _SUBJECTS.get(self.kind, "other")
        return Atom(**self.model_dump(exclude={"text", "subject"}), subject=subject)


def atoms_of(atoms: Sequence[Atom | Mapping[str, Any]]) -> tuple[Atom, ...]:
    """Atoms, where a program may have sent documents of them.

    Raises:
        UsageError: one is no atom; its place is named. Whether they can be asked is the search's to say.
    """
    if isinstance(atoms, str | bytes | Mapping) or not isinstance(atoms, Sequence):
        raise UsageError("atoms are no list", hint=f"{_HINT}, in a list")
    return tuple(atom if isinstance(atom, Atom) else _read(place, atom) for place, atom in enumerate(atoms))


def parse_atoms(text: str) -> tuple[Atom, ...]:
    """Atoms from JSON text: a list of documents, or what ``/v1/parse`` answers.

    Raises:
        UsageError: it is neither.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the atoms are not JSON: {error}", hint=f"{_HINT}, in a list") from error
    return atoms_of(found["atoms"] if isinstance(found, dict) and set(found) == {"atoms"} else found)


def _read(place: int, document: Any) -> Atom:
    try:
        return AtomDocument.model_validate(document).atom()
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc'])) or 'atom'}: {fault['msg']}" for fault in error.errors())
        raise UsageError(f"atoms.{place}: {'; '.join(faults)}", hint=_HINT) from error
