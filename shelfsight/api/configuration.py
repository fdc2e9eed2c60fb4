"""Settings from their four places: the defaults, a file, the environment, and a command's own options.

What comes later in that order counts. The file is TOML, a table a group::

    [server]
    port = 9000
    origins = ["https://shop.example"]

In the environment the same is ``SHELFSIGHT_SERVER__PORT=9000``; a variable that is empty says nothing, or of a list
that there is nothing in it. A name that nobody knows is an error, wherever it stands.
"""

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from shelfsight.core.errors import NotFound, UsageError
from shelfsight.core.settings import Settings

__all__ = ["DEFAULT", "FILE", "OTHERS", "PREFIX", "Configuration", "load", "names"]

FILE = "shelfsight.toml"
"""Read from the working directory, unless another file is named."""
PREFIX = "SHELFSIGHT_"
DEFAULT = "default"
OTHERS: Mapping[str, bool] = {
    "SHELFSIGHT_CACHE": False,
    "SHELFSIGHT_CONFIG": False,
    "SHELFSIGHT_DATA": False,
    "SHELFSIGHT_MILVUS_BULK_KEY": True,
    "SHELFSIGHT_MILVUS_TOKEN": True,
    "SHELFSIGHT_RUNTIME": False,
    "SHELFSIGHT_VLM_API_KEY": True,
    "SHELFSIGHT_VLM_CONCURRENCY": False,
    "SHELFSIGHT_VLM_SECONDS": False,
}
"""Variables that are no settings, and whether they are secret."""
_OF_KUBERNETES = re.compile(
    r"SHELFSIGHT_([A-Z0-9]+_)*"
    r"(SERVICE_HOST=|SERVICE_PORT(_[A-Z0-9]+)*=|PORT(_\d+_[A-Z]+)?=[a-z]+://|PORT_\d+_[A-Z]+_(PROTO|PORT|ADDR)=)"
)
"""What Kubernetes puts into the environment, as NAME=VALUE, for services called shelfsight or shelfsight-SOMETHING."""
_TABLE = re.compile(r"\s*\[\s*([\w.-]+)\s*\]")
_KEY = re.compile(r"\s*([\w.-]+)\s*=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Settings, and where each comes from.

    Attributes:
        file: that was read, if one was.
        sources: name (``server.port``) -> where it was said: ``shelfsight.toml:2``, a variable, an option. Names that
            are not among them have their defaults.
    """

    settings: Settings
    file: Path | None
    sources: Mapping[str, str]

    def source(self, name: str) -> str:
        return self.sources.get(name, DEFAULT)

    def value(self, name: str) -> Any:
        group, _, field = name.partition(".")
        return getattr(getattr(self.settings, group), field)


def names() -> dict[str, FieldInfo]:
    """Every setting by its name, ``server.port``."""
    return {
        f"{group}.{name}": field
        for group, about in Settings.model_fields.items()
        for name, field in _group(about).model_fields.items()
    }


def load(
    file: Path | None = None,
    *,
    assigned: Mapping[str, str] | None = None,
    options: Mapping[str, tuple[str, Any]] | None = None,
) -> Configuration:
    """The settings that count here.

    Args:
        file: the one to read; where left out, that of ``SHELFSIGHT_CONFIG``, else ``shelfsight.toml`` if there is one.
        assigned: name -> value as text, of ``--set``.
        options: name -> (the option that says it, its value); ``None`` and an empty tuple say nothing.

    Raises:
        NotFound: the file that was named is not there.
        UsageError: a name is not known, or a value is wrong; says which, and where it stands.
    """
    said: dict[str, tuple[str, Any]] = {}
    path = _file(file)
    if path is not None:
        said |= _of_file(path)
    said |= _of_environment()
    said |= _of_assigned(assigned or {})
    said |= {name: each for name, each in (options or {}).items() if each[1] not in (None, ())}
    return Configuration(
        settings=_validated(said), file=path, sources={name: source for name, (source, _) in said.items()}
    )


def _file(named: Path | None) -> Path | None:
    variable = os.environ.get("SHELFSIGHT_CONFIG")
    path = named or (Path(variable) if variable else Path(FILE))
    if path.is_file():
        return path
    if named or variable:
        raise NotFound(f"there is no file of settings {path}", hint="see --config and SHELFSIGHT_CONFIG")
    return None


def _of_file(path: Path) -> dict[str, tuple[str, Any]]:
    """name -> (place, value)."""
    try:
        text = path.read_text("utf-8")
        found = tomllib.loads(text)
    except (OSError, ValueError) as error:  # bad UTF-8 and bad TOML are ValueErrors
        raise UsageError(f"{path} cannot be read as TOML: {error}") from error
    lines, known = _lines(text), names()
    said: dict[str, tuple[str, Any]] = {}
    for name, value in _flat(found):
        place = f"{path}:{lines.get(name) or lines.get(name.partition('.')[0], 1)}"
        _check_known(name, place)
        said[name] = (place, _beside(path, value) if _is_path(known[name]) else value)
    return said


def _flat(tables: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """(name, value) pairs of a file."""
    for group, values in tables.items():
        if isinstance(values, dict):
            yield from ((f"{group}.{name}", value) for name, value in values.items())
        else:
            yield group, values


def _lines(text: str) -> dict[str, int]:
    """Name of a table or key -> the line where it stands."""
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _TABLE.match(line):
            table = match[1]
            found.setdefault(table, number)
        elif match := _KEY.match(line):
            found.setdefault(f"{table}.{match[1]}" if table else match[1], number)
    return found


def _of_environment() -> dict[str, tuple[str, Any]]:
    """name -> (variable, value)."""
    variables = {}
    for variable in sorted(os.environ):
        if not variable.startswith(PREFIX) or variable in OTHERS:
            continue
        if _OF_KUBERNETES.match(f"{variable}={os.environ[variable]}"):
            continue
        name = variable.removeprefix(PREFIX).lower().replace("__", ".", 1)
        _check_known(name, f"variable {variable}")
        variables[name] = variable
    known = names()
    read = {name: (variable, _read(known[name], os.environ[variable])) for name, variable in variables.items()}
    return {name: said for name, said in read.items() if said[1] != ""}


def _of_assigned(assigned: Mapping[str, str]) -> dict[str, tuple[str, Any]]:
    """name -> (option, value)."""
    known = names()
    for name in assigned:
        _check_known(name, "--set")
    return {name: ("--set", _read(known[name], value)) for name, value in assigned.items()}


def _read(field: FieldInfo, text: str) -> Any:
    """A value that stands as text in the environment or on the command line; lists are JSON, or words with commas."""
    if get_origin(field.annotation) is not tuple:
        return text
    try:
        return json.loads(text) if text.lstrip().startswith("[") else _words(text)
    except ValueError:
        return text


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _check_known(name: str, place: str) -> None:
    known = names()
    if name in known:
        return
    near = get_close_matches(name, known, n=1)
    hint = f"is it {near[0]}? " if near else ""
    raise UsageError(f"{place}: there is no setting {name!r}", hint=f"{hint}`shelfsight config` shows them all")


def _validated(said: Mapping[str, tuple[str, Any]]) -> Settings:
    groups: dict[str, dict[str, Any]] = {}
    for name, (_, value) in said.items():
        group, _, field = name.partition(".")
        groups.setdefault(group, {})[field] = value
    try:
        return Settings.model_validate(groups)
    except ValidationError as error:
        fault = error.errors()[0]
        name = ".".join(str(part) for part in fault["loc"][:2])
        place = said[name][0] if name in said else name
        raise UsageError(f"{place}: {name} is wrong: {fault['msg']}", hint=f"{name}: {_about(name)}") from error


def _about(name: str) -> str:
    field = names().get(name)
    return "unknown" if field is None or field.description is None else field.description


def _group(field: FieldInfo) -> type[BaseModel]:
    annotation = field.annotation
    assert isinstance(annotation, type)
    assert issubclass(annotation, BaseModel)
    return annotation


def _is_path(field: FieldInfo) -> bool:
    return field.annotation is Path or Path in get_args(field.annotation)


def _beside(file: Path, value: Any) -> Any:
    """Paths in a file are relative to it."""
    if isinstance(value, list):
        return [_beside(file, each) for each in value]
    return file.parent / value if isinstance(value, str) else value
