"""The page by keyboard, in the dark, on a phone, and by its address, in real Chromium."""

import re
from typing import Any

import pytest
from browsing import Tab
from canned_shop import Shop, canned_server
from playwright.sync_api import Browser, Route, expect

pytestmark = pytest.mark.slow


# --- keys -----------------------------------------------------------------------------------------------------------


def test_walking_over_the_hits(shop_tab: Tab) -> None:
    shop_tab.open("/?q=hat")
    page, opens = shop_tab.page, shop_tab.cards.get_by_role("button", name="Details")
    columns = len(shop_tab.page.evaluate("getComputedStyle(grid).gridTemplateColumns").split())
    assert columns > 2
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(opens.nth(0)).to_be_focused()
    for key, place in (
        ("ArrowRight", 1),
        ("ArrowDown", 1 + columns),
        ("ArrowLeft", columns),
        ("End", 23),
        ("ArrowRight", 23),
        ("Home", 0),
    ):
        page.keyboard.press(key)
        expect(opens.nth(place)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("searchbox")).to_be_focused()
    assert page.evaluate("getSelection().toString()") == "hat"


def test_letters_act_on_the_hit(shop_tab: Tab, shop: Shop) -> None:
    shop_tab.open("/?q=hat")
    page, dialog = shop_tab.page, shop_tab.page.get_by_role("dialog")
    page.keyboard.press("m")  # no hit has the focus
    page.get_by_role("searchbox").press("ArrowDown")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("heading", level=2)).to_have_text(shop.rows[0]["title"])
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(shop_tab.cards.first.get_by_role("button", name="Details")).to_be_focused()
    page.keyboard.press("c")
    expect(page.get_by_role("region", name="To compare")).to_be_visible()
    page.keyboard.press("ArrowRight")
    shop_tab.after(lambda: page.keyboard.press("m"))
    assert shop.searches[-1]["like"] == [shop.rows[1]["id"]]
    shop_tab.after(lambda: page.keyboard.press("l"))
    assert shop.searches[-1]["unlike"] == [shop.rows[1]["id"]]
    page.keyboard.press("?")
    expect(dialog.get_by_role("heading", name="Keys")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).not_to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_keys_are_letters_where_one_writes(shop_tab: Tab) -> None:
    shop_tab.open("/?q=hat")
    box = shop_tab.page.get_by_role("searchbox")
    box.dispatch_event("keydown", {"key": "Escape", "isComposing": True})  # of an input method: ends what it offers
    expect(box).to_have_value("hat")
    box.fill("")
    box.press_sequentially("m/?c")
    expect(box).to_have_value("m/?c")
    expect(shop_tab.page.get_by_role("dialog")).to_have_count(0)
    shop_tab.page.get_by_label("Price from").press("/")
    expect(box).not_to_be_focused()
    box.focus()
    box.press("Escape")
    expect(box).to_have_value("")
    box.press("Escape")
    expect(box).not_to_be_focused()


# --- light and dark -------------------------------------------------------------------------------------------------


def is_dark(tab: Tab) -> bool:
    background = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
    return max(int(part) for part in re.findall(r"\d+", background)) < 60


def test_dark_as_the_system_or_as_chosen(shop_tab: Tab) -> None:
    shop_tab.open()
    assert not is_dark(shop_tab)
    shop_tab.page.get_by_role("button", name="Dark colours").click()
    assert is_dark(shop_tab)
    shop_tab.page.goto(shop_tab.url + "/indexing")
    assert is_dark(shop_tab)
    shop_tab.expected = ["404"]  # this shop has no jobs
    shop_tab.open()
    shop_tab.page.get_by_role("button", name="Light colours").click()
    assert not is_dark(shop_tab)
    shop_tab.page.emulate_media(color_scheme="dark")
    assert is_dark(shop_tab)  # it follows the system again
    expect(shop_tab.page.get_by_role("button", name="Light colours")).to_be_visible()


# --- a phone --------------------------------------------------------------------------------------------------------


def test_filters_come_up_on_a_phone(browser: Browser, shop: Shop) -> None:
    options: Any = {"viewport": {"width": 375, "height": 700}, "has_touch": True, "is_mobile": True}
    with canned_server(shop) as url, browser.new_context(**options) as context:
        tab = Tab(context.new_page(), url)
        tab.open("/?q=hat")
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= 375
        expect(tab.page.get_by_role("group", name="Colour")).to_be_hidden()
        tab.page.get_by_role("button", name="Filters").tap()
        sheet = tab.page.get_by_role("dialog", name="Filters")
        assert sheet.evaluate("sheet => sheet.scrollWidth <= sheet.clientWidth")
        tab.after(lambda: sheet.get_by_role("group", name="Colour").get_by_label("yellow").check())
        tab.after(lambda: sheet.get_by_label("Order", exact=True).select_option("Price, lowest first"))
        sheet.get_by_role("button", name="Show 30 items").tap()
        expect(sheet).to_be_hidden()
        expect(tab.page.get_by_role("button", name="Filters (1)")).to_be_visible()
        assert (shop.pages[-1]["filter"], shop.pages[-1]["sort"]) == ('`colour` in ["yellow"]', ["price"])
        tab.page.get_by_role("button", name="Filters").tap()
        tab.page.set_viewport_size({"width": 1000, "height": 700})
        expect(sheet).to_be_hidden()
        expect(tab.page.get_by_role("complementary").get_by_role("group", name="Colour")).to_be_visible()
        tab.check()


# --- addresses ------------------------------------------------------------------------------------------------------


def test_everything_is_in_the_address(shop_tab: Tab, shop: Shop) -> None:
    one, other = (row["id"] for row in shop.rows[:2])
    filters = "f.colour=red&f.colour=blue&min.price=5&max.price=90"
    address = f"/?q=hat&like={one}&unlike={other}&{filters}&sort=-price&mode=hybrid&least=0.25"
    shop_tab.open(address)
    assert shop.searches[:1] == [
        {
            "query": "hat",
            "k": 24,
            "offset": 0,
            "filter": '`colour` in ["red", "blue"] and `price` >= 5 and `price` <= 90',
            "facets": ["colour"],
            "sort": ["-price"],
            "mode": "hybrid",
            "min_relevance": 0.25,
            "like": [one],
            "unlike": [other],
        }
    ]
    shop_tab.after(lambda: shop_tab.page.get_by_role("button", name="Remove Colour: red").click())
    shop_tab.after(shop_tab.page.go_back)
    assert shop_tab.page.url == shop_tab.url + address
    assert shop.pages[-1] == shop.searches[0]
    shop_tab.after(shop_tab.page.go_forward)
    expect(shop_tab.page.get_by_role("group", name="Colour").get_by_label("blue")).to_be_checked()
    assert shop.pages[-1]["filter"].startswith('`colour` in ["blue"]')
    shop_tab.open("/?q=hat&fx=1&mint=2&maximum=3&min.=4")  # no fields of ours
    assert "filter" not in shop.searches[-1]


def test_what_is_left_before_it_came_does_not_open(shop_tab: Tab, shop: Shop) -> None:
    shop_tab.open("/?q=hat")
    id, held = shop.rows[0]["id"], list[Route]()
    shop_tab.page.route(f"**/v1/items/{id}", lambda route: held.append(route))
    with shop_tab.page.expect_request(f"**/v1/items/{id}"):
        shop_tab.cards.first.get_by_role("button", name="Details").click()
    with shop_tab.page.expect_event("requestfailed", lambda request: request.url.endswith(id), timeout=5000):
        shop_tab.page.go_back()
    expect(shop_tab.page.get_by_role("dialog")).to_be_hidden()


def test_back_closes_what_is_open(shop_tab: Tab, shop: Shop) -> None:
    shop_tab.open("/?q=hat")
    asked = len(shop.searches)
    dialog = shop_tab.details()
    assert shop_tab.page.url.endswith(f"?q=hat&item={shop.rows[0]['id']}")
    shop_tab.page.go_back()
    expect(dialog).to_be_hidden()
    shop_tab.page.go_forward()
    expect(dialog).to_be_visible()
    shop_tab.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(shop_tab.page).to_have_url(shop_tab.url + "/?q=hat")
    assert len(shop.searches) == asked  # what is open changes no answer
    shop_tab.open(f"/?item={shop.rows[4]['id']}")
    expect(dialog.get_by_role("heading", level=2)).to_have_text(shop.rows[4]["title"])
