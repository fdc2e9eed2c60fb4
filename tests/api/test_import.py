"""Embeddings made elsewhere: npy and Parquet, good rows and bad ones, encoders that are here and that are not."""

import json
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from front_door import Cli
from PIL import Image

from shelfsight import ModelError, open_engine
from shelfsight.api.importing import ImportedEncoder, import_vectors
from shelfsight.core.vectors import normalise
from shelfsight.stores import open_store

ELSEWHERE = ("--encoder-name", "no/such-model", "--fingerprint", "f1")


@pytest.fixture
def vectors(tmp_path: Path) -> np.ndarray:
    matrix = normalise(np.random.default_rng(1).standard_normal((5, 4)))
    np.save(tmp_path / "vectors.npy", matrix)
    (tmp_path / "items.csv").write_text(
        "sku,name,price,brand\n1,Shoe,10,Acme\n2,Boot,20,\n3,Hat,30,Umbra\n4,Mug,40,Acme\n5,,50,Acme\n"
    )
    return matrix


def test_npy_and_csv(vectors: np.ndarray, tmp_path: Path, cli: Cli) -> None:
    command = ("import", tmp_path / "vectors.npy", "-c", tmp_path / "c", "--items", tmp_path / "items.csv", *ELSEWHERE)
    result = cli(*command, "--json")
    assert result.code == 0
    document = result.document
    assert {name: document[name] for name in ("indexed", "failed", "items", "encoded", "normalised")} == {
        "indexed": 5,
        "failed": 0,
        "items": 5,
        "encoded": 0,
        "normalised": 0,
    }
    with closing(open_store(tmp_path / "c")) as store:
        snapshot = store.snapshot()
        items = snapshot.items(["1", "2", "5"])
        assert (items["1"].title, dict(items["1"].metadata)) == ("Shoe", {"price": 10, "brand": "Acme"})
        assert (items["2"].title, dict(items["2"].metadata)) == ("Boot", {"price": 20})
        assert items["5"].title is None
        np.testing.assert_allclose(snapshot.vectors("3"), vectors[2:3], atol=1e-6)
        assert store.manifest.encoder.fingerprint == "f1"
    again = cli(*command, "--json").document
    assert (again["unchanged"], again["indexed"]) == (5, 0)


def test_what_finds_vectors_is_what_the_settings_say(tmp_path: Path, cli: Cli) -> None:
    rows = normalise(np.random.default_rng(2).standard_normal((2000, 16)))
    np.save(tmp_path / "vectors.npy", rows)
    (tmp_path / "items.csv").write_text("id\n" + "".join(f"{number}\n" for number in range(len(rows))))
    command = ("import", tmp_path / "vectors.npy", "-c", tmp_path / "c", "--items", tmp_path / "items.csv", *ELSEWHERE)
    assert cli(*command, "--set", "vectors.flat_below=1000", "--set", "vectors.recall=0.9").code == 0
    assert cli("info", "-c", tmp_path / "c", "--json").document["index"]["kind"].startswith("ivf")


def test_other_vectors_leave_the_fields_that_were_updated(vectors: np.ndarray, tmp_path: Path) -> None:
    encoder = ImportedEncoder(name="no/such-model", fingerprint="f1")
    table = tmp_path / "items.csv"
    import_vectors(tmp_path / "c", tmp_path / "vectors.npy", encoder=encoder, items=table)
    with closing(open_store(tmp_path / "c")) as store:
        store.patch({"1": {"price": 9}, "2": {"price": 19}})
    np.save(tmp_path / "vectors.npy", vectors[::-1])
    table.write_text(table.read_text().replace("2,Boot,20", "2,Boot,18"))
    done = import_vectors(tmp_path / "c", tmp_path / "vectors.npy", encoder=encoder, items=table)
    assert (done.report.indexed, done.report.updated, done.report.unchanged) == (4, 0, 1)  # the middle one is the same
    with closing(open_store(tmp_path / "c")) as store:
        prices = {id: item.metadata["price"] for id, item in store.snapshot().items(["1", "2", "3"]).items()}
        assert prices == {"1": 9, "2": 18, "3": 30}
        np.testing.assert_allclose(store.snapshot().vectors("1"), vectors[4:], atol=1e-6)


def test_what_works_without_the_encoder(vectors: np.ndarray, tmp_path: Path) -> None:
    encoder = ImportedEncoder(name="no/such-model", fingerprint="f1")
    import_vectors(tmp_path / "c", tmp_path / "vectors.npy", encoder=encoder, items=tmp_path / "items.csv")
    with open_engine(tmp_path / "c") as engine:
        cosines = vectors @ vectors[0]
        expected = [str(n + 1) for n in np.argsort(-cosines) if n]
        page = engine.similar("1", k=4)
        assert [hit.id for hit in page.hits] == expected
        assert [hit.score for hit in page.hits] == pytest.approx(np.sort(cosines)[::-1][1:], abs=1e-5)
        assert {hit.id for hit in engine.browse(k=9, filter="price > 20").hits} == {"3", "4", "5"}
        for _ in range(2):
            with pytest.raises(ModelError, match="no/such-model"):
                engine.search("a shoe")


def test_parquet_with_bad_rows(tmp_path: Path, cli: Cli) -> None:
    rows = [
        {"id": "a", "embedding": [3.0, 4.0], "colour": "red"},
        {"id": "b", "embedding": [1.0, 0.0, 0.0], "colour": "red"},
        {"id": "c", "embedding": [0.0, 0.0], "colour": "blue"},
        {"id": "d", "embedding": None, "colour": "blue"},
        {"id": "e", "embedding": [float("nan"), 1.0], "colour": "blue"},
        {"id": "", "embedding": [0.0, 1.0], "colour": "blue"},
        {"id": "a", "embedding": [0.0, 1.0], "colour": "blue"},
        {"id": "f", "embedding": [0.0, 1.0], "colour": "blue"},
    ]
    schema = pa.schema({"id": pa.string(), "embedding": pa.list_(pa.float32()), "colour": pa.string()})
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), tmp_path / "v.parquet")
    result = cli("import", tmp_path / "v.parquet", "-c", tmp_path / "c", "--store", "exact", *ELSEWHERE, "--json")
    assert result.code == 3
    document = result.document
    assert (document["indexed"], document["failed"], document["normalised"]) == (2, 6, 1)
    reasons = [(each["id"], each["reason"]) for each in document["failures"]]
    assert sorted(reasons, key=str) == sorted(
        [
            ("b", "bad_vector"),
            ("c", "bad_vector"),
            ("d", "bad_vector"),
            ("e", "bad_vector"),
            (None, "empty_id"),
            ("a", "duplicate_id"),
        ],
        key=str,
    )
    assert "1 vectors were not of length 1" in result.err
    listed = [json.loads(line) for line in (tmp_path / "c" / "failures.jsonl").read_text().splitlines()]
    assert len(listed) == 6
    with closing(open_store(tmp_path / "c")) as store:
        np.testing.assert_allclose(store.snapshot().vectors("a"), [[0.6, 0.8]], atol=1e-6)
        assert store.snapshot().items(["f"])["f"].metadata == {"colour": "blue"}


def test_refusals(vectors: np.ndarray, tmp_path: Path, cli: Cli) -> None:
    npy, items, place = tmp_path / "vectors.npy", tmp_path / "items.csv", tmp_path / "c"
    assert cli("import", npy, "-c", place, *ELSEWHERE).code == 2  # ids from where?
    assert cli("import", tmp_path / "no.npy", "-c", place, "--items", items, *ELSEWHERE).code == 2
    assert cli("import", items, "-c", place, "--items", items, *ELSEWHERE).code == 2
    result = cli("import", npy, "-c", place, "--items", items, "--encoder-name", "no/such-model")
    assert (result.code, "--fingerprint" in result.err) == (1, True)
    (tmp_path / "short.csv").write_text("id\n1\n2\n")
    result = cli("import", npy, "-c", place, "--items", tmp_path / "short.csv", *ELSEWHERE)
    assert (result.code, "2 rows" in result.err) == (2, True)
    np.save(tmp_path / "flat.npy", vectors[0])
    np.save(tmp_path / "ints.npy", np.ones((5, 4), np.int64))
    np.save(tmp_path / "objects.npy", np.array([{}] * 5, object), allow_pickle=True)
    (tmp_path / "text.npy").write_text("1 2 3")
    for name in ("flat", "ints", "objects", "text"):
        result = cli("import", tmp_path / f"{name}.npy", "-c", place, "--items", items, *ELSEWHERE)
        assert (result.code, f"{name}.npy" in result.err, "allow_pickle" in result.err) == (2, True, False)
    pq.write_table(pa.table({"id": ["a"], "mine": [[1.0, 0.0]]}), tmp_path / "named.parquet")
    result = cli("import", tmp_path / "named.parquet", "-c", place, *ELSEWHERE)
    assert (result.code, "--vector-column" in result.err) == (2, True)
    assert not place.exists()
    assert cli("import", npy, "-c", place, "--items", items, *ELSEWHERE).code == 0
    for other in (("--encoder-name", "another", "--fingerprint", "f1"), (*ELSEWHERE[:3], "f2")):
        assert cli("import", npy, "-c", place, "--items", items, *other).code == 1
    np.save(tmp_path / "wide.npy", np.ones((5, 6), np.float32))
    assert cli("import", tmp_path / "wide.npy", "-c", place, "--items", items, *ELSEWHERE).code == 2


def test_numbers_too_large_for_a_vector_are_no_warning(vectors: np.ndarray, tmp_path: Path, cli: Cli) -> None:
    large = vectors.astype(np.float64)
    large[1] *= 1e300
    np.save(tmp_path / "large.npy", large)
    result = cli("import", tmp_path / "large.npy", "-c", tmp_path / "c", "--items", tmp_path / "items.csv", *ELSEWHERE)
    assert (result.code, "bad_vector: items.csv:3" in result.err, "Runtime" in result.err) == (3, True, False)


def test_an_encoder_that_is_here_is_checked_and_searches(tmp_path: Path, cli: Cli) -> None:
    from shelfsight.models import open_encoder

    encoder = open_encoder("embedded")
    for name in ("red", "blue"):
        Image.new("RGB", (64, 64), name).save(tmp_path / f"{name}.png")
    pixels = np.stack([encoder.prepare(Image.new("RGB", (64, 64), name)) for name in ("red", "blue")])
    np.save(tmp_path / "v.npy", encoder.encode_pixels(pixels).astype(np.float16))
    (tmp_path / "items.jsonl").write_text('{"id": "r", "image": "red.png"}\n{"id": "b", "image": "blue.png"}\n')
    command = ("import", tmp_path / "v.npy", "-c", tmp_path / "c", "--items", tmp_path / "items.jsonl")
    assert cli(*command, "--encoder-name", "embedded", "--fingerprint", "other").code == 1
    assert cli(*command, "--encoder-name", "embedded", "--fingerprint", encoder.spec.fingerprint).code == 0
    with open_engine(tmp_path / "c") as engine:
        assert engine.manifest.encoder == encoder.spec
        hit = engine.search(image=tmp_path / "blue.png", k=1).hits[0]
        assert (hit.id, hit.picture) == ("b", "blue.png")
        assert hit.score == pytest.approx(1, abs=1e-3)
        assert engine.thumbnail("b", side=32).media_type == "image/jpeg"
    np.save(tmp_path / "v.npy", np.ones((2, 7), np.float32))
    assert cli(*command[:3], tmp_path / "other", *command[4:], "--encoder-name", "embedded").code == 2


def test_an_encoder_that_comes_later_is_recognised_by_its_fingerprint(tmp_path: Path) -> None:
    from dataclasses import replace

    from shelfsight import EncoderMismatch
    from shelfsight.api.matching import check_spec
    from shelfsight.core.protocols import EncoderSpec

    installed = EncoderSpec(name="/models/m", revision="r", fingerprint="f", dimension=4, image_size=224)
    imported = EncoderSpec(name="m", revision="", fingerprint="f", dimension=4, image_size=0)
    check_spec(tmp_path, imported, installed)
    check_spec(tmp_path, replace(imported, revision="r"), installed)
    for other in ({"fingerprint": "g"}, {"dimension": 5}, {"revision": "s"}):
        with pytest.raises(EncoderMismatch):
            check_spec(tmp_path, replace(imported, **other), installed)
