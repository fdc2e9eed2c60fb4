"""The page in real Chromium, against a real server."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import Tab
from canned import WORDS
from canned_shop import Shop, canned_server, looked_page
from playwright.sync_api import Browser, sync_playwright
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
def browser() -> Iterator[Browser]:
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if executable is None:
        if os.environ.get("CI"):
            pytest.fail("CI has to install Chromium: the page is not tested without it")
        pytest.skip("Chromium is not installed; set CHROMIUM or put `chromium` on the path")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=list(_FLAGS))
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


@pytest.fixture
def tab(browser: Browser, page_url: str) -> Iterator[Tab]:
    """A fresh profile's tab. At the end: no console errors, no policy violations, no request to anywhere else."""
    with browser.new_context(viewport={"width": 1280, "height": 860}) as context:
        opened = Tab(context.new_page(), page_url)
        yield opened
        opened.check()


@pytest.fixture
def shop(demo_folder: Path) -> Shop:
    """30 items, with a second look at ``WORDS``."""
    made = Shop.of(demo_folder, 30)
    made.looked[WORDS] = looked_page(made)
    return made


@pytest.fixture
def shop_tab(browser: Browser, shop: Shop) -> Iterator[Tab]:
    """As ``tab``, in front of ``shop``."""
    with canned_server(shop) as url, browser.new_context(viewport={"width": 1280, "height": 860}) as context:
        opened = Tab(context.new_page(), url)
        yield opened
        opened.check()
