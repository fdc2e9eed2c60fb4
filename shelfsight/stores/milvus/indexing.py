"""Which index Milvus builds of the vectors, by how many there are, and how far it looks.

Milvus builds an index for every sealed segment by itself, of 1 GiB of raw vectors at most by default
(``dataCoord.segment.maxSize``). Exact search is the best index as long as it is quick; then a graph, as long as it and
the vectors fit into memory; then inverted lists of one bit a dimension, with bytes beside them to put the best in
order; and, of what does not fit in this form, a graph on local disks. Parameters are those of Milvus's pages:
https://milvus.io/docs/index-explained.md, https://milvus.io/docs/hnsw.md, https://milvus.io/docs/ivf-rabitq.md,
https://milvus.io/docs/diskann.md. Sizes are of query nodes that hold one collection with some room beside it; who knows
better names a type.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "METRIC",
    "Choice",
    "Index",
    "Sizes",
    "build_parameters",
    "chosen",
    "described",
    "outgrown",
    "search_parameters",
]

METRIC = "IP"
"""Vectors have length 1: the inner product is the cosine."""

_GIB = 1 << 30
_LINKS = 16  # HNSW's M
_GRAPH = {"M": _LINKS, "efConstruction": 200}
_BUILD: dict[str, dict[str, Any]] = {
    "HNSW": _GRAPH,
    "HNSW_SQ": {**_GRAPH, "sq_type": "SQ8", "refine": True, "refine_type": "FP16"},
    "HNSW_PQ": {**_GRAPH, "refine": True, "refine_type": "FP16"},
    "HNSW_PRQ": {**_GRAPH, "refine": True, "refine_type": "FP16"},
    "IVF_PQ": {"nbits": 8},
    "IVF_RABITQ": {"refine": True, "refine_type": "SQ8"},
    "SCANN": {"with_raw_data": True},
}
_BY_SIZE = ("FLAT", "HNSW", "IVF_RABITQ", "DISKANN")
_LISTS = ("IVF", "SCANN")
_BUILT = ("nlist", "M", "efConstruction", "m", "nbits", "refine", "refine_type", "sq_type")
_FEWEST_LISTS, _MOST_LISTS = 64, 65_536
_UNKNOWN = 65_536  # vectors of a collection that is yet to be filled
_LOOKED = 16  # one list in so many is looked at
_REFINED = 4  # times the rows asked for, that RaBitQ's codes find and bytes put in order
_SLACK = 1.25  # an index stays until another would be chosen for a fifth fewer rows too
_DISK_LEAST = 32  # dimensions that DISKANN takes


@dataclass(frozen=True, slots=True)
class Sizes:
    """Where one index ends and the next begins.

    Attributes:
        flat: vectors up to which all are compared.
        graph: bytes of memory up to which a graph is held.
        lists: bytes of memory up to which inverted lists are held.
        segment: bytes of raw vectors that have an index of their own.
        pause: vectors up to which an index is built anew unasked: searches wait for it.
    """

    flat: int = 50_000
    graph: int = 16 * _GIB
    lists: int = 64 * _GIB
    segment: int = _GIB
    pause: int = 2_000_000


@dataclass(frozen=True, slots=True)
class Choice:
    """An index type and why."""

    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Index:
    """The index that Milvus has.

    Attributes:
        kind: its type, ``FLAT`` where there is none.
        build: parameters that it was built with.
    """

    kind: str = "FLAT"
    build: Mapping[str, Any] = field(default_factory=dict)

    @property
    def exact(self) -> bool:
        """Whether it finds everything."""
        return self.kind == "FLAT"


def described(answer: Mapping[str, Any]) -> Index:
    """From what Milvus says of an index: its parameters stand beside the type, as texts, or by themselves."""
    params = answer.get("params")
    said = {**answer, **params} if isinstance(params, Mapping) else answer
    return Index(str(answer["index_type"]), {name: said[name] for name in _BUILT if name in said})


def chosen(
    vectors: int, dimension: int, *, asked: str = "auto", lite: bool = False, sizes: Sizes | None = None
) -> Choice:
    """The index for so many vectors.

    Args:
        asked: a type that somebody named, which it is then, or ``auto``.
        lite: Milvus Lite builds what it is asked for, and compares all vectors otherwise.
    """
    sizes = sizes or Sizes()
    if asked != "auto":
        return Choice(asked, "it was asked for")
    if lite:
        return Choice("FLAT", "Milvus Lite compares all vectors, unless another type is asked for")
    if vectors <= sizes.flat:
        return Choice("FLAT", f"up to {sizes.flat:,} vectors all are compared")
    graph = vectors * (4 * dimension + 2 * 4 * _LINKS)
    if graph <= sizes.graph:
        return Choice("HNSW", f"vectors and graph take {_size(graph)} of memory, up to {_size(sizes.graph)} it is held")
    lists = vectors * (dimension / 8 + dimension + 16)
    if lists <= sizes.lists or dimension < _DISK_LEAST:
        reason = f"vectors and graph would take {_size(graph)} of memory, codes of one bit and a byte {_size(lists)}"
        return Choice("IVF_RABITQ", reason)
    return Choice("DISKANN", f"even codes of one bit and a byte a dimension would take {_size(lists)} of memory")


def outgrown(index: Index, vectors: int, dimension: int, *, sizes: Sizes | None = None) -> Choice | None:
    """The index that so many vectors should have in place of ``index``; ``None`` where that will do, or nearly so, or
    is one that nobody but a person chooses. Fewer vectors have no other one: an index for more serves them as well."""
    now = chosen(vectors, dimension, sizes=sizes)
    with_some_less = chosen(round(vectors / _SLACK), dimension, sizes=sizes)
    if index.kind not in _BY_SIZE or _BY_SIZE.index(with_some_less.kind) <= _BY_SIZE.index(index.kind):
        return None
    return now


def build_parameters(kind: str, vectors: int, dimension: int, sizes: Sizes | None = None) -> dict[str, Any]:
    """What an index of this type is built with, for a collection of so many vectors."""
    parameters = dict(_BUILD.get(kind, {}))
    if kind.startswith(_LISTS):
        segment = (sizes or Sizes()).segment // (4 * dimension)
        parameters["nlist"] = _lists(min(vectors or _UNKNOWN, segment))
    if kind == "IVF_PQ":  # its parts have to divide the dimension
        parameters["m"] = next(parts for parts in (32, 16, 8, 4, 2, 1) if dimension % parts == 0)
    return parameters


def search_parameters(index: Index, limit: int) -> dict[str, Any]:
    """How far an index looks for ``limit`` rows."""
    parameters: dict[str, Any] = {}
    if index.kind.startswith("HNSW"):
        parameters = {"ef": min(max(2 * limit, 128), 32_768)}
    elif index.kind.startswith(_LISTS):
        parameters = {"nprobe": max(_FEWEST_LISTS // 2, int(index.build.get("nlist", 1024)) // _LOOKED)}
    elif index.kind == "DISKANN":
        parameters = {"search_list": min(max(2 * limit, 100), 65_535)}
    if index.kind == "IVF_RABITQ":
        parameters["refine_k"] = _REFINED
    return {"metric_type": METRIC, "params": parameters}


def _lists(vectors: int) -> int:
    """4 √n, as Milvus's pages advise."""
    return min(max(round(4 * math.sqrt(vectors)), _FEWEST_LISTS), _MOST_LISTS)


def _size(size: float) -> str:
    return f"{size / _GIB:.1f} GiB"
