"""How many threads one network call may use, for the time of that call."""

import contextlib
import os
from collections.abc import Iterator

__all__ = ["available_threads", "torch_threads"]


def available_threads() -> int:
    """Threads torch may use here: its own setting (``OMP_NUM_THREADS``), within what the process may run on."""
    import torch

    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(torch.get_num_threads(), affinity))


@contextlib.contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Run torch operations of the calling thread on ``count`` threads, then as before."""
    import torch

    before = torch.get_num_threads()
    if before == count:
        yield
        return
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
