"""Collections of older formats: which step leads from each format to the next, and the walk up.

A step brings the files of one version of a collection from format n to n + 1 in a way that can be killed and repeated:
inside one SQLite transaction, or by files that are published beside the old ones. When it returns, the manifest is
published with the new number. Caches need no step: what is missing or of another kind is made again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from shelfsight.core.errors import LeaseHeld, StoreError
from shelfsight.stores.faults import storage_faults
from shelfsight.stores.files import locked
from shelfsight.stores.local import JOB_LOCK
from shelfsight.stores.maintenance import MAINTAIN_LOCK
from shelfsight.stores.manifest import FORMAT, read_header, write_header
from shelfsight.stores.versions import active

__all__ = ["STEPS", "Step", "Upgraded", "upgrade"]

Step = Callable[[Path], None]

STEPS: Mapping[int, Step] = {}
"""Format n -> the step to n + 1. None was needed so far: the first format is this one."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The formats before and after."""

    before: int
    after: int


def upgrade(path: Path, *, steps: Mapping[int, Step] = STEPS, to: int = FORMAT) -> Upgraded:
    """Bring the collection at ``path`` to format ``to``, step by step. Killed at any instant, the next call goes on.

    Nobody else should have the collection open: older programs do not know the new format, and are not told.

    Raises:
        NotFound: there is none.
        LeaseHeld: an indexing job is at work.
        StoreError: it has a newer format, or one from which no step leads on.
    """
    folder = active(path)
    with storage_faults(folder):
        before = read_header(folder, oldest=0, newest=to).format
        with locked(folder / JOB_LOCK, wait=False) as lease, locked(folder / MAINTAIN_LOCK, wait=True):
            if lease is None:
                raise LeaseHeld(f"{path} is being indexed", hint="wait until the job ends")
            while (header := read_header(folder, oldest=0, newest=to)).format < to:
                if header.format not in steps:
                    raise StoreError(f"{path} has format {header.format}, from which nothing leads on")
                steps[header.format](folder)
                write_header(folder, replace(header, format=header.format + 1))
    return Upgraded(before, to)
