"""A batch in as many parts as the memory of a GPU wants."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from shelfsight.core.vectors import FloatArray

__all__ = ["within_memory"]

_T = TypeVar("_T")


def within_memory(batch: Sequence[_T], score: Callable[[Sequence[_T]], FloatArray]) -> FloatArray:
    """``score(batch)``, by halves where it runs out of memory.

    Raises:
        torch.OutOfMemoryError: one alone is too large.
    """
    import torch

    try:
        return score(batch)
    except torch.OutOfMemoryError:
        if len(batch) == 1:
            raise
    # Behind the handler: the traceback held what the attempt had allocated.
    torch.cuda.empty_cache()
    half = len(batch) // 2
    return np.concatenate([within_memory(part, score) for part in (batch[:half], batch[half:])])
