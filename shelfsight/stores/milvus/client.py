"""The one place where pymilvus is: a connection, its requests with bounded time, its errors in our words.

Milvus Lite runs inside this process, once a file, and keeps the file locked against other processes; stores of this
process share it, and the last one to close lets go of it.
"""

import fcntl
import importlib
import logging
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shelfsight.core.errors import MissingExtra, NotFound, StoreError, StoreFull
from shelfsight.stores.milvus.place import MilvusPlace, token

__all__ = ["AT_ONCE", "Milvus", "library"]

AT_ONCE = 16_384
"""Rows that Milvus gives for one query or search at most."""

Row = dict[str, Any]
_FULL = ("No space left", "Errno 28", "quota exceeded", "disk quota", "File too large")
_GONE = ("collection not found", "can't find collection", "not found[collection", "does not exist")

_lock = threading.Lock()
_users: dict[str, int] = {}


def library() -> Any:
    """The ``pymilvus`` package.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        package = importlib.import_module("pymilvus")
    except ImportError as error:
        raise MissingExtra("pymilvus", "milvus") from error
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # it prints what it then raises
    return package


class Milvus:
    """A connection to the Milvus of ``place``; safe to share between threads."""

    def __init__(self, directory: Path, place: MilvusPlace) -> None:
        """
        Raises:
            MissingExtra: pymilvus or, for a file, milvus-lite is not installed.
            StoreError: nobody answers, or another process has the file open.
        """
        self.lite = place.lite
        self.level = place.consistency
        self._file = str((directory / place.uri).resolve()) if place.lite else ""
        self._where = self._file or place.uri
        self._timeout = place.timeout_seconds
        package = library()
        self._grpc_error: type[Exception] = importlib.import_module("grpc").RpcError
        self._error: type[Exception] = package.MilvusException
        self._open = True
        with _lock, self._faults():
            if place.lite:
                self._client = package.MilvusClient(_opened(self._file), timeout=self._timeout, dedicated=True)
                _users[self._file] = _users.get(self._file, 0) + 1
            else:
                self._client = package.MilvusClient(
                    place.uri, token=token(), db_name=place.database, timeout=min(self._timeout, 10.0), dedicated=True
                )

    @property
    def server_version(self) -> str:
        with self._faults():
            return str(self._client.get_server_version(timeout=self._timeout))

    def create(self, name: str, schema: Any, indexes: Any) -> None:
        """A collection, with its indexes, loaded."""
        with self._faults():
            self._client.create_collection(name, schema=schema, consistency_level="Strong", timeout=self._timeout)
            if len(indexes):
                self._client.create_index(name, indexes, sync=not self.lite, timeout=self._timeout)
            self._client.load_collection(name, timeout=self._timeout)

    def load(self, name: str) -> None:
        """Make a collection searchable, where it is not."""
        with self._faults():
            self._client.load_collection(name, timeout=max(self._timeout, 300.0))

    def drop(self, name: str) -> None:
        with self._faults():
            self._client.drop_collection(name, timeout=self._timeout)

    def target(self, alias: str) -> str | None:
        """The collection that an alias stands for."""
        with self._faults():
            if alias not in self._client.list_aliases("", timeout=self._timeout).get("aliases", []):
                return None
            return str(self._client.describe_alias(alias, timeout=self._timeout)["collection_name"])

    def point(self, alias: str, name: str, *, new: bool) -> None:
        """Let an alias stand for a collection; one step for whoever uses it."""
        with self._faults():
            change = self._client.create_alias if new else self._client.alter_alias
            change(name, alias, timeout=self._timeout)

    def query(self, name: str, where: str, fields: Sequence[str], *, limit: int = AT_ONCE) -> list[Row]:
        """Rows for which ``where`` holds, in no order, ``limit`` at most."""
        with self._faults():
            found = self._client.query(
                name,
                filter=where,
                output_fields=[*fields],
                limit=limit,
                consistency_level="Strong",
                timeout=self._timeout,
            )
        return [*found]

    def every(self, name: str, where: str, fields: Sequence[str], *, batch: int = 2048) -> Iterator[Row]:
        """All rows for which ``where`` holds, by primary key, a batch a request."""
        with self._faults():
            pages = self._client.query_iterator(
                name,
                batch_size=batch,
                filter=where,
                output_fields=[*fields],
                consistency_level="Strong",
                timeout=self._timeout,
            )
        try:
            while True:
                with self._faults():
                    page = pages.next()
                if not page:
                    return
                yield from page
        finally:
            pages.close()

    def search(
        self, name: str, data: Sequence[Any], field: str, where: str, limit: int, parameters: Mapping[str, Any]
    ) -> list[list[tuple[int, float]]]:
        """(primary key, score) of the best ``limit`` rows for each of ``data``, best first."""
        with self._faults():
            found = self._client.search(
                name,
                data=[*data],
                anns_field=field,
                filter=where,
                limit=limit,
                search_params=dict(parameters),
                consistency_level=self.level,
                timeout=self._timeout,
            )
        return [[(hit["row"], hit["distance"]) for hit in hits] for hits in found]

    def upsert(self, name: str, rows: Sequence[Row]) -> None:
        with self._faults():
            self._client.upsert(name, [*rows], timeout=self._timeout)

    def delete(self, name: str, where: str) -> None:
        with self._faults():
            self._client.delete(name, filter=where, timeout=self._timeout)

    def count(self, name: str, where: str) -> int:
        with self._faults():
            found = self._client.query(
                name,
                filter=where,
                output_fields=["count(*)"],
                consistency_level="Strong",
                timeout=self._timeout,
            )
        return int(found[0]["count(*)"])

    def sync(self, name: str) -> None:
        """What was written survives the machine: a server's log does that, Lite's is left to the operating system."""
        if self.lite:
            with self._faults():
                for file in Path(self._file).glob(f"collections/{name}/wal/*.arrow"):
                    _fsync(file)

    def close(self) -> None:
        """Let go. Closing twice is once."""
        with _lock:
            if not self._open:
                return
            self._open = False
            self._client.close()
            if self.lite:
                _users[self._file] -= 1
                if not _users[self._file]:
                    del _users[self._file]
                    _servers().release_server(self._file)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        if not self._open:
            raise StoreError(f"the connection to Milvus at {self._where} is closed")
        try:
            yield
        except (self._error, self._grpc_error, ConnectionError, TimeoutError, OSError) as error:
            raise self._said(error) from error
        except (ValueError, RuntimeError) as error:  # of a client that another thread closes meanwhile
            raise StoreError(f"Milvus at {self._where}: {error}", hint="open the collection again") from error

    def _said(self, error: Exception) -> StoreError | NotFound:
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
            f"Milvus at {self._where} does not do it: {message}",
            hint="check that it runs and can be reached, and that SHELFSIGHT_MILVUS_TOKEN is right where it asks for one",
        )


def _servers() -> Any:
    return importlib.import_module("milvus_lite.server_manager").server_manager_instance


def _opened(file: str) -> str:
    """The address of Milvus Lite at work on ``file``."""
    try:
        importlib.import_module("milvus_lite")
    except ImportError as error:
        raise MissingExtra("milvus-lite", "milvus") from error
    if file not in _users and _held(Path(file) / "LOCK"):
        raise StoreError(
            f"{file} is open in another process, and Milvus Lite serves one at a time",
            hint="end the other process, or run a Milvus server (see docker/README.md) for several",
        )
    address = _servers().start_and_get_uri(file)
    if address is None:
        raise StoreError(f"Milvus Lite cannot open {file}", hint="restore it, or index the catalogue again")
    return str(address)


def _held(lock: Path) -> bool:
    if not lock.exists():
        return False
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _fsync(file: Path) -> None:
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except FileNotFoundError:  # it has just become a segment
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
