"""Live writes through the front doors."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from front_door import Cli
from PIL import Image
from tiny_encoder import TintEncoder

from shelfsight import Engine, FilterError, Item, NotFound, Picture, Settings, UsageError
from shelfsight.core.errors import Changed
from shelfsight.core.protocols import StoredItem
from shelfsight.stores import create_store, open_store


def picture(folder: Path, name: str, colour: str) -> Picture:
    path = folder / f"{name}.png"
    Image.new("RGB", (16, 16), colour).save(path)
    return Picture(name=path.name, path=path)


@pytest.fixture(params=["faiss", "exact"])
def engine(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    encoder = TintEncoder()
    store = create_store(tmp_path / "c", kind=request.param, encoder=encoder.spec)
    with Engine(store, path=tmp_path / "c", settings=Settings(), encoder=encoder) as opened:
        items = [
            Item(id=colour, pictures=(picture(tmp_path, colour, colour),), title=f"A {colour} thing", metadata=fields)
            for colour, fields in (("red", {"price": 10}), ("green", {"price": 20}), ("blue", {"price": 30}))
        ]
        assert opened.upsert(items).indexed == 3
        yield opened


def test_writes_are_in_the_next_search(engine: Engine, tmp_path: Path) -> None:
    assert [hit.id for hit in engine.search("red", k=1).hits] == ["red"]
    started = time.monotonic()
    engine.upsert([Item(id="red", pictures=(picture(tmp_path, "other", "blue"),), metadata={"price": 11})])
    assert [hit.id for hit in engine.search("blue", k=2).hits] == ["blue", "red"]
    assert engine.update({"blue": {"price": 5, "sale": True}, "nobody": {"price": 1}}) == 1
    assert [hit.id for hit in engine.search("blue", k=9, filter="price < 6 and sale == true").hits] == ["blue"]
    assert engine.delete(["blue", "nobody"]) == 1
    assert [hit.id for hit in engine.search("blue", k=1).hits] == ["red"]
    assert time.monotonic() - started < 1


def test_delete_by_filter(engine: Engine) -> None:
    assert engine.delete_where("price >= 20") == 2
    assert engine.count() == 1
    assert engine.delete_where("price >= 20") == 0
    with pytest.raises(FilterError):
        engine.delete_where("price >=")


def test_a_patch_that_cannot_be_kept_changes_nothing(engine: Engine) -> None:
    with pytest.raises(UsageError):
        engine.update({"red": {"price": 1}, "blue": {"title": 3}})
    assert engine.get("red").metadata == {"price": 10}


def test_nobody_writes_between_a_look_and_the_write(engine: Engine, tmp_path: Path) -> None:
    """What others do after the look, in this process or through a store of their own, is not written over."""
    changed = Item(id="red", pictures=(picture(tmp_path, "other", "blue"),), metadata={"price": 1})
    absent = Item(id="new", pictures=(picture(tmp_path, "new", "blue"),))
    seen: list[dict[str, int]] = []

    def look(there: Mapping[str, StoredItem]) -> None:
        seen.append({id: item.metadata.get("price") for id, item in there.items()})  # type: ignore[misc]

    assert engine.upsert([changed], check=look).indexed == 1
    assert engine.upsert([absent], check=look).indexed == 1
    assert engine.delete(["new", "nobody"], check=look) == 1
    assert seen == [{"red": 10}, {}, {"new": None}]

    with closing(open_store(tmp_path / "c")) as others:
        for write in (
            lambda: engine.update({"red": {"price": 2}}),
            lambda: others.patch({"red": {"price": 3}}),
            lambda: others.commit((), ["red"]),
        ):
            for attempt in (engine.upsert, engine.delete):
                given = [changed] if attempt == engine.upsert else ["red"]
                with pytest.raises(Changed, match="'red'"):
                    attempt(given, check=lambda _: write())  # type: ignore[operator]  # noqa: B023
                engine.upsert([replace(changed, metadata={"price": 1})])
    created = replace(absent, metadata={"by": "another"})
    with pytest.raises(Changed, match="'new'"):
        engine.upsert([absent], check=lambda _: engine.upsert([created]))
    assert engine.get("new").metadata == {"by": "another"}
    engine.upsert([changed], check=lambda _: engine.update({"blue": {"price": 2}}))


def test_a_look_that_refuses_ends_the_write(engine: Engine) -> None:
    def refuse(_: Mapping[str, StoredItem]) -> None:
        raise UsageError("no")

    with pytest.raises(UsageError, match="no"):
        engine.delete(["red"], check=refuse)
    assert engine.count() == 3


def test_update_command(engine: Engine, cli: Cli, tmp_path: Path) -> None:
    changes = tmp_path / "changes.csv"
    changes.write_text("sku,price,stock,size\nred,8.50,3,42\nnobody,1,1,1\ngreen,,0,XL\nblue,cheap,1,1\n")
    result = cli("update", changes, "-c", tmp_path / "c", "--json")
    assert result.code == 3
    document = result.document
    reasons = {each["id"]: each["reason"] for each in document.pop("failures")}
    assert document == {"rows": 4, "updated": 2, "failed": 2}
    assert reasons == {"nobody": "unknown_id", "blue": "bad_value"}
    assert engine.get("red").metadata == {"price": 8.5, "stock": 3, "size": "42"}
    assert engine.get("green").metadata == {"price": 20, "stock": 0, "size": "XL"}
    assert engine.get("red").title == "A red thing"

    lines = [
        {"id": "red", "price": None, "name": "Crimson"},
        {"id": "green", "tags": ["a"]},
        {"id": "green", "stock": 9},
    ]
    more = tmp_path / "more.jsonl"
    more.write_text("".join(json.dumps(line) + "\n" for line in lines))
    result = cli("update", more, "-c", tmp_path / "c")
    assert (result.code, result.out) == (0, "2 items updated, 0 of 3 rows failed\n")
    assert engine.get("red").metadata == {"stock": 3, "size": "42"}
    assert engine.get("red").title == "Crimson"
    assert engine.get("green").metadata == {"price": 20, "stock": 9, "size": "XL", "tags": ["a"]}


def test_a_column_keeps_the_type_that_the_collection_has(engine: Engine, cli: Cli, tmp_path: Path) -> None:
    engine.update({"red": {"size": "XL"}})
    changes = tmp_path / "changes.csv"
    changes.write_text("id,size\ngreen,42\n")
    assert cli("update", changes, "-c", tmp_path / "c").code == 0
    assert engine.get("green").metadata["size"] == "42"


def test_delete_command(engine: Engine, cli: Cli, tmp_path: Path) -> None:
    result = cli("delete", "red", "nobody", "-c", tmp_path / "c", "--json")
    assert (result.code, result.document) == (0, {"deleted": 1, "items": 2, "absent": 1})
    assert cli("delete", "-c", tmp_path / "c").code == 2
    assert cli("delete", "red", "-c", tmp_path / "c", "--filter", "price > 1").code == 2
    assert cli("delete", "-c", tmp_path / "c", "--filter", "weight > 1").code == 2
    result = cli("delete", "-c", tmp_path / "c", "--filter", "price > 25")
    assert (result.code, result.out) == (0, "1 items deleted; 1 left\n")
    assert [hit.id for hit in engine.search("blue", k=5).hits] == ["green"]
    with pytest.raises(NotFound):
        engine.get("blue")


def test_upsert_leaves_unchanged_pictures_alone(engine: Engine, tmp_path: Path) -> None:
    encoder = engine.encoder
    assert isinstance(encoder, TintEncoder)
    before = encoder.encoded
    report = engine.upsert([Item(id="red", pictures=(picture(tmp_path, "red", "red"),), metadata={"price": 1})])
    assert (report.updated, report.encoded, encoder.encoded) == (1, 0, before)
    np.testing.assert_allclose(engine.search("red", k=1).hits[0].score, 1, atol=1e-5)
