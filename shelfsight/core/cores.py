"""What of the machine is there for this process."""

import os

__all__ = ["cores"]


def cores() -> int:
    """Those that it may run on, at least 1."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
