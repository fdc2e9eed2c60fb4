"""Erasing from Milvus: Lite's files are written anew, a server is asked, and the rest is as in every store."""

import importlib
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from milvus_samples import Opener, milvus, rows_in_milvus  # noqa: F401
from milvus_served import served  # noqa: F401
from store_samples import DIMENSION, random_changes, stored

from shelfsight.core.protocols import Change, Store
from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.stores import open_store

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


@pytest.mark.parametrize("odd", ['it\'s "quoted"', "tür/ключ\\n"])
def test_ids_of_all_kinds(milvus: Opener, odd: str) -> None:  # noqa: F811
    store = milvus()
    store.commit([Change(item=stored(odd, title="odd"), vectors=vector_of(1)), *random_changes(3, seed=0)])
    assert store.erase([odd]).ids == (odd,)
    assert rows_in_milvus(store) == store.manifest.pictures
