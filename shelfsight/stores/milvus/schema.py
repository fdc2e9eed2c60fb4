"""The two Milvus collections of a Shelfsight collection, and the index of its vectors.

*Rows*: one a picture. *Journal*: what was committed, in the manner of an append-only log, and whatever is too large
for a value of Milvus (64 kB). Milvus wants a vector in every collection; the journal's is a constant.
"""

from typing import Any

from shelfsight.stores.milvus.client import Milvus
from shelfsight.stores.milvus.connection import library
from shelfsight.stores.milvus.indexing import METRIC, build_parameters, chosen
from shelfsight.stores.milvus.place import MilvusPlace

__all__ = [
    "BM25",
    "LONGEST_ID",
    "LONGEST_TEXT",
    "VECTOR",
    "WORDS",
    "create_journal",
    "create_rows",
    "index_rows",
]

LONGEST_TEXT = 60_000
"""Bytes of one VARCHAR; Milvus's own limit is 65,535."""

LONGEST_ID = 8_192
"""Bytes of an item's id."""

VECTOR = "vector"
"""The field of a picture's vector."""

WORDS = "words"
"""The field of an item's words, where Milvus searches in them."""

BM25 = "bm25"
"""The field of the weights that Milvus makes of them."""

_ANALYSER = {"tokenizer": "standard"}  # what is in the text is folded and stemmed already
_WORD_INDEX = {"inverted_index_algo": "DAAT_MAXSCORE", "bm25_k1": 1.2, "bm25_b": 0.5}


def create_rows(milvus: Milvus, name: str, place: MilvusPlace, dimension: int, *, vectors: int = 0) -> None:
    """The collection of pictures: declared fields for what every row has, the dynamic field for metadata.

    ``row`` is the tenant's number and, below it, a number that is never used twice; an item's pictures have
    consecutive ones. ``record`` is on the first picture alone, or in the journal under the name ``overflow``;
    ``preview`` names bytes there as well. ``whole`` says that all metadata is there to filter by. ``words`` is there
    where Milvus finds words, filled in the first picture's row.

    Args:
        vectors: how many are going to be in it, as far as is known; the index is one for so many.
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
    schema.add_field(VECTOR, kinds.FLOAT_VECTOR, dim=dimension)
    indexes = library().MilvusClient.prepare_index_params()
    if place.words == "server":
        _add_words(schema, indexes)
    choice = chosen(vectors, dimension, asked=place.index, lite=milvus.lite)
    if not (milvus.lite and choice.kind == "FLAT"):  # Lite compares everything anyway where there is none
        _add_index(indexes, choice.kind, vectors, dimension)
    milvus.create(name, schema, indexes)


def index_rows(milvus: Milvus, name: str, kind: str, vectors: int, dimension: int) -> None:
    """Build an index of this type in place of the one that the vectors have."""
    indexes = library().MilvusClient.prepare_index_params()
    _add_index(indexes, kind, vectors, dimension)
    milvus.rebuild(name, VECTOR, indexes)


def _add_index(indexes: Any, kind: str, vectors: int, dimension: int) -> None:
    parameters = build_parameters(kind, vectors, dimension)
    indexes.add_index(VECTOR, index_type=kind, metric_type=METRIC, params=parameters)


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
        indexes.add_index("nothing", index_type="FLAT", metric_type=METRIC)
    milvus.create(name, schema, indexes)
