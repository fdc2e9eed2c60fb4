"""One writer at a time to a tenant's rows: of the processes of this machine, and of all machines."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from shelfsight.stores.faults import storage_faults
from shelfsight.stores.files import locked
from shelfsight.stores.milvus.journal import Journal
from shelfsight.stores.milvus.locks import held
from shelfsight.stores.milvus.place import MilvusPlace

__all__ = ["alone"]


@contextmanager
def alone(directory: Path, place: MilvusPlace, journal: Journal, rows: str) -> Iterator[BinaryIO]:
    """No other writer to the Milvus collection ``rows``. What is in the file says that one is, or was, at work.

    Raises:
        StoreError: another one was at work for a minute.
    """
    with ExitStack() as stack:
        with storage_faults(directory):
            file = stack.enter_context(locked(place.write_lock(directory, rows), wait=True))
        assert file is not None
        if not place.lite:
            who = f"process {os.getpid()} on {socket.gethostname()}"
            stack.enter_context(held(journal, "writer", who, wait=True))
        yield file
