"""One fixture runs the whole suite on every kind of store."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from store_processes import Child
from store_samples import SPEC

from shelfsight.core.protocols import EncoderSpec, Store
from shelfsight.stores import KINDS, create_store, open_store

StoreFactory = Callable[..., Store]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


_MEMORY = Path("/dev/shm")


@pytest.fixture
def collection() -> Iterator[Path]:
    """In memory where the system has a place for it: hundreds of tests need not wait for a disk."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        yield Path(folder) / "shop.collection"


@pytest.fixture
def store_factory(kind: str, collection: Path) -> Iterator[StoreFactory]:
    """Creates the collection on the first call and opens it again on later ones."""
    opened: list[Store] = []

    def make(spec: EncoderSpec = SPEC) -> Store:
        exists = (collection / "manifest.json").exists()
        opened.append(
            open_store(collection, encoder=spec) if exists else create_store(collection, kind=kind, encoder=spec)
        )
        return opened[-1]

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def store(store_factory: StoreFactory) -> Store:
    return store_factory()


@pytest.fixture
def child() -> Iterator[Callable[..., Child]]:
    started: list[Child] = []

    def start(command: str, collection: Path, *arguments: object) -> Child:
        started.append(Child(command, collection, *arguments))
        return started[-1]

    yield start
    for process in started:
        process.close()
