"""Files that are whole or not there: write, fsync, rename; and locks that die with their holder."""

import fcntl
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["TEMPORARY", "is_left", "locked", "publish", "sync_directory"]

TEMPORARY = ".tmp"
"""Suffix of a file that is being written."""
_WRITTEN_BY = re.compile(rf".+\.\d+(-\d+)?{re.escape(TEMPORARY)}")
_OLD = 3600.0
"""Seconds after which nobody writes to such a file any more."""


def publish(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Make ``path`` appear with everything ``write`` wrote, durable on return, or not at all."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}{TEMPORARY}")
    try:
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def is_left(file: Path) -> bool:
    """Whether a crash left ``file`` half written: its name has the number of a process, and nobody has written to it
    for an hour. Other people's files are theirs, whatever they end with."""
    try:
        return (
            _WRITTEN_BY.fullmatch(file.name) is not None
            and file.is_file()
            and time.time() - file.stat().st_mtime > _OLD
        )
    except OSError:  # it has just got its name
        return False


def sync_directory(path: Path) -> None:
    """A rename is durable only once its directory is."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, *, wait: bool, shared: bool = False) -> Iterator[BinaryIO | None]:
    """Hold ``flock`` on ``path`` (created if absent), alone or with others who ask for it ``shared``; yields its open
    file, or ``None`` when not ``wait`` and another process or thread holds it."""
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    with path.open("a+b") as file:
        try:
            fcntl.flock(file, kind | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield None
            return
        with _closed_in_children(file):
            try:
                yield file
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)


_held: set[BinaryIO] = set()


@contextmanager
def _closed_in_children(file: BinaryIO) -> Iterator[None]:
    """A forked worker shares the open file, and would keep the lock after its parent died."""
    _held.add(file)
    try:
        yield
    finally:
        _held.discard(file)


def _close_held() -> None:
    for file in _held:
        file.close()
    _held.clear()


os.register_at_fork(after_in_child=_close_held)
