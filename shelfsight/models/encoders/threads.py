"""How many threads one network call may use, for the time of that call."""

import contextlib
from collections.abc import Iterator

from shelfsight.core.cores import cores

__all__ = ["available_threads", "torch_threads"]


def available_threads() -> int:
    """Threads torch may use here: its own setting (``OMP_NUM_THREADS``), within what the process may run on."""
    import torch

    return max(1, min(torch.get_num_threads(), cores()))


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
