"""Backups of collections, and collections of backups."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shelfsight.core.errors import NotFound

if TYPE_CHECKING:
    from shelfsight.stores.backup import BackupReport

__all__ = ["backup", "backup_document", "restore"]


def backup(path: str | Path, target: str | Path) -> "BackupReport":
    """Copy a collection while others search it and write to it; see :func:`shelfsight.stores.backup.back_up`."""
    from shelfsight.stores.backup import back_up

    return back_up(_checked(path), _checked(target))


def restore(
    source: str | Path,
    path: str | Path,
    *,
    store: str | None = None,
    milvus: Mapping[str, str] | None = None,
) -> "BackupReport":
    """Make a collection of a backup; see :func:`shelfsight.stores.backup.restore`."""
    from shelfsight.stores.backup import restore as fetch

    return fetch(_checked(source), _checked(path), kind=store, place=milvus)


def backup_document(report: "BackupReport") -> dict[str, Any]:
    """The document of ``backup --json`` and ``restore --json``."""
    return {name: getattr(report, name) for name in type(report).__dataclass_fields__}


def _checked(path: str | Path) -> Path:
    if "\0" in str(path):
        raise NotFound(f"no file can be called {str(path)!r}")
    return Path(path)
