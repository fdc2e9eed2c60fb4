"""Which index a segment gets, and how it grows out of those before it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from shelfsight.core.protocols import IndexReport
from shelfsight.core.settings import VectorSettings
from shelfsight.core.vectors import FloatArray
from shelfsight.stores.allowed import BoolArray, IntArray
from shelfsight.stores.ann.finding import Finder
from shelfsight.stores.ann.plans import Plans
from shelfsight.stores.ann.sidecar import publish_index, read_note
from shelfsight.stores.ann.tuning import held_out, tune

__all__ = ["GROWTH", "Builder", "Indexer", "Source", "worth_indexing"]

GROWTH = 3.0
"""What was learned from n rows serves until there are so many times n."""
_LITTLE = 0.02  # of all rows
_LEAST = 2000  # rows that are worth an index at all


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows of a new segment come from: those of ``segment`` where ``keep`` (n,) says so, in their order."""

    segment: Path
    keep: BoolArray


class Builder(Protocol):
    """Makes finders; see :mod:`shelfsight.stores.faiss_finders`."""

    def learned(self, vectors: FloatArray, queries: IntArray, settings: VectorSettings) -> Finder:
        """A finder of (n, d) vectors that learned from others of them than ``queries``."""
        ...

    def found(self, segment: Path) -> tuple[Finder, Plans] | None:
        """What lies beside a segment; ``None`` where that is nothing, or is damaged."""
        ...


def worth_indexing(settings: VectorSettings, rows: int, total: int) -> bool:
    """Whether a segment of ``rows`` out of ``total`` is to have an index."""
    if settings.kind == "flat" or settings.recall == 1.0 or total <= settings.flat_below:
        return False
    return rows >= _LEAST and rows * 4 > settings.flat_below


class Indexer:
    """Builds what lies beside segments."""

    def __init__(self, builder: Builder, settings: VectorSettings) -> None:
        self._builder = builder
        self._settings = settings

    def worth(self, rows: int, total: int) -> bool:
        return worth_indexing(self._settings, rows, total)

    def missing(self, segment: Path) -> bool:
        """Whether ``segment`` has no index, or a damaged one."""
        return self._builder.found(segment) is None

    def build(self, segment: Path, vectors: FloatArray, sources: Sequence[Source] = ()) -> IndexReport:
        """Make, tune and publish the index of ``segment``, whose rows are ``vectors`` and begin with those of
        ``sources``. Where one of these has an index that learned from enough, what it learned is used again."""
        start = time.perf_counter()
        queries = held_out(len(vectors))
        finder = self._grown(vectors, sources) or self._builder.learned(vectors, queries, self._settings)
        measured = tune(finder, vectors, queries, self._settings.recall)
        report = IndexReport(
            kind=finder.kind,
            vectors=finder.rows,
            parameters={
                f"{name}@{plan.share:g}": getattr(plan, name)
                for plan in measured.plans.plans
                for name in ("effort", "depth")
            },
            target=self._settings.recall,
            recall=round(measured.recall, 4),
            queries=measured.queries,
            bytes_per_vector=round(finder.memory / finder.rows, 1),
            seconds=round(time.perf_counter() - start, 1),
        )
        publish_index(segment, finder, measured.plans, report)
        return report

    def without(self, segment: Path, vectors: FloatArray, source: Source, gone: FloatArray) -> None:
        """The index of ``segment``, whose rows are those of ``source`` that are kept. Where little went it is that of
        the source without the others, and finds as that did; where what this learned shows one of (m, d) vectors that
        are ``gone``, nothing of it is used again."""
        if len(vectors) < _LEAST:
            return
        found, note = self._builder.found(source.segment), read_note(source.segment)
        if found is None or note is None or found[0].shows(gone):
            self.build(segment, vectors)
            return
        little = len(gone) <= _LITTLE * len(source.keep)
        finder = found[0].grown(vectors, [(0, found[0], source.keep)]) if little else None
        if finder is None:
            self.build(segment, vectors, [source])
        else:
            publish_index(segment, finder, found[1], replace(note.report, vectors=finder.rows))

    def _grown(self, vectors: FloatArray, sources: Sequence[Source]) -> Finder | None:
        """From the largest source, if it learned from enough and is a fair part of what there is now."""
        sizes = [int(np.count_nonzero(source.keep)) for source in sources]
        starts = np.cumsum([0, *sizes])
        for i in sorted(range(len(sources)), key=lambda i: -sizes[i]):
            found = self._builder.found(sources[i].segment)
            if found is not None and found[0].trained / GROWTH <= len(vectors) <= found[0].trained * GROWTH:
                return found[0].grown(vectors, [(int(starts[i]), found[0], sources[i].keep)])
        return None
