"""Two versions of a collection asked the same questions."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shelfsight.api.engine import Engine
from shelfsight.core.errors import UsageError
from shelfsight.core.types import Query
from shelfsight.search.query import understand

if TYPE_CHECKING:
    from shelfsight.evaluation import Comparison

__all__ = ["Compared", "compare_versions"]

_K = 10
_SEED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How alike two versions answer.

    Attributes:
        queries: that both were asked.
        source: where they came from: ``file``, or ``titles`` of items drawn with a fixed seed.
        overlap: mean share of the first ten hits (or of all there can be) that both have; ``None`` without queries.
        same_first: share of queries to which both give the same first hit.
        judged: A (now) against B (the other version) on judged queries.
    """

    queries: int
    source: str
    overlap: float | None
    same_first: float | None
    judged: "Comparison | None" = None

    def to_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "queries": self.queries,
            "source": self.source,
            f"overlap@{_K}": self.overlap,
            "same_first": self.same_first,
        }
        if self.judged is not None:
            document["judged"] = self.judged.to_json()
        return document


def compare_versions(a: Engine, b: Engine, queries: str | Path | None, *, sample: int) -> Compared:
    """Ask both engines the same.

    Args:
        queries: a file of judged queries, as for ``evaluate``; ``None``: titles of items.
        sample: titles to draw at most.

    Raises:
        NotFound, UsageError: the file is no file of judged queries.
    """
    if queries is None:
        asked = [Query(text=title[: a.settings.search.max_text], k=_K) for title in _titles(a, sample)]
        return _compared(a, b, asked, "titles", None)
    from shelfsight import evaluation

    judged = evaluation.load_queries(Path(queries))
    verdict = evaluation.compare(a.evaluate(judged, ks=(_K,)), b.evaluate(judged, ks=(_K,)))
    return _compared(a, b, [each.ask(_K) for each in judged], "file", verdict)


def _compared(a: Engine, b: Engine, asked: list[Query], source: str, judged: "Comparison | None") -> Compared:
    if not asked:
        return Compared(queries=0, source=source, overlap=None, same_first=None, judged=judged)
    pairs = [
        ([id for id, _ in old], [id for id, _ in new]) for old, new in zip(a.rank(asked), b.rank(asked), strict=True)
    ]
    shared = [len({*old} & {*new}) / max(1, len(old), len(new)) if old or new else 1.0 for old, new in pairs]
    first = [old[:1] == new[:1] for old, new in pairs]
    return Compared(
        queries=len(asked),
        source=source,
        overlap=round(sum(shared) / len(shared), 4),
        same_first=round(sum(first) / len(first), 4),
        judged=judged,
    )


def _titles(engine: Engine, sample: int) -> list[str]:
    """Titles of items drawn evenly, by reservoir: a pass over the ids."""
    drawn: list[str] = []
    draw = random.Random(_SEED)
    for number, id in enumerate(engine.ids()):
        if number < sample:
            drawn.append(id)
        elif (place := draw.randrange(number + 1)) < sample:
            drawn[place] = id
    found = engine.titles(drawn)
    return [title for id in drawn if (title := found.get(id)) and _asks(title)]


def _asks(title: str) -> bool:
    """Whether it asks for anything: one of blanks does not, nor does one that reads as a minus term."""
    try:
        understand(Query(text=title))
    except UsageError:
        return False
    return True
