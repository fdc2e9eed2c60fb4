"""The distinct texts of a column, each with a number, its code."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from shelfsight.stores.packed import HashIndex, Packed, encoded

__all__ = ["ABSENT", "Texts"]

ABSENT = -2  # no slot has this code; -1 is a slot without a text


class Texts:
    """Codes count from 0 and are never taken back.

    Args:
        base: the first texts, ascending.
        index: of ``base``.
    """

    def __init__(self, base: Packed | None = None, index: HashIndex | None = None) -> None:
        self._base = base
        self._index = index
        self._start = 0 if base is None else len(base)
        self._tail: list[str] = []
        self._codes: dict[str, int] = {}
        self._ranks = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return self._start + len(self._tail)

    def __getitem__(self, code: int) -> str:
        if self._base is not None and code < self._start:
            return self._base.text(code)
        return self._tail[code - self._start]

    def __iter__(self) -> Iterator[str]:
        return (self[code] for code in range(len(self)))

    def find(self, text: str) -> int:
        """The code of a text, :data:`ABSENT` where no slot has it."""
        code = self._codes.get(text)
        if code is None and self._index is not None:
            code = self._index.find(encoded(text))
        return ABSENT if code is None or code < 0 else code

    def code(self, text: str) -> int:
        """The code of a text, a new one for a new text."""
        code = self._codes.get(text)
        if code is None:
            code = self.find(text)
            if code == ABSENT:
                code = len(self)
                self._tail.append(text)
            self._codes[text] = code
        return code

    def codes(self, texts: Sequence[str | None]) -> list[int]:
        """The codes of some texts, new ones for new texts, -1 for an empty one or none."""
        get, code = self._codes.get, self.code
        known = map(get, texts)  # type: ignore[arg-type]  # None is no key
        return [
            (code(text) if text else -1) if found is None else found for text, found in zip(texts, known, strict=True)
        ]

    def containing(self, part: str) -> npt.NDArray[np.bool_]:
        """(n,) which texts contain ``part``, which is not empty."""
        tail = self._tail[:]
        found = np.zeros(self._start + len(tail), np.bool_)
        if self._base is not None:
            found[: self._start] = self._base.containing(encoded(part))
        found[self._start :] = [part in text for text in tail]
        return found

    def ranks(self) -> npt.NDArray[np.int64]:
        """(n,) the place of each text in the order of all of them."""
        if len(self._ranks) < len(self):
            self._ranks = self._ranked(self._tail[:])
        return self._ranks

    def _ranked(self, tail: list[str]) -> npt.NDArray[np.int64]:
        order = np.array(sorted(range(len(tail)), key=tail.__getitem__), np.int64)
        places = np.zeros(len(tail), np.int64)  # of the first base text behind each
        if self._base is not None:
            base = self._base
            for i, number in enumerate(order.tolist()):
                places[i] = bisect_left(range(self._start), encoded(tail[number]), key=base.raw)
        ranks = np.empty(self._start + len(tail), np.int64)
        ranks[: self._start] = np.arange(self._start) + np.searchsorted(places, np.arange(self._start), side="right")
        ranks[self._start + order] = places + np.arange(len(tail))
        return ranks
