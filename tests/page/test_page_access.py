"""The page where a key is needed, and where there are several collections, in real Chromium."""

import pytest
from browsing import Tab
from canned import ADDRESS, Document
from canned_shop import Shop, canned_server
from playwright.sync_api import Browser, Route, expect

pytestmark = pytest.mark.slow

KEY = "ss_k1_secret"
TWO: list[Document] = [
    {"name": "shop", "aliases": ["live"], "default": True},
    {"name": "old shop", "aliases": [], "default": False},
]


def test_a_key_is_asked_for_and_goes_along(browser: Browser, shop: Shop) -> None:
    shop.key = KEY
    with canned_server(shop) as url, browser.new_context() as context:
        tab = Tab(context.new_page(), url)
        tab.expected = ["401"]
        tab.page.goto(url + ADDRESS)
        dialog = tab.page.get_by_role("dialog", name="API key")
        dialog.get_by_role("textbox").fill("ss_wrong")
        tab.page.keyboard.press("Enter")
        expect(dialog.locator(".note").first).to_have_text("this needs an API key")
        dialog.get_by_role("textbox").fill(f" {KEY} ")
        dialog.get_by_role("button", name="Use this key").click()
        expect(dialog).to_have_count(0)
        expect(tab.cards).to_have_count(24)
        tab.pictures_are_drawn()
        assert str(tab.cards.first.locator("img").get_attribute("src")).startswith("blob:")
        tab.details()
        tab.page.wait_for_function("() => document.querySelector('.stage img').naturalWidth > 0")
        with tab.page.expect_popup() as popup:
            tab.page.get_by_role("link", name="Open the original").click()
        assert popup.value.url.startswith("blob:")
        assert tab.page.evaluate("[localStorage.length, Object.values(sessionStorage)]") == [0, [KEY]]
        tab.page.reload()
        expect(tab.cards).to_have_count(24)
        expect(dialog).to_have_count(0)
        tab.check()


def test_nobody_has_a_key(browser: Browser, shop: Shop) -> None:
    shop.key = KEY
    with canned_server(shop) as url, browser.new_context() as context:
        tab = Tab(context.new_page(), url)
        tab.expected = ["401"]
        tab.page.goto(url)
        tab.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        alert = tab.page.get_by_role("alert")
        expect(alert).to_contain_text("this needs an API key")
        alert.get_by_role("button", name="Try again").click()
        tab.page.get_by_role("dialog").get_by_role("textbox").fill(KEY)
        tab.page.keyboard.press("Enter")
        expect(tab.cards).to_have_count(24)
        tab.check()


def test_a_collection_is_picked(shop_tab: Tab, shop: Shop) -> None:
    shop.collections = TWO
    asked: list[str] = []
    shop_tab.page.on("request", lambda request: asked.append(request.url.removeprefix(shop_tab.url)))
    shop_tab.open("/?q=hat&f.colour=red")
    picker = shop_tab.page.get_by_label("Collection", exact=True)
    expect(picker.get_by_role("option")).to_have_text(["shop", "old shop", "live"])
    expect(picker).to_have_value("shop")
    asked.clear()
    shop_tab.after(lambda: picker.select_option("old shop"))
    expect(shop_tab.page).to_have_url(shop_tab.url + "/?c=old+shop&q=hat")
    expect(shop_tab.cards).to_have_count(24)
    shop_tab.pictures_are_drawn()
    assert all(url.startswith("/v1/collections/old%20shop/") for url in asked if url.startswith("/v1"))
    assert "/v1/collections/old%20shop/search" in asked
    shop_tab.after(shop_tab.page.go_back)
    expect(picker).to_have_value("shop")
    expect(shop_tab.page.get_by_role("button", name="Remove Colour: red")).to_be_visible()


def test_what_belongs_to_another_collection_goes(shop_tab: Tab, shop: Shop) -> None:
    shop.collections = TWO
    row = shop.rows[0]
    shop_tab.page.route(
        f"**/old%20shop/items/{row['id']}", lambda route: route.fulfill(json={"id": row["id"], "title": "Another"})
    )
    shop_tab.open(f"/?c=old+shop&like={row['id']}")
    expect(shop_tab.page.locator(".chip")).to_have_text("Like “Another”")
    shop_tab.cards.nth(1).get_by_role("button", name="Compare").click()
    expect(shop_tab.page.locator("#tray")).to_be_visible()
    shop_tab.after(lambda: shop_tab.page.get_by_label("Collection", exact=True).select_option("shop"))
    expect(shop_tab.page.locator("#tray")).to_be_hidden()
    shop_tab.after(shop_tab.cards.first.get_by_role("button", name="More like").click)
    expect(shop_tab.page.locator(".chip")).to_have_text(f"Like “{row['title']}”")


def test_the_collection_that_was_picked_last(shop_tab: Tab, shop: Shop) -> None:
    shop_tab.expected = ["ERR_FAILED"]
    shop.collections, held = TWO, list[Route]()
    shop_tab.open()
    picker = shop_tab.page.get_by_label("Collection", exact=True)
    shop_tab.page.route("**/old%20shop/facets*", lambda route: held.append(route))
    with shop_tab.page.expect_request("**/old%20shop/facets*"):
        picker.select_option("old shop")
    shop_tab.after(lambda: picker.select_option("shop"))
    held[0].abort()  # nobody waits for it
    shop_tab.after(lambda: shop_tab.page.evaluate("fetch('/v1/collections').then((answer) => answer.text())"))
    expect(shop_tab.cards).to_have_count(24)


def test_one_collection_is_no_choice(shop_tab: Tab) -> None:
    shop_tab.open()
    expect(shop_tab.page.get_by_label("Collection", exact=True)).to_be_hidden()
