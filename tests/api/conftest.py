"""The front doors in use: the command line in this process, and a real server on loopback."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from conforming import conforming
from front_door import ODD_IDS, Cli, Result
from PIL import Image
from served import served
from zygote import Zygote, zygote

from shelfsight import Engine, open_engine
from shelfsight.api.cli import run


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str]) -> Cli:
    """Runs ``shelfsight ARGUMENTS`` here."""

    def call(*arguments: object) -> Result:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Result(code, captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def odd_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder catalogue whose ids are names that tempt a URL."""
    folder = tmp_path_factory.mktemp("odd") / "pictures"
    for number, name in enumerate(ODD_IDS):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (60, 40), (40 * number, 90, 200 - 40 * number)).save(path)
    return folder


@pytest.fixture(scope="session")
def odd_collection(odd_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("odd-indexed") / "odd.collection"
    with open_engine(path, create=True) as engine:
        engine.index(odd_folder)
    return path


@pytest.fixture(scope="session")
def shop(demo_collection: Path) -> Iterator[tuple[Engine, httpx.Client]]:
    """The demo collection's engine, and a client of a server on it."""
    with open_engine(demo_collection) as engine, served(engine) as url, conforming(url) as client:
        yield engine, client


@pytest.fixture(scope="session")
def jobs_zygote() -> Iterator[Zygote]:
    """Begins processes of jobs at once; see :mod:`zygote`."""
    with TemporaryDirectory(prefix="ss-") as folder, zygote(Path(folder)) as found:
        yield found
