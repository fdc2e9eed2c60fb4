"""The one place where pymilvus is: a client of a server, or of Milvus Lite.

Milvus Lite runs inside the process that opens its file first, and locks the file. It speaks to its own process by a
port of this machine, and so it can to others: whoever comes later asks at the address that the first one left beside
the file. When the first one is gone, the next request of whoever notices opens the file.
"""

import fcntl
import importlib
import logging
import os
import threading
import time
from pathlib import Path
from typing import Any, Protocol

from shelfsight.core.errors import MissingExtra, StoreError
from shelfsight.stores.files import publish
from shelfsight.stores.milvus.place import MilvusPlace, token

__all__ = ["Connection", "connected", "library"]

_PATIENCE = 10.0  # seconds that somebody else may take to open the file
_PAUSE = 0.05


class Connection(Protocol):
    """A way to Milvus."""

    @property
    def client(self) -> Any:
        """A ``pymilvus.MilvusClient``.

        Raises:
            StoreError: it is closed.
        """
        ...

    def close(self) -> None: ...


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


def connected(file: Path, place: MilvusPlace) -> Connection:
    """A connection to ``place``, whose file it is if it is one."""
    return _Lite(file, place) if place.lite else _Server(place)


class _Server:
    def __init__(self, place: MilvusPlace) -> None:
        timeout = min(place.timeout_seconds, 10.0)
        self._client = library().MilvusClient(
            place.uri, token=token(), db_name=place.database, timeout=timeout, dedicated=True
        )
        self._open = True
        self._name = place.uri

    @property
    def client(self) -> Any:
        if not self._open:
            raise StoreError(f"the connection to Milvus at {self._name} is closed")
        return self._client

    def close(self) -> None:
        if self._open:
            self._open = False
            self._client.close()


_lock = threading.RLock()
_users: dict[Path, int] = {}
_locks: dict[Path, int] = {}


class _Lite:
    """A user of a file that this process has open, or another."""

    def __init__(self, file: Path, place: MilvusPlace) -> None:
        self._file = file
        self._timeout = place.timeout_seconds
        self._client: Any = None
        self._serving = False
        self._open = True
        with _lock:
            self._connect()

    @property
    def client(self) -> Any:
        if not self._open:
            raise StoreError(f"the connection to Milvus Lite at {self._file} is closed")
        if not self._serving and not _held(self._file):
            with _lock:
                if not self._serving and not _held(self._file):
                    self._client.close()
                    self._connect()
        return self._client

    def close(self) -> None:
        with _lock:
            if not self._open:
                return
            self._open = False
            self._client.close()
            if self._serving:
                _users[self._file] -= 1
                if not _users[self._file]:
                    _stop(self._file)

    def _connect(self) -> None:
        package = library()
        _lite()
        give_up = time.monotonic() + _PATIENCE
        while True:
            address = _address(self._file)
            self._serving = self._file in _users
            if address is not None and self._attempt(package, address):
                break
            if time.monotonic() > give_up:
                raise StoreError(
                    f"{self._file} is open in another process that does not answer",
                    hint="end that process, or run a Milvus server (docker/README.md says how)",
                )
            time.sleep(_PAUSE)
        if self._serving:
            _users[self._file] += 1

    def _attempt(self, package: Any, address: str) -> bool:
        timeout = self._timeout if self._serving else 1.0
        try:
            self._client = package.MilvusClient(address, timeout=timeout, dedicated=True)
        except package.MilvusException:  # it has just ended
            if self._serving:
                raise
            return False
        return True


def _address(file: Path) -> str | None:
    """Where the file is served: by this process from now on, unless another one does; ``None`` if it does not say."""
    note = file.with_name(f"{file.name}.address")
    servers = importlib.import_module("milvus_lite.server_manager").server_manager_instance
    if file not in _users:
        if _held(file):
            return note.read_text() if note.exists() else None
        address = servers.start_and_get_uri(str(file))
        if address is None:
            if _held(file):  # somebody else was faster
                return None
            raise StoreError(f"Milvus Lite cannot open {file}", hint="restore it, or index the catalogue again")
        publish(note, lambda target: target.write(str(address).encode()))
        _users[file] = 0
        _locks[file] = _descriptor(file / "LOCK")
    return str(servers.start_and_get_uri(str(file)))


def _stop(file: Path) -> None:
    del _users[file]
    del _locks[file]
    file.with_name(f"{file.name}.address").unlink(missing_ok=True)
    importlib.import_module("milvus_lite.server_manager").server_manager_instance.release_server(str(file))


def _lite() -> None:
    try:
        importlib.import_module("milvus_lite")
    except ImportError as error:
        raise MissingExtra("milvus-lite", "milvus") from error


def _held(file: Path) -> bool:
    """Whether a process has the file open."""
    lock = file / "LOCK"
    if not lock.exists():
        return False
    with lock.open("rb") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _descriptor(file: Path) -> int:
    """The one by which this process has ``file`` open."""
    wanted = file.stat()
    for entry in Path("/dev/fd").iterdir():
        try:
            found = os.fstat(int(entry.name))
        except OSError:  # that of the listing
            continue
        if (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino):
            return int(entry.name)
    return -1


def _let_go() -> None:
    """A forked worker would keep the file locked after its parent died."""
    for descriptor in _locks.values():
        if descriptor >= 0:
            os.close(descriptor)
    _locks.clear()
    _users.clear()


os.register_at_fork(after_in_child=_let_go)
