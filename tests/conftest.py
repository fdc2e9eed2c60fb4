"""A small real shop for every test that needs one: rendered and indexed once a run by the product itself."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from shelfsight import Engine, open_engine

DEMO_ITEMS = 96

# A slow moment of a machine that has other work is no failure.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

LONGEST = ("test_readme.py", "test_notebooks.py", "test_service_kills.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes come first: of two processes, one would wait for the other at the end."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(scope="session", autouse=True)
def _runtime_of_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Torch, whatever would be faster on this machine, and nobody's cache: in this process and in its children."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHELFSIGHT_RUNTIME", "torch")
        patch.setenv("SHELFSIGHT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with 2 MB, which a test may enlarge by mounting it again.

    Only root may mount. Without it, the tests that limit the size of a file cover what a process meets on a full disk.
    """
    path = tmp_path / "disk"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(path)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system is not allowed here; the tests of a file size limit cover the rest")
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered demo catalogue of 96 items: ``catalog.csv``, ``queries.jsonl`` and ``images/``. Not to be changed."""
    from shelfsight.catalog.demo import write_catalogue

    folder = tmp_path_factory.mktemp("demo") / "shop"
    write_catalogue(folder, seed=0, count=DEMO_ITEMS)
    return folder


@pytest.fixture(scope="session")
def demo_collection(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo catalogue indexed with the embedded encoder. Not to be changed: make your own to write to."""
    path = tmp_path_factory.mktemp("indexed") / "demo.collection"
    with open_engine(path, create=True) as engine:
        report = engine.index(demo_folder / "catalog.csv")
    assert report.to_json()["indexed"] == DEMO_ITEMS
    return path


@pytest.fixture
def demo_engine(demo_collection: Path) -> Iterator[Engine]:
    """An engine on the demo collection; closed at the end of the test."""
    with open_engine(demo_collection) as engine:
        yield engine
