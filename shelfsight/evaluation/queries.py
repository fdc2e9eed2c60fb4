"""Judged queries: what is asked, and which items a person would accept."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shelfsight.core.errors import NotFound, UsageError
from shelfsight.core.types import Query

__all__ = ["JudgedQuery", "load_queries"]

_MAX_GRADE = 1_000_000
"""trec_eval keeps 32 bits of a grade, and counts for every grade up to the greatest."""

_FIELDS = ("query", "relevant", "filter", "image", "negative", "family")


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedQuery:
    """A query and its judgements.

    Attributes:
        text: what is typed, or ``None`` where only a picture is given.
        relevant: item id -> grade; 0 is judged and not relevant; at most 1,000,000. At least one is positive.
        filter, image, negative: as in :class:`~shelfsight.core.types.Query`.
        family: kind of query ("colour", "title", ...); metrics are also reported a family.
    """

    text: str | None
    relevant: Mapping[str, int]
    filter: str | None = None
    image: Path | None = None
    negative: tuple[str, ...] = ()
    family: str | None = None

    def __post_init__(self) -> None:
        if self.text is None and self.image is None:
            raise ValueError("it asks nothing: 'query', 'image' or both are needed")
        if any(grade < 0 for grade in self.relevant.values()):
            raise ValueError("a grade in 'relevant' is negative")
        if max(self.relevant.values(), default=0) > _MAX_GRADE:
            raise ValueError(f"a grade in 'relevant' is more than {_MAX_GRADE}")
        if not any(self.relevant.values()):
            raise ValueError("'relevant' names no relevant item")

    @property
    def wanted(self) -> frozenset[str]:
        """Ids of the relevant items."""
        return frozenset(id for id, grade in self.relevant.items() if grade > 0)

    def naming(self) -> dict[str, Any]:
        """What tells this query from others, as plain values: ``query``, ``family``, and what else it has."""
        naming: dict[str, Any] = {"query": self.text, "family": self.family}
        if self.image is not None:
            naming["image"] = self.image.name
        if self.filter is not None:
            naming["filter"] = self.filter
        if self.negative:
            naming["negative"] = list(self.negative)
        return naming

    def ask(self, k: int) -> Query:
        """The query as it is put to a collection."""
        return Query(text=self.text, image=self.image, negative=self.negative, filter=self.filter, k=k)


def load_queries(path: Path) -> list[JudgedQuery]:
    """Read judged queries, one JSON object a line: ``{"query": "red boots", "relevant": {"id": 1}}``.

    Optional: ``filter`` (string), ``image`` (path, relative to the file), ``negative`` (string or list of
    strings), ``family`` (string). ``query`` may be left out where there is an ``image``. Empty lines are skipped.

    Raises:
        NotFound: no such file.
        UsageError: a line is not a judged query (names file and line), or the file holds none.
    """
    try:
        with path.open(encoding="utf-8-sig") as lines:
            queries = list(_read(lines, path))
    except FileNotFoundError as error:
        raise NotFound(f"there is no file of queries at {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as text: {error}", hint="queries are JSON lines in UTF-8") from error
    if not queries:
        raise UsageError(f"{path} holds no queries", hint='write one a line: {"query": "...", "relevant": {"id": 1}}')
    return queries


def _read(lines: Iterator[str], path: Path) -> Iterator[JudgedQuery]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield _judged(json.loads(line), path.parent)
        except (ValueError, RecursionError) as error:
            raise UsageError(
                f"{path}:{number} is not a judged query: {error}",
                hint='a line looks like {"query": "red boots", "relevant": {"id": 1}}',
            ) from error


def _judged(row: Any, folder: Path) -> JudgedQuery:
    if not isinstance(row, dict):
        raise ValueError("it is no JSON object")
    if unknown := sorted(row.keys() - set(_FIELDS)):
        raise ValueError(f"unknown field {unknown[0]!r} (known: {', '.join(_FIELDS)})")
    image = _text(row, "image")
    return JudgedQuery(
        text=_text(row, "query"),
        relevant=_grades(row.get("relevant")),
        filter=_text(row, "filter"),
        image=None if image is None else folder / image,
        negative=_terms(row.get("negative")),
        family=_text(row, "family"),
    )


def _text(row: dict[str, Any], field: str) -> str | None:
    value = row.get(field)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{field!r} is not a text")
    return value


def _grades(value: Any) -> dict[str, int]:
    if not isinstance(value, dict):
        raise ValueError("'relevant' is not an object of id and grade")
    for id, grade in value.items():
        if type(grade) is not int:
            raise ValueError(f"the grade of {id!r} is {json.dumps(grade)}, not a whole number")
    return value


def _terms(value: Any) -> tuple[str, ...]:
    terms = [] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(terms, list) or not all(isinstance(term, str) for term in terms):
        raise ValueError("'negative' is neither a text nor a list of texts")
    return tuple(terms)
