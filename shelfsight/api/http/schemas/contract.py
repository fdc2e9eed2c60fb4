"""What is said of an operation beside its parameters, which the routes themselves declare."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

__all__ = ["Answer", "Body", "Contract", "Form", "Link"]

Model = type[BaseModel]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A body as a form (``multipart/form-data``).

    Attributes:
        files: field -> description of one file; a list of one description: any number of files.
        text: fields that are JSON as text.
        holds: the one field that says everything, as JSON text; ``None``: the form has the fields of the JSON body.
    """

    files: Mapping[str, str | list[str]]
    text: Sequence[str] = ()
    holds: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What an operation takes.

    Attributes:
        model: of the JSON body.
        examples: summary -> an example of it.
        form: where it may be a form.
        line: of a line, where it may be lines of JSON.
    """

    model: Model
    examples: Mapping[str, Mapping[str, Any]]
    form: Form | None = None
    line: Model | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What may be asked next.

    Attributes:
        operation: its name.
        parameters: its parameters, as runtime expressions of OpenAPI.
    """

    operation: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an operation answers with one status.

    Attributes:
        description: none: that of the model.
        model: of a JSON answer; ``other``: what it may be as well.
        events: name -> model of the data, where it is a stream of server-sent events.
        line: of a line, where it is lines of JSON.
        media: other media types that it may be of; bytes, unless they are of text.
        headers: that come with it, by their component's name.
    """

    description: str = ""
    model: Model | None = None
    other: Model | None = None
    events: Mapping[str, Model] = field(default_factory=dict)
    line: Model | None = None
    media: Sequence[str] = ()
    headers: Sequence[str] = ()
    links: Sequence[Link] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One operation.

    Attributes:
        answers: by status.
        problems: statuses of problem documents beside those that every operation of its kind may answer.
    """

    answers: Mapping[int, Answer]
    body: Body | None = None
    problems: Sequence[int] = ()
