"""The only L2 normalisation in the project."""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["FloatArray", "normalise"]

FloatArray = npt.NDArray[np.float32]


def normalise(vectors: npt.NDArray[Any]) -> FloatArray:
    """Scale the last axis to length 1.

    Args:
        vectors: (..., d), any float dtype.

    Returns:
        (..., d) float32; a row of zeros (or with a value that is not finite) raises.

    Raises:
        ValueError: a row has no direction.
    """
    wide = np.asarray(vectors, dtype=np.float32)
    squares: FloatArray = np.add.reduce(wide * wide, axis=-1, keepdims=True)
    lengths: FloatArray = np.sqrt(squares)  # as np.linalg.norm does it, in half the time
    if not ((lengths > 0) & (lengths < np.inf)).all():  # NaN is neither
        raise ValueError("a vector of length zero or with a value that is not finite has no direction")
    unit: FloatArray = wide / lengths
    return unit
