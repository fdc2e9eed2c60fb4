"""Requests to Milvus: with bounded time, and errors in our words."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shelfsight.core.errors import StoreError, StoreFull
from shelfsight.stores.milvus.connection import Connection, compacted, connected, library, serves
from shelfsight.stores.milvus.indexing import Index, described
from shelfsight.stores.milvus.place import TOKEN, MilvusPlace

__all__ = ["AT_ONCE", "Milvus"]

AT_ONCE = 16_384
"""Rows that Milvus gives for one query or search at most."""

Row = dict[str, Any]
_FULL = ("No space left", "Errno 28", "quota exceeded", "disk quota", "File too large", "Errno 27")
_GONE = ("collection not found", "can't find collection", "not found[collection", "does not exist")
_NOT_LOADED = ("not loaded", "is in state 'released'", "is in state 'loading'", "not fully loaded")
_LONG = 300.0  # seconds to load a collection, or to turn a long log into a file
_BUILDING = 3600.0  # seconds to build an index
_PAUSE = 0.2
_READS = (
    "has_collection",
    "describe_collection",
    "get_collection_stats",
    "refresh_load",
    "query",
    "query_iterator",
    "search",
    "list_indexes",
    "describe_index",
    "list_aliases",
    "describe_alias",
)
"""Requests that change nothing."""

_WAITS = (*_READS, "delete")
"""Requests that a collection has to be loaded for."""


class Milvus:
    """The Milvus of ``place``; safe to share between threads."""

    def __init__(self, directory: Path, place: MilvusPlace) -> None:
        """
        Raises:
            MissingExtra: pymilvus or, for a file, milvus-lite is not installed.
            StoreError: nobody answers.
        """
        self.lite = place.lite
        self._timeout = place.timeout_seconds
        self._file = place.file(directory)
        self._where = str(self._file) if place.lite else place.uri
        with self._faults():
            self._connection: Connection = connected(self._file, place)

    def create(self, name: str, schema: Any, indexes: Any) -> None:
        """A collection, with its indexes, loaded."""
        self._do("create_collection", name, schema=schema, consistency_level="Strong")
        if len(indexes):
            self._do("create_index", name, indexes, sync=False)  # there is nothing to wait for yet
        self.load(name)

    def load(self, name: str) -> None:
        """Make a collection searchable, where it is not."""
        self._do("load_collection", name, timeout=max(self._timeout, _LONG))

    def has(self, name: str) -> bool:
        """Whether there is such a collection, or alias."""
        return bool(self._do("has_collection", name))

    def drop(self, name: str) -> None:
        self._do("drop_collection", name)

    def fields(self, name: str) -> set[str]:
        """Names of the declared fields."""
        return {field["name"] for field in self._do("describe_collection", name)["fields"]}

    def schema(self, name: str) -> Any:
        """A ``pymilvus.CollectionSchema``."""
        return library().CollectionSchema.construct_from_dict(self._do("describe_collection", name))

    def refresh(self, name: str) -> None:
        """Begin to load what was imported into a collection that is loaded."""
        self._do("refresh_load", name, _async=True)

    def indexes(self, name: str) -> dict[str, str]:
        """field -> type of its index."""
        found = {}
        for index in self._do("list_indexes", name):
            about = self._do("describe_index", name, index)
            found[about["field_name"]] = about["index_type"]
        return found

    def index(self, name: str, field: str) -> Index | None:
        """That of a field; ``None`` where it has none."""
        if field not in self._do("list_indexes", name):
            return None
        return described(self._do("describe_index", name, field))

    def size(self, name: str) -> int:
        """Rows that were ever written and not compacted away; known of what is not loaded, too."""
        return int(self._do("get_collection_stats", name)["row_count"])

    def rebuild(self, name: str, field: str, indexes: Any) -> None:
        """Another index of a field, in place of the one that it has, if any. Milvus searches in nothing that has none
        (https://milvus.io/docs/index-explained.md), so whoever searches meanwhile waits."""
        self._do("release_collection", name, timeout=_LONG)
        if self.index(name, field) is not None:
            self._do("drop_index", name, field, timeout=_LONG)
        self._do("create_index", name, indexes, timeout=_BUILDING, sync=not self.lite)
        self.load(name)

    def target(self, alias: str) -> str | None:
        """The collection that an alias stands for."""
        if alias not in self._do("list_aliases", "").get("aliases", []):
            return None
        return str(self._do("describe_alias", alias)["collection_name"])

    def point(self, alias: str, name: str, *, new: bool) -> None:
        """Let an alias stand for a collection; one step for whoever uses it."""
        self._do("create_alias" if new else "alter_alias", name, alias)

    def query(
        self, name: str, where: str, fields: Sequence[str], *, limit: int = AT_ONCE, level: str = "Strong"
    ) -> list[Row]:
        """Rows for which ``where`` holds, in no order, ``limit`` at most."""
        wanted: Row = {"filter": where, "output_fields": [*fields], "limit": limit}
        return [*self._do("query", name, consistency_level=level, **wanted)]

    def every(self, name: str, where: str, fields: Sequence[str], *, batch: int = 2048) -> Iterator[Row]:
        """All rows for which ``where`` holds, by primary key, a batch a request."""
        wanted: Row = {"filter": where, "output_fields": [*fields], "batch_size": batch}
        pages = self._do("query_iterator", name, consistency_level="Strong", **wanted)
        try:
            while True:
                with self._faults(), self._connection.turn(alone=False):
                    page = pages.next()
                if not page:
                    return
                yield from page
        finally:
            pages.close()

    def search(
        self,
        name: str,
        data: Sequence[Any],
        field: str,
        where: str,
        limit: int,
        parameters: Mapping[str, Any],
        *,
        level: str = "Strong",
    ) -> list[list[tuple[int, float]]]:
        """(primary key, score) of the best ``limit`` rows for each of ``data``, best first."""
        wanted: Row = {"data": [*data], "anns_field": field, "filter": where, "limit": limit}
        found = self._do("search", name, search_params=dict(parameters), consistency_level=level, **wanted)
        return [[(hit["row"], hit["distance"]) for hit in hits] for hits in found]

    def upsert(self, name: str, rows: Sequence[Row]) -> None:
        self._write("upsert", name, [*rows])

    def delete(self, name: str, where: str) -> None:
        self._write("delete", name, filter=where)

    def count(self, name: str, where: str, *, level: str = "Strong") -> int:
        found = self._do("query", name, filter=where, output_fields=["count(*)"], consistency_level=level)
        return int(found[0]["count(*)"])

    def seal(self, name: str) -> None:
        """Let Lite turn its log, which it searches slowly, into files. A server does that by itself."""
        if self.lite:
            self._do("flush", name, timeout=max(self._timeout, _LONG))

    def compact(self, name: str) -> None:
        """Ask a server to write its segments anew without deleted rows; it does so behind its back.

        Raises:
            StoreError: it does not know the request.
        """
        self._do("flush", name, timeout=max(self._timeout, _LONG))
        self._do("compact", name)

    def compact_file(self, name: str) -> bool:
        """Write the files of Lite anew without deleted rows; ``False`` where that is not possible from here."""
        self._do("flush", name, timeout=max(self._timeout, _LONG))
        with self._faults(), self._connection.turn(alone=True):
            return compacted(self._file, name)

    @property
    def serving(self) -> bool:
        """Whether a file of Lite is open in this process."""
        return serves(self._file)

    def sync(self, name: str) -> None:
        """What was written survives the machine: a server's log does that, Lite's is left to the operating system."""
        if self.lite:
            with self._faults():
                for file in self._file.glob(f"collections/{name}/wal/*.arrow"):
                    _fsync(file)

    def close(self) -> None:
        """Let go. Closing twice is once."""
        self._connection.close()

    def _write(self, request: str, *arguments: Any, **named: Any) -> None:
        """Lite goes on writing behind a half written entry of its log, and would lose what follows it."""
        try:
            self._do(request, *arguments, **named)
        except StoreFull:
            self._connection.renew()
            raise

    def _do(self, request: str, *arguments: Any, timeout: float | None = None, **named: Any) -> Any:
        """A request; one for which the collection has to be loaded waits until it is: an index is being built."""
        give_up = time.monotonic() + _LONG
        while True:
            try:
                return self._ask(request, *arguments, timeout=timeout, **named)
            except StoreError as error:
                waits = request in _WAITS and any(sign in str(error) for sign in _NOT_LOADED)
                if not waits or time.monotonic() > give_up:
                    raise
            time.sleep(_PAUSE)

    def _ask(self, request: str, *arguments: Any, timeout: float | None, **named: Any) -> Any:
        with self._faults(), self._connection.turn(alone=request not in _READS):
            client = self._connection.client
            return getattr(client, request)(*arguments, timeout=timeout or self._timeout, **named)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if type(error).__module__.startswith("shelfsight."):
                raise
            raise self._said(error) from error

    def _said(self, error: Exception) -> StoreError:
        text = str(getattr(error, "message", "") or error).strip().splitlines()
        message = text[0] if text else type(error).__name__
        if any(sign in str(error) for sign in _FULL):
            return StoreFull(
                f"no space left for Milvus at {self._where}",
                hint="free some space and run again: what was committed is still there",
            )
        if any(sign in str(error) for sign in _GONE):
            return StoreError(
                f"Milvus at {self._where} has no such collection any more: {message}",
                hint="restore it, or index the catalogue again into a new collection",
            )
        return StoreError(
            f"Milvus at {self._where}: {message}",
            hint=f"check that it runs and can be reached, and that {TOKEN} is right where it asks for one",
        )


def _fsync(file: Path) -> None:
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except FileNotFoundError:  # it has just become a segment
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
