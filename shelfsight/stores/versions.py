"""Which of the versions of a collection counts.

A collection is a directory; one that was migrated has others like it in ``versions/``, whole collections by themselves,
and a pointer there that names the one that counts. Publishing the pointer is the switch: whoever opens the collection
before it gets the one version, whoever opens it after it the other, and a crash leaves either. A process that writes to
a version asks the pointer within its write transaction, and the switch happens within one of the version it leaves, so
nothing is written to a version after it stopped counting.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from shelfsight.core.errors import Conflict, CorruptCollection
from shelfsight.stores.faults import storage_faults
from shelfsight.stores.files import publish

__all__ = [
    "MAIN",
    "VERSIONS",
    "Current",
    "SupersededError",
    "Versioned",
    "active",
    "check_active",
    "folder_of",
    "point",
    "pointed",
]

VERSIONS = "versions"
MAIN = "main"
"""The version that lies in the collection's own directory: the first one."""
_POINTER = "current.json"


class SupersededError(Conflict):
    """The version that a store has open counts no longer; the collection is to be opened again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """The version that counts, and the one that counted before it, where that is still there."""

    active: str = MAIN
    previous: str | None = None


@runtime_checkable
class Versioned(Protocol):
    """A store that is a version of a collection in a directory."""

    @property
    def folder(self) -> Path:
        """The version's directory."""
        ...


def pointed(path: Path) -> Current:
    """What the pointer of the collection at ``path`` says; without one, the first version counts.

    Raises:
        CorruptCollection: the pointer makes no sense.
    """
    file = path / VERSIONS / _POINTER
    with storage_faults(path):
        try:
            text = file.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return Current()
    try:
        current = Current(**json.loads(text))
        if not all(_is_name(name) for name in (current.active, current.previous or MAIN)):
            raise ValueError("names")
    except (ValueError, TypeError) as error:
        hint = f'write {{"active": "main", "previous": null}} into it, or the name of a folder in {VERSIONS}/'
        raise CorruptCollection(f"{file} is damaged: {error}", hint=hint) from error
    return current


def point(path: Path, current: Current) -> None:
    """Publish the pointer: atomic, durable on return."""
    text = json.dumps(asdict(current)) + "\n"
    publish(path / VERSIONS / _POINTER, lambda file: file.write(text.encode()))


def folder_of(path: Path, version: str) -> Path:
    """The directory of a version of the collection at ``path``."""
    return path if version == MAIN else path / VERSIONS / version


def active(path: Path) -> Path:
    """The directory of the version that counts.

    Raises:
        CorruptCollection: as :func:`pointed`.
    """
    return folder_of(path, pointed(path).active)


def check_active(path: Path, version: Path) -> None:
    """Refuse to write to a ``version`` that does not count.

    Raises:
        SupersededError: another one does.
    """
    if active(path) != version:
        raise SupersededError(f"the collection {path} was switched to another version meanwhile", hint="open it again")


def _is_name(name: object) -> bool:
    return isinstance(name, str) and name.isalnum()
