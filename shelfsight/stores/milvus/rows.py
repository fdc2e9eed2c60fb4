"""Rows of a tenant: written, fetched by number, found by vector."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shelfsight.core.errors import StoreError
from shelfsight.core.vectors import FloatArray
from shelfsight.stores.blocks import IntArray
from shelfsight.stores.milvus.client import AT_ONCE, Milvus
from shelfsight.stores.milvus.expressions import quoted
from shelfsight.stores.milvus.indexing import Index, search_parameters
from shelfsight.stores.milvus.place import MilvusPlace
from shelfsight.stores.milvus.schema import BM25, VECTOR, WORDS

__all__ = ["Rows", "Wanted", "requests"]

_BASE = 40  # bits of a row's number below the tenant's
_WRITTEN = 4_000_000  # bytes of vectors, and characters of texts, a request
_FETCHED = 16_000_000  # bytes of vectors a request
_INDEX_READ = 60.0  # seconds
_SETTLED = 15.0  # seconds; "Bounded" is 5 behind at most, unless a server is told otherwise
_PAUSE = 0.2
_LISTED = 1_000  # numbers in an expression
_NAMED = 100  # names in one


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search may find: rows from ``first`` up to ``end`` for which ``where`` holds, less ``without``."""

    first: int
    end: int
    where: str | None = None
    without: tuple[int, ...] = ()


class Rows:
    """Those of tenant ``number`` in the collection ``name``. Numbers of rows are the tenant's own, from 1.

    Attributes:
        has_words: whether there is a field of words, which has to be written.
    """

    def __init__(self, milvus: Milvus, name: str, place: MilvusPlace, number: int) -> None:
        self._milvus = milvus
        self.name = name
        self._place = place
        self._base = number << _BASE
        self._touched = time.monotonic()
        self._unsealed = 0
        self._index = Index()
        self._index_read = -_INDEX_READ
        self.has_words = WORDS in milvus.fields(name)

    def touch(self) -> None:
        """There may be new rows, and a commit says so."""
        self._touched = time.monotonic()

    def index(self, *, anew: bool = False) -> Index:
        """That of the vectors, as it was a minute ago at most: whoever maintains a collection may build another."""
        if anew or time.monotonic() - self._index_read > _INDEX_READ:
            self._index = self._milvus.index(self.name, VECTOR) or Index()
            self._index_read = time.monotonic()
        return self._index

    @property
    def place(self) -> MilvusPlace:
        return self._place

    @property
    def level(self) -> str:
        """The consistency that reading takes. "Strong" waits for the cluster's clock at every request; what is older
        than the few seconds that "Bounded" may be behind is seen without."""
        settled = time.monotonic() - self._touched > _SETTLED
        return "Bounded" if settled and self._place.consistency == "Strong" else self._place.consistency

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows of the schema; their ``row`` is the tenant's own number."""
        for part in requests(rows):
            placed = [{**self.placed(row), "vector": np.asarray(row["vector"], np.float32).tolist()} for row in part]
            self._milvus.upsert(self.name, placed)
        self._milvus.sync(self.name)
        self._unsealed += len(rows)

    def placed(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row of the schema, whose ``row`` is the tenant's own number, as it stands in Milvus."""
        return {**row, "row": self._base + row["row"], "tenant": self._place.tenant}

    def schema(self) -> Any:
        """pymilvus's."""
        return self._milvus.schema(self.name)

    def show(self, first: int, last: int, *, expected: int, patience: float) -> None:
        """Make imported rows visible, all that are ``expected`` between two numbers.

        Raises:
            StoreError: they are not, within ``patience`` seconds.
        """
        self._milvus.refresh(self.name)
        wanted, give_up = Wanted(first, last + 1), time.monotonic() + patience
        while (there := self._milvus.count(self.name, self._where(wanted))) != expected:
            if time.monotonic() > give_up:
                raise StoreError(f"Milvus shows {there:,} of {expected:,} imported rows", hint="look into its log")
            time.sleep(_PAUSE)

    def seal(self, *, most: int = 0) -> None:
        """Make what was written quick to search, where it is more than ``most`` rows."""
        if self._unsealed > most:
            self._milvus.seal(self.name)
            self._unsealed = 0

    def forget_from(self, first: int) -> None:
        """Drop rows from ``first`` on: a commit that was interrupted left them."""
        where = self._where(Wanted(first, 1 << _BASE))
        while self._milvus.query(self.name, where, ["row"], limit=1):
            self._milvus.delete(self.name, where)

    def forget(self, rows: IntArray) -> None:
        for part in _parts(rows, _LISTED):
            self._milvus.delete(self.name, f"row in {self._listed(part)}")

    def items(self, first: int, end: int) -> Iterator[dict[str, Any]]:
        """``row``, ``id``, ``pictures``, ``record``, ``overflow`` of first pictures from ``first`` up to ``end``, in
        order."""
        where = f"{self._where(Wanted(first, end))} and picture == 0"
        for row in self._milvus.every(self.name, where, ["row", "id", "pictures", "record", "overflow"]):
            yield {**row, "row": row["row"] - self._base}

    def names(self, end: int) -> Iterator[tuple[int, tuple[str, str]]]:
        """(row, the names of bytes in the journal that it needs) of all rows before ``end``."""
        fields = ["row", "preview", "overflow"]
        for row in self._milvus.every(self.name, self._where(Wanted(0, end)), fields, batch=AT_ONCE // 2):
            yield row["row"] - self._base, (row["preview"], row["overflow"])

    def called(self, ids: Sequence[str]) -> Iterator[tuple[int, tuple[str, str]]]:
        """:meth:`names` of all rows of some items, whichever commit they are of. Where the grammar of expressions has
        no way to say an id, all rows are looked at."""
        where, said = self._where(Wanted(0, 1 << _BASE)), [quoted(id) for id in ids]
        if None not in said:
            where += f" and id in [{','.join(map(str, said))}]"
        wanted = {*ids}
        for row in self._milvus.every(self.name, where, ["row", "id", "preview", "overflow"]):
            if row["id"] in wanted:
                yield row["row"] - self._base, (row["preview"], row["overflow"])

    def needed(self, names: Sequence[str]) -> set[str]:
        """Those of ``names`` that a row needs."""
        needed: set[str] = set()
        for start in range(0, len(names), _NAMED):
            listed = json.dumps(names[start : start + _NAMED])
            where = f"{self._where(Wanted(0, 1 << _BASE))} and (preview in {listed} or overflow in {listed})"
            for row in self._milvus.every(self.name, where, ["row", "preview", "overflow"]):
                needed |= {row["preview"], row["overflow"]}
        return needed

    def count(self) -> int:
        return self._milvus.count(self.name, self._where(Wanted(0, 1 << _BASE)))

    def previews(self, rows: IntArray) -> dict[int, str]:
        """row -> name of its preview's bytes, empty where it has none."""
        return {row["row"]: row["preview"] for row in self._fetched(rows, "preview", _LISTED)}

    def vectors(self, rows: IntArray, dimension: int) -> FloatArray:
        """(len(rows), dimension) float32, in their order; NaN where a row is not there."""
        found = np.full((len(rows), dimension), np.nan, np.float32)
        places = {int(row): place for place, row in enumerate(rows.tolist())}
        at_once = max(1, min(_LISTED * 4, _FETCHED // (4 * dimension)))
        for row in self._fetched(rows, "vector", at_once):
            found[places[row["row"]]] = row["vector"]
        return found

    def top(self, queries: FloatArray, limit: int, wanted: Wanted) -> list[tuple[IntArray, FloatArray]]:
        """For each of (q, d) queries the best ``limit`` rows at most, best first: numbers and scores."""
        parameters = search_parameters(self.index(), limit)
        data, where = queries.tolist(), self._where(wanted)
        found = self._milvus.search(self.name, data, VECTOR, where, limit, parameters, level=self.level)
        return [self._arrays(hits) for hits in found]

    def worded(self, words: str, limit: int, wanted: Wanted) -> IntArray:
        """The ``limit`` rows at most that BM25 likes best of those that have one of ``words``."""
        where, parameters = self._where(wanted), {"metric_type": "BM25", "params": {}}
        (found,) = self._milvus.search(self.name, [words], BM25, where, limit, parameters, level=self.level)
        return self._arrays(found)[0]

    def matching(self, wanted: Wanted, limit: int) -> IntArray:
        """Some ``limit`` rows at most, in no order."""
        found = self._milvus.query(self.name, self._where(wanted), ["row"], limit=limit, level=self.level)
        return np.fromiter((row["row"] for row in found), np.int64, len(found)) - self._base

    def count_matching(self, wanted: Wanted) -> int:
        return self._milvus.count(self.name, self._where(wanted), level=self.level)

    def _arrays(self, hits: Sequence[tuple[int, float]]) -> tuple[IntArray, FloatArray]:
        rows = np.fromiter((row for row, _ in hits), np.int64, len(hits)) - self._base
        return rows, np.fromiter((score for _, score in hits), np.float32, len(hits))

    def _fetched(self, rows: IntArray, field: str, at_once: int) -> Iterator[dict[str, Any]]:
        """Rows by number; where some are not there, these are asked for again by the level that is never behind."""
        for level in (["Bounded"] if self.level == "Bounded" else []) + ["Strong"]:
            found: list[int] = []
            for part in _parts(rows, at_once):
                where = f"row in {self._listed(part)}"
                for row in self._milvus.query(self.name, where, ["row", field], limit=len(part), level=level):
                    found.append(row["row"] - self._base)
                    yield {**row, "row": found[-1]}
            rows = rows[~np.isin(rows, found)]

    def _listed(self, rows: IntArray) -> str:
        return f"[{','.join(map(str, (rows + self._base).tolist()))}]"

    def _where(self, wanted: Wanted) -> str:
        parts = [f"row >= {self._base + wanted.first}", f"row < {self._base + wanted.end}"]
        if not self._place.lite:  # so that a server looks into the tenant's partitions alone
            parts.insert(0, f'tenant == "{self._place.tenant}"')
        if wanted.where is not None:
            parts.append(wanted.where)
        if wanted.without:
            parts.append(f"row not in {self._listed(np.array(wanted.without, np.int64))}")
        return " and ".join(parts)


def requests(rows: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """``rows`` of the schema in parts that a server takes in one request: 64 MB, by default."""
    part: list[Mapping[str, Any]] = []
    size = 0
    for row in rows:
        part.append(row)
        size += 4 * len(row["vector"]) + 512 + sum(len(value) for value in row.values() if isinstance(value, str))
        if size > _WRITTEN:
            yield part
            part, size = [], 0
    if part:
        yield part


def _parts(rows: IntArray, size: int) -> Iterator[IntArray]:
    return (rows[start : start + size] for start in range(0, len(rows), size))
