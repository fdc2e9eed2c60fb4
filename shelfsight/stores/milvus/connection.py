"""The one place where pymilvus is: a client of a server, or of Milvus Lite.

Milvus Lite runs inside the process that opens its file first, and locks the file. It speaks to its own process by a
port of this machine, and so it can to others: whoever comes later asks at the address that the first one left beside
the file. When the first one is gone, the next request of whoever notices opens the file. Requests take turns
(:mod:`.turns`), and so does whoever closes the file: nobody's request is under way then.
"""

import fcntl
import importlib
import logging
import os
import threading
import time
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any, Protocol

from shelfsight.core.errors import MissingExtra, StoreError
from shelfsight.stores.files import publish
from shelfsight.stores.milvus.place import MilvusPlace, token
from shelfsight.stores.milvus.turns import Turns

__all__ = ["Connection", "bulk_library", "compacted", "connected", "library", "object_store", "serves"]

_PATIENCE = 60.0  # seconds that somebody else may take to open the file, and to read what is in it
_PAUSE = 0.05
_TRIES = 20  # at opening a file that nobody seems to have open: whoever looked may have been in the way
_LONG = 300.0  # seconds to read a collection


class Connection(Protocol):
    """A way to Milvus."""

    @property
    def client(self) -> Any:
        """A ``pymilvus.MilvusClient``.

        Raises:
            StoreError: it is closed.
        """
        ...

    def turn(self, *, alone: bool) -> AbstractContextManager[None]:
        """Held during a request, and taken before :attr:`client` is asked for; ``alone`` by those that write."""
        ...

    def renew(self) -> None:
        """Begin anew, after a write that failed half way."""
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


def bulk_library() -> Any:
    """``pymilvus.bulk_writer``.

    Raises:
        MissingExtra: it, or what it needs, is not installed.
    """
    library()
    root = logging.getLogger()
    level, handlers = root.level, [*root.handlers]
    try:
        package = importlib.import_module("pymilvus.bulk_writer")
    except ImportError as error:
        raise MissingExtra("what pymilvus's bulk writer needs", "milvus-bulk") from error
    finally:  # it sets up the logging of the whole process
        root.setLevel(level)
        root.handlers[:] = handlers
    for name in ("bulk_writer", "pymilvus.bulk_writer"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return package


def object_store() -> Any:
    """The ``minio`` package.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        return importlib.import_module("minio")
    except ImportError as error:
        raise MissingExtra("minio", "milvus-bulk") from error


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

    def turn(self, *, alone: bool) -> AbstractContextManager[None]:  # noqa: ARG002 - it takes requests as they come
        """None: a server does many things at once."""
        return nullcontext()

    def renew(self) -> None:
        """A server looks after itself."""

    def close(self) -> None:
        if self._open:
            self._open = False
            self._client.close()


_lock = threading.RLock()
_users: dict[Path, int] = {}
_addresses: dict[Path, str] = {}
_locks: dict[Path, int] = {}


class _Lite:
    """A user of a file that this process has open, or another."""

    def __init__(self, file: Path, place: MilvusPlace) -> None:
        self._file = file
        self._turns = Turns(file)
        self._timeout = place.timeout_seconds
        self._client: Any = None
        self._address = ""
        self._serving = False
        self._open = True
        with _lock:
            self._connect()

    @property
    def client(self) -> Any:
        if not self._open:
            raise StoreError(f"the connection to Milvus Lite at {self._file} is closed")
        if self._moved():
            with _lock:
                if self._moved():
                    self._client.close()
                    self._connect()
        return self._client

    def turn(self, *, alone: bool) -> AbstractContextManager[None]:
        return self._turns.alone() if alone else self._turns.beside()

    def renew(self) -> None:
        with self.turn(alone=True), _lock:
            if self._serving and self._open:
                del _addresses[self._file]
                _servers().release_server(str(self._file))
                _serve(self._file)

    def close(self) -> None:
        there = self._file.parent.is_dir()  # or it was removed with all that is in it
        with self.turn(alone=True) if there else nullcontext(), _lock:
            if not self._open:
                return
            self._open = False
            self._client.close()
            if self._serving:
                _users[self._file] -= 1
                if not _users[self._file]:
                    _stop(self._file)

    def _moved(self) -> bool:
        """Whether the file is served elsewhere now."""
        if self._serving:
            return _addresses.get(self._file) != self._address
        return _noted(self._file) != self._address or not _held(self._file)

    def _connect(self) -> None:
        package = library()
        _lite()
        give_up = time.monotonic() + _PATIENCE
        served = self._serving
        while not self._attempt(package, _address(self._file)):
            if time.monotonic() > give_up:
                raise StoreError(
                    f"{self._file} is open in another process that does not answer",
                    hint="end that process, or run a Milvus server (docker/README.md says how)",
                )
            time.sleep(_PAUSE)
        if self._serving and not served:
            _users[self._file] += 1

    def _attempt(self, package: Any, address: str) -> bool:
        self._serving = self._file in _addresses
        timeout = self._timeout if self._serving else 1.0
        try:
            if not address:
                return False
            self._client = package.MilvusClient(address, timeout=timeout, dedicated=True)
        except package.MilvusException:  # the other process has just ended
            if self._serving:
                raise
            return False
        self._address = address
        return True


def _servers() -> Any:
    return importlib.import_module("milvus_lite.server_manager").server_manager_instance


def _note(file: Path) -> Path:
    return file.with_name(f"{file.name}.address")


def _noted(file: Path) -> str:
    """The address that the process which serves the file left, if it did."""
    try:
        return _note(file).read_text()
    except OSError:
        return ""


def _address(file: Path) -> str:
    """Where the file is served: by this process from now on, unless another one does; empty if that does not say."""
    if file not in _addresses:
        if _held(file) or not _serve(file):
            return _noted(file)
        _users[file] = 0
    return _addresses[file]


def _serve(file: Path) -> bool:
    """Serve the file; ``False`` where somebody else was faster."""
    address = None
    for _ in range(_TRIES):
        address = _servers().start_and_get_uri(str(file))
        if address is not None:
            break
        if _held(file):
            return False
        time.sleep(_PAUSE)
    if address is None:
        raise StoreError(f"Milvus Lite cannot open {file}", hint="restore it, or index the catalogue again")
    try:
        _read(str(address))
    except BaseException:
        _servers().release_server(str(file))
        raise
    publish(_note(file), lambda target: target.write(str(address).encode()))
    _addresses[file] = str(address)
    _locks[file] = _descriptor(file / "LOCK")
    return True


def _read(address: str) -> None:
    """Open what is in the file, one after the other, before anybody asks: Lite opens a collection twice for two
    requests that come at once, and each of the two then overwrites the other's log."""
    package = library()
    client = package.MilvusClient(address, timeout=_LONG, dedicated=True)
    try:
        for name in client.list_collections(timeout=_LONG):
            with suppress(package.MilvusException):  # it is open, and whoever needs it hears why it cannot be searched
                client.load_collection(name, timeout=_LONG)
    finally:
        client.close()


def _stop(file: Path) -> None:
    del _users[file], _addresses[file], _locks[file]
    _note(file).unlink(missing_ok=True)
    _servers().release_server(str(file))


def serves(file: Path) -> bool:
    """Whether this process has the file of Lite open, and others ask it."""
    return file in _addresses


def compacted(file: Path, name: str) -> bool:
    """Let Milvus Lite (3.2) write each file of a collection anew without rows that were deleted, as its own compaction
    does with several; ``False`` where this process does not serve the file, or that is another Lite."""
    served = getattr(_servers(), "_servers", {}).get(os.path.abspath(file))  # noqa: PTH100 - as Lite keys it
    if not serves(file) or served is None:
        return False
    try:
        collection = served[1].get_collection(name)
        manager, manifest, deletes = collection._compaction_mgr, collection._manifest, collection._delta_index
        with collection._maintenance_lock:
            for partition in manifest.list_partitions():
                folder = Path(collection.data_dir) / "partitions" / partition
                for each in [*manifest.get_data_files(partition)]:
                    manager._compact_files(partition, str(folder), [each], manifest, deletes)
            manager._gc_tombstones(manifest, deletes)
            collection._refresh_segment_cache()
            collection._cleanup_orphan_index_files()
        collection._ensure_loaded_segments_indexed()
    except (AttributeError, TypeError):
        return False
    return True


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
    for known in (_locks, _users, _addresses):
        known.clear()


os.register_at_fork(after_in_child=_let_go)
