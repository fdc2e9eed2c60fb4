"""The journal of a tenant: its commits, what they deleted, locks, and bytes too large for a row.

A commit is in when its entry is; the entry is one insert, and the last thing that a commit writes.
"""

import base64
import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from shelfsight.core.errors import CorruptCollection
from shelfsight.stores.milvus.client import AT_ONCE, Milvus
from shelfsight.stores.milvus.schema import LONGEST_TEXT

__all__ = ["Commit", "Journal", "News"]

_NOTHING = [1.0, 0.0]
_SUPERSEDED = "superseded"
_PART = 45_000  # bytes; 60,000 characters as base64


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What a commit's entry says.

    Attributes:
        generation: its number; the first is 1, none is left out.
        next: the number that the next commit's first row gets: rows from there on are nobody's.
        deleted: entries that list ids it deleted.
        time: when, in seconds since 1970.
        rows: the Milvus collection that its rows are in.
    """

    generation: int
    next: int
    deleted: int
    time: float
    rows: str


@dataclass(frozen=True, slots=True)
class News:
    """What a journal says that was not known.

    Attributes:
        superseded: name of the Milvus collection that counts in place of this one, and the generation that began with.
    """

    commits: list[Commit]
    superseded: tuple[str, int] | None = None


class Journal:
    """Entries of ``tenant`` in the collection (or behind the alias) ``name``."""

    def __init__(self, milvus: Milvus, name: str, tenant: str) -> None:
        self._milvus = milvus
        self._name = name
        self._tenant = tenant

    @property
    def tenant(self) -> str:
        return self._tenant

    @property
    def name(self) -> str:
        """Of its Milvus collection, or the alias by which that is reached."""
        return self._name

    def of_all(self) -> "Journal":
        """Entries that are no tenant's."""
        return Journal(self._milvus, self._name, "-")

    def since(self, generation: int) -> list[Commit]:
        """Commits after ``generation``, in order."""
        return self.news(generation).commits

    def news(self, generation: int) -> News:
        """Commits after ``generation``, in order, and whether another collection counts by now."""
        newer = f'(kind == "commit" and number > {generation})'
        where = f'tenant == "{self._tenant}" and ({newer} or kind == "{_SUPERSEDED}")'
        fields = ["kind", "number", "data"]
        found = self._milvus.query(self._name, where, fields)
        if len(found) >= AT_ONCE:
            found = [*self._milvus.every(self._name, where, ["key", *fields])]
        found.sort(key=lambda row: int(row["number"]))
        commits = [Commit(**json.loads(row["data"])) for row in found if row["kind"] == "commit"]
        notes = [json.loads(row["data"]) for row in found if row["kind"] == _SUPERSEDED]
        return News(commits, (notes[0]["rows"], notes[0]["generation"]) if notes else None)

    def supersede(self, rows: str, generation: int) -> None:
        """From now on the Milvus collection ``rows`` counts, whose state is ``generation``."""
        self.write_note(_SUPERSEDED, {"rows": rows, "generation": generation})
        self._milvus.sync(self._name)

    def withdraw(self) -> None:
        """This collection counts again."""
        self.drop_note(_SUPERSEDED)
        self._milvus.sync(self._name)

    def clear(self) -> None:
        """Drop commits, and bytes; who the tenant is and what superseded the collection stays."""
        self.forget(2**62)
        self._milvus.delete(self._name, self._where("blob"))

    def deleted(self, commits: Iterable[Commit]) -> dict[str, int]:
        """id -> the last of ``commits`` that deleted it."""
        parts = [(commit.generation, part) for commit in commits for part in range(commit.deleted)]
        keys = {self._key("deleted", f"{generation}/{part}"): generation for generation, part in parts}
        texts = self._texts([*keys])
        missing = keys.keys() - texts.keys()
        if missing:
            raise CorruptCollection(f"the journal entry {min(missing)} is missing", hint="restore the collection")
        return {id: keys[key] for key in sorted(keys, key=lambda key: keys[key]) for id in json.loads(texts[key])}

    def write_deleted(self, generation: int, ids: Sequence[str]) -> int:
        """List what a commit deletes; returns the number of entries."""
        parts = [*_parts(ids)]
        rows = [
            self._entry("deleted", f"{generation}/{part}", generation, json.dumps(ids))
            for part, ids in enumerate(parts)
        ]
        self._upsert(rows)
        return len(parts)

    def commit(self, commit: Commit) -> None:
        """From now on it is in."""
        text = json.dumps(asdict(commit))
        self._milvus.sync(self._name)
        self._upsert([self._entry("commit", f"{commit.generation:016d}", commit.generation, text)])
        self._milvus.sync(self._name)

    def forget(self, generation: int) -> None:
        """Entries of commits up to ``generation``."""
        self._milvus.delete(self._name, self._where("commit", f"number <= {generation}"))
        self._milvus.delete(self._name, self._where("deleted", f"number <= {generation}"))

    def write_blobs(self, blobs: Mapping[str, bytes]) -> None:
        """Keep bytes by their :meth:`digest`."""
        for digest, data in blobs.items():
            text = base64.b64encode(data).decode()
            size = _PART * 4 // 3
            parts = [text[start : start + size] for start in range(0, max(len(text), 1), size)]
            entries = [self._entry("blob", f"{digest}/{i}", len(parts), part) for i, part in enumerate(parts)]
            for start in range(0, len(entries), 64):
                self._upsert(entries[start : start + 64])

    def blob(self, name: str) -> bytes:
        """What :meth:`digest` named so.

        Raises:
            CorruptCollection: it is not there whole.
        """
        digest, parts = name.split(".")
        keys = [self._key("blob", f"{digest}.{parts}/{i}") for i in range(int(parts))]
        texts = self._texts(keys)
        if len(texts) != len(keys):
            raise CorruptCollection(f"bytes {name} are missing in Milvus", hint="index the catalogue again")
        return base64.b64decode("".join(texts[key] for key in keys))

    @staticmethod
    def digest(data: bytes) -> str:
        """The name of some bytes, which says how many parts they take."""
        return f"{hashlib.sha256(data).hexdigest()}.{max(1, -(-len(data) // _PART))}"

    def blob_names(self) -> set[str]:
        rows = self._milvus.every(self._name, self._where("blob"), ["key"])
        return {row["key"].split("/")[2] for row in rows}

    def drop_blobs(self, names: Iterable[str]) -> None:
        keys = [self._key("blob", f"{name}/{i}") for name in names for i in range(int(name.split(".")[1]))]
        for start in range(0, len(keys), 256):
            self._milvus.delete(self._name, f"key in {json.dumps(keys[start : start + 256])}")

    def note(self, kind: str) -> dict[str, Any] | None:
        """The one entry of this kind."""
        text = self._texts([self._key(kind, "")]).get(self._key(kind, ""))
        return None if text is None else json.loads(text)

    def write_note(self, kind: str, content: Mapping[str, Any]) -> None:
        self._upsert([self._entry(kind, "", 0, json.dumps(content))])

    def drop_note(self, kind: str) -> None:
        self._milvus.delete(self._name, f"key in {json.dumps([self._key(kind, '')])}")

    def others(self, kind: str) -> list[dict[str, Any]]:
        """Entries of this kind of all tenants."""
        return [json.loads(row["data"]) for row in self._milvus.query(self._name, f'kind == "{kind}"', ["data"])]

    def _where(self, kind: str, more: str = "") -> str:
        own = f'tenant == "{self._tenant}" and kind == "{kind}"'
        return f"{own} and {more}" if more else own

    def _key(self, kind: str, rest: str) -> str:
        return f"{self._tenant}/{kind}/{rest}"

    def _entry(self, kind: str, rest: str, number: int, data: str) -> dict[str, Any]:
        names = {"key": self._key(kind, rest), "tenant": self._tenant, "kind": kind, "number": number}
        return {**names, "data": data, "nothing": _NOTHING}

    def _texts(self, keys: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for start in range(0, len(keys), 64):
            where = f"key in {json.dumps(keys[start : start + 64])}"
            found.update({row["key"]: row["data"] for row in self._milvus.query(self._name, where, ["key", "data"])})
        return found

    def _upsert(self, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            self._milvus.upsert(self._name, rows)


def now() -> float:
    """The clock that commits and locks go by."""
    return time.time()


def _parts(ids: Sequence[str]) -> Iterator[list[str]]:
    """``ids`` in lists whose JSON takes one entry each."""
    part: list[str] = []
    size = 0
    for id in ids:
        length = len(json.dumps(id)) + 2
        if part and size + length > LONGEST_TEXT:
            yield part
            part, size = [], 0
        part.append(id)
        size += length
    if part:
        yield part
