"""Collections in Milvus for tests: made quickly, closed at the end."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from store_samples import SPEC

from shelfsight.core.protocols import EncoderSpec
from shelfsight.stores import create_store, open_store
from shelfsight.stores.milvus import MilvusPlace
from shelfsight.stores.milvus.store import MilvusStore

Opener = Callable[..., MilvusStore]


@pytest.fixture
def milvus(tmp_path: Path) -> Iterator[Opener]:
    """``milvus("a", tenant=...)`` opens the collection in the directory ``a``, and makes it on the first call."""
    with ExitStack() as opened:

        def open_one(name: str = "shop", spec: EncoderSpec = SPEC, **place: Any) -> MilvusStore:
            path = tmp_path / name
            if (path / "manifest.json").exists():
                store = open_store(path, encoder=spec)
            else:
                store = create_store(path, kind="milvus", encoder=spec, place=MilvusPlace(**place))
            assert isinstance(store, MilvusStore)
            return opened.enter_context(closing(store))

        yield open_one


def rows_in_milvus(store: MilvusStore) -> int:
    """Whatever is there physically."""
    return store._remote.count()
