"""The Python front door: what it exports, what it answers, and that only its own errors leave it."""

import inspect
import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shelfsight
from shelfsight import (
    Conflict,
    EncoderMismatch,
    Engine,
    FilterError,
    ModelError,
    NotFound,
    PictureError,
    Settings,
    ShelfsightError,
    SnapshotGone,
    UnknownField,
    UsageError,
    open_engine,
)
from shelfsight.core import errors
from shelfsight.core.protocols import Change, Fingerprints, StoredItem, StoredPicture
from shelfsight.core.settings import VectorSettings
from shelfsight.core.vectors import normalise


def test_exported_members() -> None:
    assert set(shelfsight.__all__) == set(dir(shelfsight))
    for name in shelfsight.__all__:
        assert getattr(shelfsight, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = shelfsight.nonsense
    tree = {name for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)}
    assert tree <= set(shelfsight.__all__)


def test_search_answers_the_same_from_file_bytes_and_text(demo_engine: Engine, demo_folder: Path) -> None:
    path = demo_folder / "images" / "demo-00020.jpg"
    pages = [demo_engine.search(image=image, k=4) for image in (path, str(path), path.read_bytes())]
    assert pages[0].hits == pages[1].hits == pages[2].hits
    assert pages[0].hits[0].id == "demo-00020"


def test_similar_is_search_by_the_items_own_picture(demo_engine: Engine, demo_folder: Path) -> None:
    by_picture = demo_engine.search(image=demo_folder / "images" / "demo-00020.jpg", k=6).hits[1:]
    similar = demo_engine.similar("demo-00020", k=5).hits
    assert [hit.id for hit in similar] == [hit.id for hit in by_picture]
    assert [hit.score for hit in similar] == pytest.approx([hit.score for hit in by_picture], abs=1e-4)


def test_threads_get_what_one_alone_gets(demo_collection: Path) -> None:
    texts = ["red dress", "blue sofa", "a mug", "boots"] * 4
    with open_engine(demo_collection) as engine, ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda text: engine.search(text, k=5).hits, texts))
        alone = [engine.search(text, k=5).hits for text in texts]
    assert [[hit.id for hit in hits] for hits in together] == [[hit.id for hit in hits] for hits in alone]
    scores = [[[hit.score for hit in hits] for hits in some] for some in (together, alone)]
    assert np.allclose(*scores, rtol=0, atol=1e-6)  # texts that are encoded together differ in their last bits


def test_facets_agree_with_counting(demo_engine: Engine) -> None:
    suggested = demo_engine.suggested_facets()
    counts = demo_engine.facets(suggested, filter="price < 60")
    for field, values in counts.items():
        for value, count in values.items():
            assert count == demo_engine.count(f'price < 60 and {field} == "{value}"')


def test_a_thumbnail_follows_its_file(tmp_path: Path) -> None:
    from PIL import Image

    picture = tmp_path / "pictures" / "a.png"
    picture.parent.mkdir()
    Image.new("RGB", (40, 40), "red").save(picture)
    with open_engine(tmp_path / "c", create=True) as engine:
        engine.index(picture.parent)
        before = engine.thumbnail("a.png")
        assert engine.thumbnail("a.png") is before
        Image.new("RGB", (40, 20), "blue").save(picture)
        assert engine.thumbnail("a.png").tag != before.tag


def mistakes(folder: Path, engine: Engine) -> list[tuple[type[Exception], Any]]:
    """(error, call) pairs: everything a caller can get wrong."""
    torn = folder / "torn.jpg"
    torn.write_bytes(b"\xff\xd8\xff\xe0torn")
    (folder / "catalog.xlsx").write_bytes(b"PK")
    return [
        (NotFound, lambda: open_engine(folder / "nowhere")),
        (NotFound, lambda: open_engine("")),
        (NotFound, lambda: open_engine("a\0b")),
        (EncoderMismatch, lambda: open_engine(engine.path, encoder="ViT-B-32/openai")),
        (EncoderMismatch, lambda: open_engine(engine.path, encoder="~no-such-user/model")),
        (Conflict, lambda: open_engine(engine.path, create=True, store="exact")),
        (Conflict, lambda: open_engine(folder, create=True)),
        (UsageError, lambda: engine.search()),
        (UsageError, lambda: engine.search("")),
        (UsageError, lambda: engine.search("-red")),
        (UsageError, lambda: engine.search("x", k=0)),
        (UsageError, lambda: engine.search("x", k=10**9)),
        (UsageError, lambda: engine.search("x", offset=-1)),
        (UsageError, lambda: engine.search("x", image_weight=float("nan"))),
        (UsageError, lambda: engine.search("x", mode="fuzzy")),  # type: ignore[arg-type]
        (UsageError, lambda: engine.search("x", diversity=1.0)),
        (UsageError, lambda: engine.browse(k=0)),
        (UnknownField, lambda: engine.search("x", sort=["nowhere"])),
        (UnknownField, lambda: engine.search("x", group_by="nowhere")),
        (UnknownField, lambda: engine.search("x", histograms=["nowhere"])),
        (UnknownField, lambda: engine.browse(sort=["nowhere"])),
        (SnapshotGone, lambda: engine.search("x", snapshot="long ago")),
        (SnapshotGone, lambda: engine.browse(snapshot="long ago")),
        (SnapshotGone, lambda: engine.similar("demo-00001", snapshot="long ago")),
        (UsageError, lambda: engine.search("x", rerank=True, depth=0)),
        (UsageError, lambda: engine.search("x", explain=-1)),
        (UsageError, lambda: engine.search("x", atoms=[{"term": "red"}])),
        (UsageError, lambda: engine.parse("half \ud800")),
        (NotFound, lambda: engine.ask("nowhere", "What is it?")),
        (ModelError, lambda: _with_vlm(engine, "no-such-model", lambda other: other.ask("demo-00001"))),
        (ModelError, lambda: _with_vlm(engine, "no-such-model", lambda other: other.add_notes(features=True))),
        (UsageError, lambda: engine.search("half \ud800 a character")),
        (FilterError, lambda: engine.search("x", filter="price <")),
        (FilterError, lambda: engine.search("x", filter="")),
        (FilterError, lambda: engine.search("x", filter="(" * 5000)),
        (UnknownField, lambda: engine.search("x", filter="nowhere == 1")),
        (UnknownField, lambda: engine.search("x", facets=["nowhere"])),
        (UnknownField, lambda: engine.facets(["nowhere"])),
        (PictureError, lambda: engine.search(image=torn)),
        (PictureError, lambda: engine.search(image=b"")),
        (PictureError, lambda: engine.search(image=folder / "nowhere.jpg")),
        (PictureError, lambda: engine.search(image=folder)),
        (NotFound, lambda: engine.similar("nowhere")),
        (NotFound, lambda: engine.get("nowhere")),
        (NotFound, lambda: engine.get("half \ud800")),
        (NotFound, lambda: engine.picture("demo-00001", 1)),
        (NotFound, lambda: engine.picture("demo-00001", -1)),
        (UsageError, lambda: engine.thumbnail("demo-00001", side=0)),
        (NotFound, lambda: engine.index(folder / "nowhere.csv")),
        (ShelfsightError, lambda: engine.index(folder / "catalog.xlsx")),
        (NotFound, lambda: engine.evaluate(folder / "nowhere.jsonl")),
        (UsageError, lambda: engine.evaluate([])),
        (UnknownField, lambda: engine.classify("nowhere")),
    ]


def _with_vlm(engine: Engine, vlm: str, call: Callable[[Engine], Any]) -> Any:
    with open_engine(engine.path, vlm=vlm) as other:
        return call(other)


def raised_by(call: Any) -> Exception | None:
    try:
        call()
    except Exception as error:
        return error
    return None


def test_only_our_own_errors_leave(demo_engine: Engine, tmp_path: Path) -> None:
    raised = [(kind, raised_by(call)) for kind, call in mistakes(tmp_path, demo_engine)]
    assert [(n, kind, error) for n, (kind, error) in enumerate(raised) if not isinstance(error, kind)] == []
    assert all(str(error) for _, error in raised)


def test_damaged_collections(demo_collection: Path, tmp_path: Path) -> None:
    def damaged(name: str, data: bytes) -> Path:
        copy = tmp_path / name.replace("/", "-")
        shutil.copytree(demo_collection, copy)
        (copy / name).write_bytes(data)
        return copy

    manifest = json.loads((demo_collection / "manifest.json").read_text())
    for data in (b"", b"{", b"[]", b"{}", json.dumps({**manifest, "format": 999}).encode()):
        path = damaged("manifest.json", data)
        with pytest.raises(ShelfsightError):
            open_engine(path).search("x")
        shutil.rmtree(path)


def test_a_new_collection_has_the_settings_of_vectors_at_once(tmp_path: Path) -> None:
    settings = Settings(vectors=VectorSettings(flat_below=1000, recall=0.9))
    about = {"title": None, "metadata": {}, "fingerprints": Fingerprints(pictures="1", metadata="1")}
    with open_engine(tmp_path / "c", create=True, settings=settings) as engine:
        shape = (2000, engine.manifest.encoder.dimension)
        rows = normalise(np.random.default_rng(3).standard_normal(shape))
        picture = StoredPicture(name="p", path=str(Path(__file__)))
        items = [StoredItem(id=f"{number}", pictures=(picture,), **about) for number in range(len(rows))]  # type: ignore[arg-type]
        engine._store.commit([Change(item=item, vectors=rows[n : n + 1]) for n, item in enumerate(items)])
        engine._store.maintain()
        assert engine.manifest.index is not None
        assert engine.manifest.index.kind.startswith("ivf")


def test_the_right_kind_comes_first(demo_engine: Engine) -> None:
    """The product itself, no stand-in: words find the pictures that show them. No title takes part."""
    counts = demo_engine.facets(["kind"])["kind"]
    kinds = [kind for kind, count in counts.items() if count >= 4]
    assert len(kinds) >= 8
    first = [hit.metadata["kind"] == kind for kind in kinds for hit in demo_engine.search(kind, k=3).hits]
    assert sum(first) / len(first) >= 0.85


def test_suggested_facets_are_choices(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (32, 32), "teal").save(tmp_path / "a.png")
    rows = [
        {
            "id": f"i{n}",
            "image": "a.png",
            "brand": f"brand {n % 30}",
            "serial": f"s{n}",
            "story": f"{n % 3} " * 100,
            "country": "here",
            "stock": n % 2 == 0,
            "price": n,
        }
        for n in range(120)
    ]
    (tmp_path / "catalog.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with open_engine(tmp_path / "c", create=True) as engine:
        engine.index(tmp_path / "catalog.jsonl")
        assert set(engine.suggested_facets()) == {"brand", "stock"}
        assert engine.facets(["stock"], filter="stock == true") == {"stock": {"true": 60}}
