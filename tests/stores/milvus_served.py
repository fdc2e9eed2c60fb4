"""A Milvus that is reached by its address, as a server is: Milvus Lite, behind the port that it opens. It takes every
index type and builds those it knows; what it cannot do is named by the tests that need it."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The URI."""
    manager: Any = importlib.import_module("milvus_lite.server_manager").ServerManager()
    file = str(tmp_path / "served.db")
    yield manager.start_and_get_uri(file)
    manager.release_server(file)
