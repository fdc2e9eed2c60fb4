"""Arrays that grow at their end, and never change before it: who holds the first n of one keeps them."""

from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["Growing", "Plane"]

T = TypeVar("T", bound=np.generic)
_LEAST = 256


class Growing(Generic[T]):
    """One-dimensional; n appends copy each value about twice in all.

    Args:
        values: what it starts with, taken as it is; it may be memory-mapped.
    """

    def __init__(self, values: npt.NDArray[T]) -> None:
        self._data = values
        self._count = len(values)

    def __len__(self) -> int:
        return self._count

    @property
    def dtype(self) -> np.dtype[T]:
        return self._data.dtype

    def append(self, values: npt.NDArray[T]) -> npt.NDArray[T]:
        """All of it, with ``values`` as the last."""
        end = self._count + len(values)
        if end > len(self._data):
            data = np.empty(max(_LEAST, end + end // 2), self._data.dtype)
            data[: self._count] = self._data[: self._count]
            self._data = data
        if len(values):  # what it started with may be read-only
            self._data[self._count : end] = values
            self._count = end
        return self._data[:end]

    def first(self, count: int) -> npt.NDArray[T]:
        return self._data[:count]


class Plane:
    """A growing array that takes no memory while all it holds is its default."""

    def __init__(self, default: float, dtype: npt.DTypeLike, count: int = 0) -> None:
        self._default = np.array(default, dtype)
        self._count = count
        self._values: Growing[Any] | None = None

    @classmethod
    def of(cls, default: float, values: npt.NDArray[Any]) -> "Plane":
        plane = cls(default, values.dtype, len(values))
        plane._values = Growing(values)
        return plane

    def __len__(self) -> int:
        return self._count

    @property
    def plain(self) -> bool:
        """Whether it holds nothing but its default."""
        return self._values is None

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._default.dtype

    def append(self, values: npt.NDArray[Any]) -> None:
        if self._values is None and bool(np.any(values != self._default)):
            self._values = Growing(np.full(self._count, self._default))
        if self._values is not None:
            self._values.append(values)
        self._count += len(values)

    def skip(self, count: int) -> None:
        """Append ``count`` times the default."""
        self.append(np.broadcast_to(self._default, (count,)))

    def first(self, count: int) -> npt.NDArray[Any]:
        return np.broadcast_to(self._default, (count,)) if self._values is None else self._values.first(count)

    def as_objects(self) -> "Plane":
        """With Python's numbers in place of floats."""
        plane = Plane(0, np.dtype(object), self._count)
        plane._values = Growing(self.first(self._count).astype(object))
        return plane
