"""The machine: memory, disk, open files, places to write to, the clock."""

import os
import resource
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from shelfsight.api.doctor.finding import Finding, error, warning

__all__ = ["CHECKS", "disk", "is_ahead", "size_of", "writable"]

_GIB = 1 << 30
_MEMORY = 2 * _GIB
"""Bytes that PyTorch, the embedded models and a small collection take."""
_DISK = _GIB
_FILES = 1024
_BUILT = datetime(2025, 1, 1, tzinfo=UTC)
"""A clock before that is wrong."""
_CGROUPS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"), Path("/sys/fs/cgroup/memory/memory.usage_in_bytes")),
)


def memory() -> Iterator[Finding]:
    """What a process may still take, of the machine's and of its container's."""
    free = free_memory()
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
        yield warning("open_files_low", text, cure, command=f"ulimit -n {max(_FILES, min(hard, 65_536))}")


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
    found = [each for each in (_of_machine(), *map(_of_group, _CGROUPS)) if each is not None]
    return min(found) if found else None


def _of_machine() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return None
    kilobytes = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
    return None if kilobytes is None else 1024 * int(kilobytes)


def _of_group(files: tuple[Path, Path]) -> int | None:
    """What the limit of the container leaves; caches of files that could be given back count as used."""
    try:
        limit, used = (file.read_text("ascii").strip() for file in files)
    except OSError:
        return None
    return int(limit) - int(used) if limit.isdecimal() and int(limit) < 1 << 60 else None


def _existing(folder: Path) -> Path:
    return next((each for each in (folder, *folder.absolute().parents) if each.exists()), Path("/"))


CHECKS = (memory, open_files, clock, caches)
