"""Locks between machines, out of reads and writes of one entry.

Milvus has no compare-and-set. L. Lamport, A fast mutual exclusion algorithm (1987), section 2, gives M. Fischer's:
write your name where none stands, wait longer than anybody's write takes, and it is yours if it still says so. Names
carry an end, so that the lock of a dead holder runs out; the living renew theirs. Clocks have to agree within
seconds. Writers of one machine are kept apart by a file lock as well, which needs no clock.
"""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from shelfsight.core.errors import LeaseHeld, StoreError
from shelfsight.stores.milvus.journal import Journal, now

__all__ = ["held"]

_LASTS = 30.0
_RENEWED = 10.0
_SETTLES = 0.1
_PATIENCE = 60.0


@contextmanager
def held(journal: Journal, kind: str, holder: str, *, wait: bool) -> Iterator[None]:
    """Hold the lock ``kind`` of a tenant. Who sleeps until it runs out, and another one has it, leaves it to that.

    Raises:
        LeaseHeld: somebody else does, and not ``wait``.
        StoreError: somebody else did for a minute.
    """
    name = secrets.token_hex(8)
    _acquire(journal, kind, holder, name, wait)
    done = threading.Event()
    renewing = threading.Thread(target=_renew, args=(journal, kind, holder, name, done), daemon=True)
    renewing.start()
    try:
        yield
    finally:
        done.set()
        renewing.join()
        if _is_ours(journal, kind, name):
            journal.drop_note(kind)


def _acquire(journal: Journal, kind: str, holder: str, name: str, wait: bool) -> None:
    give_up = now() + _PATIENCE
    while True:
        found = journal.note(kind)
        if found is None or found["until"] < now():
            _sign(journal, kind, holder, name)
            threading.Event().wait(_SETTLES)
            found = journal.note(kind)
            if found is not None and found["name"] == name:
                return
        who = found["holder"] if found else "another process"
        if not wait:
            raise LeaseHeld(
                f"the collection is being indexed by {who}",
                hint="wait until it ends, or stop it; a lease runs out half a minute after its process",
            )
        if now() > give_up:
            raise StoreError(f"the collection is being written by {who}", hint="try again in a moment")
        threading.Event().wait(_SETTLES)


def _is_ours(journal: Journal, kind: str, name: str) -> bool:
    found = journal.note(kind)
    return found is not None and found["name"] == name


def _sign(journal: Journal, kind: str, holder: str, name: str) -> None:
    journal.write_note(kind, {"name": name, "holder": holder, "until": now() + _LASTS})


def _renew(journal: Journal, kind: str, holder: str, name: str, done: threading.Event) -> None:
    while not done.wait(_RENEWED):
        try:
            if _is_ours(journal, kind, name):
                _sign(journal, kind, holder, name)
        except StoreError:  # the next turn tries again; until then what was signed holds
            continue
