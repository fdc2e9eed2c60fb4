"""Erasing from Milvus: Lite's files are written anew, a server is asked, and the rest is as in every store."""

import importlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from milvus_samples import Opener, milvus, rows_in_milvus  # noqa: F401
from milvus_served import served  # noqa: F401
from store_processes import Child
from store_samples import DIMENSION, random_changes, stored

from shelfsight.core.errors import NotFound
from shelfsight.core.listing import WordQuery
from shelfsight.core.protocols import Change, Store
from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.stores import open_store

StartChild = Callable[..., Child]
VICTIM = "victim-0001"
TITLES = ("Quetzal feather hat of Jane Roe", "Zebrawood zither of Jane Roe")
PREVIEW = b"\xff\xd8\xff" + np.random.default_rng(5).bytes(60_000)


def vector_of(seed: int) -> FloatArray:
    return normalise(np.random.default_rng([9, seed]).standard_normal((1, DIMENSION)))


def fill(store: Store) -> None:
    """Others, and the victim in two versions, sealed between them."""
    store.commit(random_changes(60, seed=0))
    for seed, title in enumerate(TITLES):
        item = stored(VICTIM, {"remark": "a very private remark"}, title=title, version=str(seed), previews=[PREVIEW])
        store.commit([Change(item=item, vectors=vector_of(seed))])
        store.maintain()
    store.patch({VICTIM: {"price": 3}})


def held(folder: Path) -> set[str]:
    """What of the victim Milvus Lite's files hold, deleted or not; and other files, by their bytes."""
    found = set()
    wanted = [*TITLES, "a very private remark"]
    for file in sorted(file for file in folder.rglob("*") if file.is_file()):
        texts, vectors = _read(file)
        found |= {text for text in wanted if any(text in each for each in texts) or text.encode() in file.read_bytes()}
        for seed in range(2):
            near = [row for row in vectors if len(row) == DIMENSION and np.allclose(row, vector_of(seed)[0], atol=1e-6)]
            found |= {f"vector {seed}"} if near or vector_of(seed).tobytes() in file.read_bytes() else set()
        found |= {"preview"} if any(_PREVIEW in each for each in texts) else set()
    return found


def _read(file: Path) -> tuple[list[str], list[Any]]:
    """Texts and vectors of a file of Parquet or Arrow."""
    arrow: Any = importlib.import_module("pyarrow")
    if file.suffix == ".parquet":
        table = importlib.import_module("pyarrow.parquet").read_table(file)
    elif file.suffix == ".arrow":
        with arrow.OSFile(str(file)) as source:
            try:
                table = arrow.ipc.open_stream(source).read_all()
            except arrow.ArrowInvalid:
                return [], []
    else:
        return [], []
    values = [value for column in table.columns for value in column.to_pylist()]
    return [str(v) for v in values if isinstance(v, str)], [v for v in values if isinstance(v, list)]


_PREVIEW = importlib.import_module("base64").b64encode(PREVIEW[:30]).decode()


def answers(store: Store) -> list[Any]:
    queries = normalise(np.random.default_rng(1).standard_normal((10, DIMENSION)))
    return store.snapshot().search(queries, 20, exclude=[VICTIM])


def test_nothing_is_left_in_the_files_of_milvus_lite(milvus: Opener, tmp_path: Path) -> None:  # noqa: F811
    store = milvus()
    fill(store)
    assert held(tmp_path / "shop") == {*TITLES, "a very private remark", "vector 0", "vector 1", "preview"}
    before, old = answers(store), store.snapshot()
    erased = store.erase([VICTIM, "nobody"])
    assert (erased.ids, erased.absent, erased.later, erased.verified) == ((VICTIM,), ("nobody",), (), True)
    assert held(tmp_path / "shop") == set()
    assert answers(store) == before
    assert old.items([VICTIM])[VICTIM].title == TITLES[1]
    assert rows_in_milvus(store) == store.manifest.pictures
    store.commit(random_changes(5, seed=2, start=100))
    store.close()
    with closing(open_store(tmp_path / "shop")) as again:
        assert again.snapshot().count() == 65
        assert again.snapshot().contains([VICTIM]) == set()


def test_an_interrupted_erasure_is_ended_when_it_is_opened(milvus: Opener, tmp_path: Path) -> None:  # noqa: F811
    store = milvus()
    fill(store)
    store.remove([VICTIM])
    store.close()
    assert held(tmp_path / "shop") != set()
    again = milvus()
    assert held(tmp_path / "shop") == set()
    assert again.snapshot().count() == 60


def test_a_server_is_asked_and_the_receipt_says_what_it_does_later(
    milvus: Opener,  # noqa: F811
    served: str,  # noqa: F811
) -> None:
    store = milvus(uri=served)
    fill(store)
    before = answers(store)
    erased = store.erase([VICTIM])
    assert erased.ids == (VICTIM,)
    assert not erased.verified
    assert any("compaction" in text for text in erased.later)
    assert answers(store) == before
    assert store._milvus.count(store._remote.name, f'id == "{VICTIM}"') == 0


@pytest.mark.parametrize("odd", ['it\'s "quoted"', "tür/ключ\\n", "100 %_", "bell\x07\x01", "two\nlines"])
def test_ids_of_all_kinds(milvus: Opener, odd: str) -> None:  # noqa: F811
    store = milvus()
    store.commit([Change(item=stored(odd, title="odd"), vectors=vector_of(1)), *random_changes(3, seed=0)])
    erased = store.erase([odd, "item-00001"])
    assert (set(erased.ids), erased.later) == ({odd, "item-00001"}, ())
    assert rows_in_milvus(store) == store.manifest.pictures
    assert store.snapshot().count() == 2


def test_the_receipt_counts_what_is_compressed_and_in_letters(milvus: Opener) -> None:  # noqa: F811
    store = milvus()
    fill(store)
    erased = store.erase([VICTIM])
    found = {place.name: place for place in erased.places}["milvus"]
    assert found.found == sum(erased.held[kind] for kind in ("vector", "text", "preview"))
    assert found.left == 0


def test_the_same_picture_of_another_item_stays(milvus: Opener) -> None:  # noqa: F811
    store = milvus()
    fill(store)
    store.commit([Change(item=stored("twin", previews=[PREVIEW]), vectors=vector_of(1))])
    erased = store.erase([VICTIM])
    places = {place.name: place for place in erased.places}
    assert (places["milvus"].shared, places["milvus"].left) == (2, 0), "the vector and the preview"
    assert erased.verified
    assert store.preview("twin", 0) == PREVIEW


def test_words_that_milvus_finds_go_too(milvus: Opener, tmp_path: Path) -> None:  # noqa: F811
    store = milvus(words="server")
    fill(store)
    store.snapshot().words(WordQuery(text="zebrawod"), 3)
    folder = tmp_path / "shop"
    assert {word for file in folder.rglob("*") for word in words_in(file)} == {"quetzal", "zebrawood"}
    assert store.erase([VICTIM]).verified
    assert {word for file in folder.rglob("*") for word in words_in(file)} == set()
    assert store.snapshot().words(WordQuery(text="zebrawod"), 3).matches == ()


def words_in(file: Path) -> set[str]:
    """Of the victim's titles, as they are looked up."""
    if not file.is_file():
        return set()
    text = file.read_bytes() + " ".join(_read(file)[0]).encode()
    return {word for word in ("quetzal", "zebrawood") if word.encode() in text}


def test_a_file_elsewhere_is_searched_too(milvus: Opener, tmp_path: Path) -> None:  # noqa: F811
    store = milvus(uri=str(tmp_path / "elsewhere.db"))
    fill(store)
    erased = store.erase([VICTIM])
    assert {place.name: place for place in erased.places}["milvus"].found >= 3
    assert erased.verified
    assert held(tmp_path) == set()


def test_an_item_that_another_machine_brought_back_stays(milvus: Opener, tmp_path: Path) -> None:  # noqa: F811
    """While an item is erased, of which the machine that does it has not heard yet."""
    place = {"uri": str(tmp_path / "shared.db"), "collection": "c", "grace_seconds": 0.0}
    one, other = milvus("one", **place), milvus("two", **place, follow_seconds=0.0)
    fill(one)
    one.remove([VICTIM])
    assert other.snapshot().contains([VICTIM]) == set()
    other.commit([Change(item=stored(VICTIM, title="A new hat"), vectors=vector_of(3))])
    one.purge()
    for store in (one, other):
        assert store.snapshot().search(vector_of(3), 1)[0][0].id == VICTIM
        assert np.allclose(store.snapshot().vectors(VICTIM), vector_of(3))
    for _ in range(2):
        one.maintain()  # what it had before it came back goes as what is replaced does
    assert rows_in_milvus(one) == one.manifest.pictures
    assert one.snapshot().contains([VICTIM]) == {VICTIM}


@pytest.mark.parametrize("items", [20, 400])
def test_whoever_looks_at_a_state_from_before_does_without(milvus: Opener, items: int) -> None:  # noqa: F811
    """Rows of Milvus do not wait for them."""
    store, reader = milvus(), milvus()
    store.commit(random_changes(items, seed=0))
    store.commit([Change(item=stored(VICTIM), vectors=vector_of(0))])
    old = reader.snapshot()
    store.erase([VICTIM])
    assert store.snapshot().count() == items
    query = vector_of(0)
    assert old.search(query, 1000) == store.snapshot().search(query, 1000)
    assert old.search(query, 5) == store.snapshot().search(query, 5)
    assert old.above(query[0], -1.0) == store.snapshot().above(query[0], -1.0)
    assert old.scored(query[0], [VICTIM, "item-00004"]).keys() == {"item-00004"}
    for ask in (lambda: old.vectors(VICTIM), lambda: old.picture_vectors([("item-00004", 0), (VICTIM, 0)])):
        with pytest.raises(NotFound, match="erased meanwhile"):
            ask()


def test_whoever_has_the_file_open_ends_it(milvus: Opener, tmp_path: Path, child: StartChild) -> None:  # noqa: F811
    store = milvus()
    fill(store)
    store.close()
    serving = child("hold", tmp_path / "shop")
    assert serving.line() == "held"
    asking = milvus()
    erased = asking.erase([VICTIM])
    assert "only the process that has the Milvus Lite file open" in erased.later[0]
    assert not erased.verified
    asking.close()
    serving.kill()
    milvus()
    assert held(tmp_path / "shop") == set()
