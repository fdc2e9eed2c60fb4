"""A small real collection whose answers can be worked out by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from colour_encoder import ColourEncoder
from shelf import SHELF

from shelfsight.core.protocols import Store
from shelfsight.core.settings import SearchSettings, Settings
from shelfsight.search import Searcher
from shelfsight.stores import create_store


@pytest.fixture
def encoder() -> ColourEncoder:
    return ColourEncoder()


@pytest.fixture
def empty_store(tmp_path: Path, encoder: ColourEncoder) -> Iterator[Store]:
    store = create_store(tmp_path / "shelf", kind="exact", encoder=encoder.spec)
    yield store
    store.close()


@pytest.fixture
def store(empty_store: Store) -> Store:
    empty_store.commit(SHELF)
    return empty_store


@pytest.fixture
def settings() -> Settings:
    return Settings(search=SearchSettings(max_k=100, max_window=1000))


@pytest.fixture
def searcher(store: Store, encoder: ColourEncoder, settings: Settings) -> Searcher:
    return Searcher(encoder, store, settings)
