from pathlib import Path

import adapt_shops as shops
import pytest

from shelfsight.catalog.demo import write_catalogue
from shelfsight.training.adapt import AdaptSettings

ITEMS = 240


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered catalogue of 240 items. Not to be changed."""
    folder = tmp_path_factory.mktemp("adapt") / "shop"
    write_catalogue(folder, seed=3, count=ITEMS)
    return folder / "catalog.csv"


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of an encoder that knows no words."""
    return shops.write_encoder(tmp_path_factory.mktemp("adapt") / "blank")


@pytest.fixture(scope="session")
def quick() -> AdaptSettings:
    """Numbers with which a small random encoder learns in seconds."""
    return AdaptSettings(epochs=12, batch=64, text_rate=5e-3, head_rate=1e-2, decay=0.01, anchor=0.1, rank=4)
