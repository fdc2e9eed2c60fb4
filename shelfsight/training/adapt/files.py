"""Files of a run: whole or not there, held by one process, and clear about a full disk."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shelfsight.core.errors import LeaseHeld, StoreError, StoreFull

__all__ = ["claimed", "publish_folder", "told_if_full", "write_whole"]


@contextmanager
def told_if_full(path: Path) -> Iterator[None]:
    """Say what cannot be written, and why, in our own errors.

    Raises:
        StoreFull: no space left. StoreError: anything else the system says.
    """
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "make room and run the same command again: it goes on from there" if full else None
        kind = StoreFull if full else StoreError
        raise kind(f"{str(path)!r} cannot be written: {error.strerror or error}", hint=hint) from error


def write_whole(path: Path, data: bytes) -> None:
    """Make ``path`` hold ``data``, durable, or leave it as it was."""
    partial = path.with_name(f"{path.name}.partial")
    with told_if_full(path):
        try:
            partial.write_bytes(data)
            _sync(partial)
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        _sync(path.parent)


def publish_folder(draft: Path, target: Path) -> None:
    """Move a finished folder to where it is looked for, in one step and durable. ``target`` must not be there."""
    with told_if_full(target):
        for path in (*draft.iterdir(), draft):
            _sync(path)
        draft.rename(target)
        _sync(target.parent)


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold the folder of a run; the claim dies with its process.

    Raises:
        LeaseHeld: another process works in it.
    """
    with told_if_full(folder):
        file = (folder / "lock").open("a+b")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LeaseHeld(f"another process is adapting an encoder in {str(folder)!r}") from error
        yield


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
