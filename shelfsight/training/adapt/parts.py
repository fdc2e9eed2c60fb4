"""Which items are learnt from, which choose, and which judge: by hash, and never two sides for one thing."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shelfsight.core.errors import UsageError
from shelfsight.core.types import Value

__all__ = ["Part", "fold", "named_parts", "parts_by_hash", "share"]

_SHARES = ((0.65, "train"), (0.80, "validation"), (1.0, "test"))


class Part(StrEnum):
    """``NONE`` is in the gallery and nothing else."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    NONE = "none"


_NAMES = {
    "train": Part.TRAIN,
    "training": Part.TRAIN,
    "validation": Part.VALIDATION,
    "valid": Part.VALIDATION,
    "val": Part.VALIDATION,
    "dev": Part.VALIDATION,
    "test": Part.TEST,
}


def fold(text: str) -> str:
    """The text by which two texts are the same: case and spaces make no difference."""
    return " ".join(text.casefold().split())


def share(key: str) -> float:
    """A number in [0, 1) that depends on ``key`` alone."""
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=7).digest(), "big") / 2**56


def parts_by_hash(keys: Sequence[Sequence[str]]) -> list[Part]:
    """A part for each item: 65 % train, 15 % validation, 20 % test, by the hash of what it is.

    Args:
        keys: what each item shares with others (its title, the digests of its pictures); at least one. Items that
            share a key, directly or through others, come into one part, and into the same in every run.
    """
    groups = _Groups()
    for each in keys:
        for key in each[1:]:
            groups.join(each[0], key)
    return [_part(share(groups.root(each[0]))) for each in keys]


def named_parts(rows: Sequence[Mapping[str, Value]], column: str) -> list[Part]:
    """The parts that a column names: train, validation (val, valid, dev) or test; anything else is ``NONE``.

    Raises:
        UsageError: no row says train, or none says test.
    """
    parts = [_NAMES.get(fold(str(row.get(column) or "")), Part.NONE) for row in rows]
    for needed in (Part.TRAIN, Part.VALIDATION, Part.TEST):
        if needed not in parts:
            raise UsageError(
                f"no item of the catalogue has {column!r} = {needed.value!r}",
                hint="a split column says train, validation or test; leave it out and the items are split by hash",
            )
    return parts


def _part(number: float) -> Part:
    return Part(next(name for limit, name in _SHARES if number < limit))


@dataclass(frozen=True)
class _Groups:
    """Union-find over keys. A group's root is its least key, so that the order of items does not matter."""

    parents: dict[str, str]

    def __init__(self) -> None:
        object.__setattr__(self, "parents", {})

    def root(self, key: str) -> str:
        while (parent := self.parents.setdefault(key, key)) != key:
            self.parents[key] = key = self.parents[parent]
        return key

    def join(self, one: str, other: str) -> None:
        low, high = sorted((self.root(one), self.root(other)))
        self.parents[high] = low
