"""A batch in as many parts as the memory of a GPU wants."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from shelfsight.core.vectors import FloatArray

__all__ = ["in_parts", "within_memory"]

_T = TypeVar("_T")
_R = TypeVar("_R")


def within_memory(batch: Sequence[_T], score: Callable[[Sequence[_T]], FloatArray]) -> FloatArray:
    """``score(batch)``, by halves where it runs out of memory.

    Raises:
        torch.OutOfMemoryError: one alone is too large.
    """
    return np.concatenate(in_parts(batch, score))


def in_parts(batch: Sequence[_T], work: Callable[[Sequence[_T]], _R]) -> list[_R]:
    """What ``work`` returns of the batch, or of its parts, in order, where the whole runs out of memory.

    Raises:
        torch.OutOfMemoryError: one alone is too large.
    """
    import torch

    try:
        return [work(batch)]
    except torch.OutOfMemoryError:
        if len(batch) == 1:
            raise
    # Behind the handler: the traceback held what the attempt had allocated.
    torch.cuda.empty_cache()
    half = len(batch) // 2
    return [done for part in (batch[:half], batch[half:]) for done in in_parts(part, work)]
