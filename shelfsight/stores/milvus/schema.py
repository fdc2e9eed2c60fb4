"""The two Milvus collections of a Shelfsight collection, and the index of its vectors.

*Rows*: one a picture. *Journal*: what was committed, in the manner of an append-only log, and whatever is too large
for a value of Milvus (64 kB). Milvus wants a vector in every collection; the journal's is a constant.
"""

from typing import Any

from shelfsight.stores.milvus.client import Milvus
from shelfsight.stores.milvus.connection import library
from shelfsight.stores.milvus.place import MilvusPlace

__all__ = ["BM25", "LONGEST_ID", "LONGEST_TEXT", "WORDS", "create_journal", "create_rows", "search_parameters"]

LONGEST_TEXT = 60_000
"""Bytes of one VARCHAR; Milvus's own limit is 65,535."""

LONGEST_ID = 8_192
"""Bytes of an item's id."""

WORDS = "words"
"""The field of an item's words, where Milvus searches in them."""

BM25 = "bm25"
"""The field of the weights that Milvus makes of them."""

_ANALYSER = {"tokenizer": "standard"}  # what is in the text is folded and stemmed already
_WORD_INDEX = {"inverted_index_algo": "DAAT_MAXSCORE", "bm25_k1": 1.2, "bm25_b": 0.5}
_METRIC = "IP"  # vectors have length 1: the inner product is the cosine
_LISTS = 1024
_BUILD: dict[str, dict[str, Any]] = {
    "HNSW": {"M": 16, "efConstruction": 200},
    "HNSW_SQ": {"M": 16, "efConstruction": 200, "sq_type": "SQ8", "refine": True, "refine_type": "FP16"},
    "HNSW_PQ": {"M": 16, "efConstruction": 200, "refine": True, "refine_type": "FP16"},
    "HNSW_PRQ": {"M": 16, "efConstruction": 200, "refine": True, "refine_type": "FP16"},
    "IVF_FLAT": {"nlist": _LISTS},
    "IVF_SQ8": {"nlist": _LISTS},
    "IVF_PQ": {"nlist": _LISTS, "m": 32, "nbits": 8},
    "IVF_RABITQ": {"nlist": _LISTS, "refine": True, "refine_type": "SQ8"},
    "SCANN": {"nlist": _LISTS, "with_raw_data": True},
}


def create_rows(milvus: Milvus, name: str, place: MilvusPlace, dimension: int) -> None:
    """The collection of pictures: declared fields for what every row has, the dynamic field for metadata.

    ``row`` is the tenant's number and, below it, a number that is never used twice; an item's pictures have
    consecutive ones. ``record`` is on the first picture alone, or in the journal under the name ``overflow``;
    ``preview`` names bytes there as well. ``whole`` says that all metadata is there to filter by. ``words`` is there
    where Milvus finds words, filled in the first picture's row.
    """
    package = library()
    kinds = package.DataType
    schema = package.MilvusClient.create_schema(auto_id=False, enable_dynamic_field=True)
    schema.add_field("row", kinds.INT64, is_primary=True)
    schema.add_field("tenant", kinds.VARCHAR, max_length=128, is_partition_key=True)
    schema.add_field("id", kinds.VARCHAR, max_length=LONGEST_ID)
    schema.add_field("picture", kinds.INT32)
    schema.add_field("pictures", kinds.INT32)
    schema.add_field("whole", kinds.BOOL)
    schema.add_field("title", kinds.VARCHAR, max_length=4096)
    schema.add_field("preview", kinds.VARCHAR, max_length=128)
    schema.add_field("record", kinds.VARCHAR, max_length=65_535)
    schema.add_field("overflow", kinds.VARCHAR, max_length=128)
    schema.add_field("vector", kinds.FLOAT_VECTOR, dim=dimension)
    indexes = library().MilvusClient.prepare_index_params()
    if place.words == "server":
        _add_words(schema, indexes)
    if not (milvus.lite and place.exact):  # Lite compares everything anyway where there is none
        kind = place.index_type
        indexes.add_index("vector", index_type=kind, metric_type=_METRIC, params=_build(kind, dimension))
    milvus.create(name, schema, indexes)


def _add_words(schema: Any, indexes: Any) -> None:
    """A text that Milvus analyses, and its full-text index: https://milvus.io/docs/full-text-search.md."""
    package = library()
    kinds = package.DataType
    schema.add_field(
        WORDS,
        kinds.VARCHAR,
        max_length=65_535,
        enable_analyzer=True,
        enable_match=True,
        analyzer_params=_ANALYSER,
    )
    schema.add_field(BM25, kinds.SPARSE_FLOAT_VECTOR)
    weights = {"input_field_names": [WORDS], "output_field_names": [BM25]}
    schema.add_function(package.Function(name="weights", function_type=package.FunctionType.BM25, **weights))
    indexes.add_index(BM25, index_type="SPARSE_INVERTED_INDEX", metric_type="BM25", params=_WORD_INDEX)


def _build(kind: str, dimension: int) -> dict[str, Any]:
    parameters = dict(_BUILD.get(kind, {}))
    if "m" in parameters:  # it has to divide the dimension
        parameters["m"] = next(parts for parts in (32, 16, 8, 4, 2, 1) if dimension % parts == 0)
    return parameters


def create_journal(milvus: Milvus, name: str) -> None:
    """The collection of commits: ``key``, what ``kind`` of entry, a ``number`` to order them by, ``data``."""
    package = library()
    kinds = package.DataType
    schema = package.MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("key", kinds.VARCHAR, is_primary=True, max_length=512)
    schema.add_field("tenant", kinds.VARCHAR, max_length=128)
    schema.add_field("kind", kinds.VARCHAR, max_length=32)
    schema.add_field("number", kinds.INT64)
    schema.add_field("data", kinds.VARCHAR, max_length=65_535)
    schema.add_field("nothing", kinds.FLOAT_VECTOR, dim=2)
    indexes = package.MilvusClient.prepare_index_params()
    if not milvus.lite:
        indexes.add_index("nothing", index_type="FLAT", metric_type=_METRIC)
    milvus.create(name, schema, indexes)


def search_parameters(place: MilvusPlace, limit: int) -> dict[str, Any]:
    """How far an index looks for ``limit`` rows."""
    kind = place.index_type
    parameters: dict[str, Any] = {}
    if kind.startswith("HNSW"):
        parameters = {"ef": min(max(2 * limit, 128), 32_768)}
    elif kind.startswith(("IVF", "SCANN")):
        parameters = {"nprobe": 64}
    elif kind == "DISKANN":
        parameters = {"search_list": min(max(2 * limit, 100), 65_535)}
    return {"metric_type": _METRIC, "params": parameters}
