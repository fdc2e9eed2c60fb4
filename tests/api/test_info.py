"""``shelfsight info`` says how well an index did when it was built."""

from shelfsight.api.commands.info import _index_rows
from shelfsight.api.documents import manifest_document
from shelfsight.core.protocols import EncoderSpec, IndexReport, Manifest

SPEC = EncoderSpec(name="e", revision="r", fingerprint="f", dimension=4, image_size=8)


def test_the_index_is_shown() -> None:
    report = IndexReport(
        kind="ivf64,sq8",
        vectors=1_000_000,
        parameters={"nprobe": 12},
        target=0.98,
        recall=0.98765,
        queries=1000,
        bytes_per_vector=531.4,
        seconds=61.25,
    )
    manifest = Manifest(format=1, store="faiss", encoder=SPEC, metric="cosine", items=1, pictures=1, index=report)
    document = manifest_document(manifest)["index"]
    assert document["recall"] == 0.98765
    assert document["parameters"] == {"nprobe": 12}
    assert dict(_index_rows(document)) == {
        "index.kind": "ivf64,sq8",
        "index.vectors": "1,000,000",
        "index.recall@10": "0.9877 on 1,000 held-out vectors, 0.98 was asked for",
        "index.memory": "531 bytes a vector",
        "index.built in": "61.2 s",
        "index.nprobe": "12",
    }


def test_what_compares_everything_was_not_measured() -> None:
    report = IndexReport(kind="milvus lite flat", vectors=3, recall=1.0)
    manifest = Manifest(format=1, store="milvus", encoder=SPEC, metric="cosine", items=3, pictures=3, index=report)
    assert ("index.recall@10", "1: it is exact") in _index_rows(manifest_document(manifest)["index"])


def test_what_was_not_built_is_not_shown() -> None:
    manifest = Manifest(format=1, store="exact", encoder=SPEC, metric="cosine", items=0, pictures=0)
    assert _index_rows(manifest_document(manifest).get("index")) == []
    flat = Manifest(
        format=1,
        store="faiss",
        encoder=SPEC,
        metric="cosine",
        items=0,
        pictures=0,
        index=IndexReport(kind="flat", vectors=3),
    )
    assert _index_rows(manifest_document(flat)["index"]) == [("index.kind", "flat"), ("index.vectors", "3")]
