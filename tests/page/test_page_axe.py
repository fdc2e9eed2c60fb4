"""Every view of the page under axe-core, light and dark, on a desktop and on a phone: nothing serious is found."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from browsing import Tab
from canned import ADDRESS, CLAIMS, WORDS
from canned_jobs import Works, job, works_server
from canned_reasons import reasons
from canned_shop import Shop, canned_server, looked_page
from playwright.sync_api import Browser, BrowserContext, expect

pytestmark = pytest.mark.slow

WIDTHS = (1280, 375)
_SERIOUS = ("serious", "critical")
_COLOURS = ("color-contrast", "link-in-text-block")


def context_of(browser: Browser, width: int) -> BrowserContext:
    viewport: Any = {"width": width, "height": 800}
    return browser.new_context(viewport=viewport, has_touch=width < 500, reduced_motion="reduce")


def check(tab: Tab, view: str) -> None:
    """Nothing serious in what is shown now, in the light and, where only colours are others, in the dark."""
    schemes: tuple[tuple[Any, Any], ...] = (("light", {}), ("dark", {"runOnly": list(_COLOURS)}))
    for scheme, options in schemes:
        tab.page.emulate_media(color_scheme=scheme)
        found = Axe().run(tab.page, options={"resultTypes": ["violations"], **options}).response["violations"]
        serious = [
            (each["id"], node["html"][:200], node.get("failureSummary", ""))
            for each in found
            if each["impact"] in _SERIOUS
            for node in each["nodes"]
        ]
        assert serious == [], (view, scheme, serious)
    assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view


def views(tab: Tab, shop: Shop) -> list[tuple[str, Callable[[], object]]]:
    """What a person can look at, each from its address."""
    one, other = (row["id"] for row in shop.rows[:2])
    dialog = tab.page.get_by_role("dialog")

    def filters() -> None:
        tab.open("/?q=hat&f.colour=red&min.price=20")
        if tab.page.locator("#open-filters").is_visible():
            tab.page.locator("#open-filters").click()

    def keys() -> None:
        tab.open()
        tab.page.keyboard.press("?")
        expect(dialog).to_be_visible()

    def nothing() -> None:
        tab.open("/?q=nothing&least=0.5")
        expect(tab.page.get_by_role("alert")).to_be_visible()

    def shown(address: str) -> Callable[[], object]:
        def show() -> None:
            tab.open(address)
            expect(dialog).to_be_visible()

        return show

    return [
        ("shelf", lambda: tab.open()),
        ("second look", lambda: tab.look(f"{ADDRESS}&like={one}&unlike={other}")),
        ("filters", filters),
        ("nothing", nothing),
        ("details", shown(f"{ADDRESS}&item={one}")),
        ("comparison", shown(f"{ADDRESS}&vs={one}&vs={other}")),
        ("reasons", shown(f"/?q=hat&why={shop.rows[13]['id']}")),
        ("choosing another", lambda: tab.open(f"/?q=hat&vs={one}")),
        ("keys", keys),
    ]


@pytest.mark.parametrize("width", WIDTHS)
def test_the_search_page(browser: Browser, shop: Shop, width: int) -> None:
    page = looked_page(shop, warnings=["the model is slow"], nothing_matches=True)
    page["hits"][1]["explanation"] = {"sentence": "It is round.", "claims": CLAIMS}
    page["hits"][2]["reasons"] = ["pinned"]
    shop.looked[WORDS] = page
    shop.empty = {"nothing"}
    told = reasons(shop, 13)
    shop.whys[told["id"]] = told
    with canned_server(shop) as url, context_of(browser, width) as context:
        tab = Tab(context.new_page(), url)
        for name, show in views(tab, shop):
            show()
            check(tab, name)
        tab.check()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_indexing_page(browser: Browser, width: int) -> None:
    failures = [{"id": "a-1", "reason": "truncated", "place": "catalog.csv:17", "message": "the picture ends early"}]
    report = {"indexed": 12, "updated": 0, "unchanged": 9, "deleted": 0, "failed": 1, "encoded": 13, "seconds": 75.2}
    works = Works(
        jobs=[
            job("bad", "failed", error={"code": "x", "detail": "no space left", "hint": "make some"}),
            job("done", "done", report={**report, "failures": failures}),
            job("away", "interrupted"),
            job("now", "running", progress={"done": 3, "total": 9, "seconds": 2.0}),
        ]
    )
    with works_server(works) as url, context_of(browser, width) as context:
        tab = Tab(context.new_page(), url)
        tab.page.goto(url + "/indexing")
        tab.page.locator(".failures summary").click()
        tab.page.get_by_role("button", name="Start").click()
        check(tab, "indexing")
        for each in works.jobs:
            each["state"] = "done"
        tab.check()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_reference_and_the_question_for_a_key(browser: Browser, page_url: str, shop: Shop, width: int) -> None:
    shop.key = "ss_1"
    with canned_server(shop) as url, context_of(browser, width) as context:
        tab = Tab(context.new_page(), page_url)
        tab.page.goto(page_url + "/docs")
        expect(tab.page.get_by_role("heading", name="The API")).to_be_visible()
        check(tab, "reference")
        asked = Tab(context.new_page(), url)
        asked.page.goto(url)
        expect(asked.page.get_by_role("dialog")).to_be_visible()
        check(asked, "key")
