"""The page in real Chromium, against a real server."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from browsing import Tab
from canned import WORDS
from canned_jobs import Works
from canned_shop import Shop, Stage, looked_page, staged
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from served import served

from shelfsight import Engine, open_engine

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's program."""
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if executable is None:
        if os.environ.get("CI"):
            pytest.fail("CI has to install Chromium: the page is not tested without it")
        pytest.skip("Chromium is not installed; set CHROMIUM or put `chromium` on the path")
    return executable


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def page_engine(demo_collection: Path) -> Iterator[Engine]:
    with open_engine(demo_collection) as engine:
        yield engine


@pytest.fixture(scope="session")
def page_url(page_engine: Engine) -> Iterator[str]:
    with served(page_engine) as url:
        yield url


@pytest.fixture(scope="session")
def desk(browser: Browser) -> Iterator[BrowserContext]:
    """Where tabs of one test after the other are opened: a page is loaded faster where its files are known."""
    with browser.new_context(viewport={"width": 1280, "height": 860}) as context:
        yield context


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with staged() as made:
        yield made


@contextmanager
def opened(desk: BrowserContext, url: str) -> Iterator[Tab]:
    """A new tab of which nothing is remembered. At the end: no console errors, no policy violations, no request to
    anywhere else."""
    page = desk.new_page()
    desk.new_cdp_session(page).send("Storage.clearDataForOrigin", {"origin": url, "storageTypes": "local_storage"})
    made = Tab(page, url)
    yield made
    made.check()


@pytest.fixture(autouse=True)
def _cleared(request: pytest.FixtureRequest) -> Iterator[None]:
    """No tab outlives its test, whatever becomes of that."""
    yield
    if "desk" in request.fixturenames:
        for page in request.getfixturevalue("desk").pages:
            page.close()


@pytest.fixture
def tab(desk: BrowserContext, page_url: str) -> Iterator[Tab]:
    """A tab in front of the demo shop."""
    with opened(desk, page_url) as made:
        yield made


@pytest.fixture
def shop(demo_folder: Path) -> Shop:
    """30 items, with a second look at ``WORDS``."""
    made = Shop.of(demo_folder, 30)
    made.looked[WORDS] = looked_page(made)
    return made


@pytest.fixture
def shop_tab(desk: BrowserContext, stage: Stage, shop: Shop) -> Iterator[Tab]:
    """A tab in front of ``shop``."""
    stage.app = shop.app()
    with opened(desk, stage.url) as made:
        yield made


@pytest.fixture
def works() -> Works:
    """A server that knows of no jobs yet."""
    return Works()


@pytest.fixture
def works_tab(desk: BrowserContext, stage: Stage, works: Works) -> Iterator[Tab]:
    """A tab in front of ``works``."""
    stage.app = works.app()
    with opened(desk, stage.url) as made:
        yield made
