"""What is found by words, as of every store, where Milvus finds it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from store_samples import SPEC
from test_words_finding import *  # noqa: F403
from words_shop import SHOP, ids_of, item

from shelfsight.core.filters import parse
from shelfsight.core.listing import WordQuery
from shelfsight.core.protocols import Snapshot, Store
from shelfsight.stores import create_store
from shelfsight.stores.milvus import MilvusPlace
from shelfsight.stores.milvus.store import MilvusStore
from shelfsight.stores.milvus.words import FullText


def made(path: Path) -> MilvusStore:
    store = create_store(path, kind="milvus", encoder=SPEC, place=MilvusPlace(words="server"))
    assert isinstance(store, MilvusStore)
    store._words.close()
    store._words = FullText(path, few=0)  # Milvus is asked however few items there are
    return store


@pytest.fixture(name="snapshot", scope="module")
def remote_snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    with closing(made(tmp_path_factory.mktemp("words") / "c")) as store:
        store.commit(SHOP)
        yield store.snapshot()


@pytest.fixture(name="store")
def remote_store(tmp_path: Path) -> Iterator[Store]:
    with closing(made(tmp_path / "c")) as store:
        yield store


del test_as_many_as_asked_for_ties_by_id  # noqa: F821 - of very many equal ones Milvus says which are looked at


def test_as_many_as_asked_for_and_of_some_hundreds_ties_by_id(store: Store) -> None:
    store.commit(
        [item(f"id-{n:04d}", "Grey sock", number=n) for n in np.random.default_rng(0).permutation(1200).tolist()]
    )
    snapshot = store.snapshot()
    everyone = [f"id-{n:04d}" for n in range(1200)]
    assert ids_of(snapshot, "grey socks", k=3000) == everyone, "all are looked at"
    assert len(set(ids_of(snapshot, "sock", k=10))) == 10
    few = snapshot.words(WordQuery(text="grey"), 5, where=parse("number >= 900"))
    assert [match.id for match in few.matches] == everyone[900:905], "of 300 that pass all are looked at"
