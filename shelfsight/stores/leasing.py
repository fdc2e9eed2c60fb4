"""The job lease of a collection: a locked file that says who holds it, and dies with that."""

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from shelfsight.core.errors import LeaseHeld
from shelfsight.stores.faults import storage_faults
from shelfsight.stores.files import locked

__all__ = ["JOB_LOCK", "job_lease"]

JOB_LOCK = "job.lock"


@contextmanager
def job_lease(path: Path, holder: str, check: Callable[[], object]) -> Iterator[None]:
    """See :meth:`shelfsight.core.protocols.Store.lease`.

    Args:
        path: of the version of the collection.
        check: refuses where another version counts.

    Raises:
        LeaseHeld: names who holds it.
    """
    with ExitStack() as held:
        with storage_faults(path):
            file = held.enter_context(locked(path / JOB_LOCK, wait=False))
        if file is None:
            raise LeaseHeld(
                f"{path} is being indexed by {_holder(path / JOB_LOCK)}",
                hint="wait until it ends, or stop it; a lease ends with its process",
            )
        check()
        note = {
            "holder": holder,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        with storage_faults(path):
            file.truncate(0)
            file.write(json.dumps(note).encode())
            file.flush()
        yield


def _holder(lock: Path) -> str:
    try:
        note = json.loads(lock.read_bytes())
        return f"{note['holder']} (process {note['pid']} on {note['host']}, since {note['since']})"
    except (ValueError, KeyError, TypeError):  # it is just writing its name
        return "another job"
