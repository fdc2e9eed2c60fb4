"""What can be asked of a collection, as keyword arguments; :meth:`shelfsight.Engine.search` says what each means."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, TypeVar

from shelfsight.api.atoms import atoms_of
from shelfsight.core.atoms import Atom
from shelfsight.core.listing import SortKey
from shelfsight.core.types import Example, Mode

__all__ = ["Browsing", "Examples", "Finding", "Searching", "Sort", "of_query"]

T = TypeVar("T")

Examples = str | Sequence[str | Example] | Mapping[str, float]
"""Items by id, or by id and how much each counts beside the others (1 where that is not said)."""

Sort = Sequence[str | SortKey]
"""Fields: ``price``, or ``-price`` for descending."""


class Browsing(TypedDict, total=False):
    """Of every page of hits."""

    k: int
    offset: int
    filter: str | None
    facets: Sequence[str]
    histograms: Sequence[str]
    sort: Sort
    group_by: str | None
    snapshot: str | None
    rules: bool


class Finding(Browsing, total=False):
    """Also of hits that are more or less like what is looked for."""

    min_relevance: float | None
    duplicates: float | None
    diversity: float


class Searching(Finding, total=False):
    """Also of a search by text and picture."""

    image: str | Path | bytes | None
    image_weight: float
    like: Examples
    unlike: Examples
    negative: Sequence[str]
    mode: Mode
    atoms: Sequence[Atom | Mapping[str, Any]] | None
    rerank: bool
    explain: bool | int
    depth: int | None
    budget_ms: float | None


def of_query(
    asked: Mapping[str, Any], allowed: type[Browsing | Finding | Searching], *, explained: int = 0
) -> dict[str, Any]:
    """Fields of a :class:`~shelfsight.core.types.Query` from the arguments of a caller.

    Args:
        explained: how many hits ``explain=True`` means.

    Raises:
        TypeError: an argument that is not ``allowed``.
        UsageError: a sort key or an atom that is none.
    """
    if unknown := sorted(asked.keys() - allowed.__annotations__.keys()):
        raise TypeError(f"unexpected keyword argument {unknown[0]!r}")
    fields = dict(asked)
    for name in ("facets", "histograms", "negative"):
        if name in fields:
            fields[name] = _listed(fields[name])
    for name in ("like", "unlike"):
        if name in fields:
            fields[name] = _examples(fields[name])
    if "sort" in fields:
        fields["sort"] = _sort_keys(fields["sort"])
    if isinstance(fields.get("image"), str):
        fields["image"] = Path(fields["image"])
    if fields.get("atoms") is not None:
        fields["atoms"] = atoms_of(fields["atoms"])
    if "explain" in fields:
        fields["explain"] = explained if fields["explain"] is True else int(fields["explain"])
    return fields


def _examples(given: Examples) -> tuple[Example, ...]:
    if isinstance(given, Mapping):
        return tuple(Example(id, weight) for id, weight in given.items())
    return tuple(each if isinstance(each, Example) else Example(each) for each in _listed(given))


def _sort_keys(sort: Sort) -> tuple[SortKey, ...]:
    return tuple(key if isinstance(key, SortKey) else SortKey.read(key) for key in _listed(sort))


def _listed(given: str | Sequence[T]) -> tuple[str | T, ...]:
    """One text is a list of one, and not of its letters."""
    return (given,) if isinstance(given, str) else tuple(given)
