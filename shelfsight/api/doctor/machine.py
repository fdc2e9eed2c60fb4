"""The machine: memory, disk, open files, places to write to, the clock."""

import os
import resource
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from shelfsight.api.doctor.finding import Finding, error, warning

__all__ = ["CHECKS", "disk", "enough_memory", "is_ahead", "left_in_group", "size_of", "writable"]

_GIB = 1 << 30
_MEMORY = 2 * _GIB
"""Bytes that PyTorch, the embedded models and a small collection take."""
_DISK = _GIB
_FILES = 1024
_BUILT = datetime(2025, 1, 1, tzinfo=UTC)
"""A clock before that is wrong."""
_CGROUPS = (
    (Path("/sys/fs/cgroup"), "memory.max", "memory.current", "inactive_file"),
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""Of each version: the folder, its files of the limit and of what is used, and what ``memory.stat`` calls pages of
files that nobody used lately."""


def memory() -> Iterator[Finding]:
    """What a process may still take, of the machine's and of its container's."""
    yield from enough_memory(free_memory())


def enough_memory(free: int | None) -> Iterator[Finding]:
    """Whether as many bytes are enough; ``None``: nobody says."""
    if free is not None and free < _MEMORY:
        text = f"{size_of(free)} of memory are free; the embedded models and a small collection take some 2 GB"
        yield warning("memory_low", text, "end other programs, or give the machine or container more")


def open_files() -> Iterator[Finding]:
    """A server has a file or two open for each connection and each segment."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < _FILES:
        most = "unlimited" if hard == resource.RLIM_INFINITY else str(hard)
        text = f"a process may open {soft} files here; a server wants {_FILES} and more"
        cure = f"raise the limit, to {most} at most (LimitNOFILE= of systemd, --ulimit of Docker)"
        highest = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
        command = f"ulimit -n {highest}" if highest >= _FILES else None  # beyond it only the administrator may go
        yield warning("open_files_low", text, cure, command=command)


def clock() -> Iterator[Finding]:
    """Keys expire, and days of limits begin, by it."""
    now = datetime.now(UTC)
    if now < _BUILT:
        yield error("clock_wrong", f"the clock says {now:%Y-%m-%d %H:%M} UTC", "set it, and keep it with NTP")


def caches() -> Iterator[Finding]:
    """Where models are downloaded to, converted models are kept, and large requests wait."""
    from huggingface_hub.constants import HF_HUB_CACHE

    from shelfsight.models import cache_folder

    for code, folder, what in (
        ("cache_not_writable", cache_folder(), "converted models are kept (SHELFSIGHT_CACHE)"),
        ("hub_not_writable", Path(HF_HUB_CACHE), "models are downloaded to (HF_HOME)"),
    ):
        if not writable(folder):
            text = f"{folder}, where {what}, cannot be written"
            yield warning(code, text, "let the user of this process write there, or name another folder")
    if not writable(Path(tempfile.gettempdir())):
        text = f"{tempfile.gettempdir()} cannot be written, where large requests and exports wait"
        yield error("temporary_not_writable", text, "name another folder in TMPDIR")
    yield from disk(cache_folder(), "caches")


def disk(folder: Path, what: str) -> Iterator[Finding]:
    """Room for what is written to ``folder``."""
    place = _existing(folder)
    free = shutil.disk_usage(place).free
    if free < _DISK:
        text = f"{size_of(free)} are free on the disk of {place}, where {what} lie"
        yield warning("disk_low", text, "free some: a full disk refuses commits, and loses none")


def writable(folder: Path) -> bool:
    """Whether files can be made there, or the folder itself; nothing is made."""
    place = _existing(folder)
    return place.is_dir() and os.access(place, os.W_OK | os.X_OK)


def is_ahead(moment: float) -> bool:
    """Whether a time of a file lies more than a day ahead of the clock."""
    return moment > datetime.now(UTC).timestamp() + 86_400


def size_of(number: int) -> str:
    """Bytes, as a person reads them."""
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.0f} MB"


def free_memory() -> int | None:
    """Bytes; ``None`` where nobody says."""
    found = [each for each in (_of_machine(), *(left_in_group(*each) for each in _CGROUPS)) if each is not None]
    return min(found) if found else None


def _of_machine() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return None
    kilobytes = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
    return None if kilobytes is None else 1024 * int(kilobytes)


def left_in_group(folder: Path, limit: str, used: str, reclaimable: str) -> int | None:
    """Bytes that the limit of a container leaves. Pages of files that nobody used lately are given back where memory
    is wanted, so they count as free: as ``docker stats`` has it."""
    try:
        most, taken = ((folder / name).read_text("ascii").strip() for name in (limit, used))
        words = [line.split() for line in (folder / "memory.stat").read_text("ascii").splitlines()]
    except OSError:
        return None
    if not most.isdecimal() or int(most) >= 1 << 60:
        return None
    return int(most) - int(taken) + next((int(word[1]) for word in words if word[0] == reclaimable), 0)


def _existing(folder: Path) -> Path:
    return next((each for each in (folder, *folder.absolute().parents) if each.exists()), Path("/"))


CHECKS = (memory, open_files, clock, caches)
