from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from shops import SPEC, PatchEncoder, Shop

from shelfsight.core.protocols import Store
from shelfsight.stores import create_store


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "shop")


@pytest.fixture(params=["exact", "faiss"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with closing(create_store(tmp_path / "shop.collection", kind=request.param, encoder=SPEC)) as made:
        yield made


@pytest.fixture
def encoder() -> PatchEncoder:
    return PatchEncoder()
