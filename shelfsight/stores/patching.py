"""Changing some fields of items where they lie: read, merged and written within one write transaction."""

import json
import sqlite3
from collections.abc import Mapping

from shelfsight.core.errors import UsageError
from shelfsight.core.types import Value
from shelfsight.stores import records

__all__ = ["TITLE", "checked_patches", "patch_items"]

TITLE = "title"
"""The name by which a patch means an item's title."""

Patches = Mapping[str, Mapping[str, Value]]

_NOTHING = b'[null,{},[],"",""]'


def checked_patches(patches: Patches) -> None:
    """Refuse what no item may hold, before a lock is taken.

    Raises:
        UsageError: a title that is no text, or a value that is no JSON.
    """
    for id, fields in patches.items():
        title = fields.get(TITLE)
        if not isinstance(title, str | None):
            raise UsageError(f"the title of item {id!r} cannot be {title!r}", hint="a title is text, or null")
        if not all(isinstance(name, str) and name for name in fields):
            raise UsageError(f"a field of item {id!r} has no name")
        records.patched(id, _NOTHING, title, _metadata(fields))


def patch_items(connection: sqlite3.Connection, generation: int, patches: Patches) -> set[str]:
    """See :meth:`shelfsight.core.protocols.Store.patch`; inside the transaction that makes ``generation``."""
    there = set()
    for id, fields in patches.items():
        if not records.is_text(id):
            continue
        row = connection.execute("SELECT record FROM items WHERE id = ?", (id,)).fetchone()
        if row is None:
            continue
        there.add(id)
        title = fields[TITLE] if TITLE in fields else json.loads(row[0])[0]
        new = records.patched(id, row[0], title, _metadata(fields))  # type: ignore[arg-type]  # checked before
        if new != row[0]:
            connection.execute("UPDATE items SET generation = ?, record = ? WHERE id = ?", (generation, new, id))
    return there


def _metadata(fields: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in fields.items() if name != TITLE}
