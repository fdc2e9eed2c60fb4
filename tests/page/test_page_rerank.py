"""The second look on the page, in real Chromium: the switch, which answer is shown when, and what it did. The answers
are written down (see ``canned``).
"""

import time
from pathlib import Path
from threading import Event

import pytest
from browsing import Tab
from canned import ADDRESS, ORDER, STAGES, WORDS, Document, relooked
from canned_shop import Shop, Stage, looked_page
from playwright.sync_api import Browser, expect

pytestmark = pytest.mark.slow


def first_order(shop: Shop) -> list[str]:
    return [row["id"] for row in shop.rows[:24]]


def looked_order(shop: Shop) -> list[str]:
    return [shop.rows[place]["id"] for place in ORDER[:24]]


# --- the switch -----------------------------------------------------------------------------------------------------


def test_the_switch_by_keyboard_and_the_address(shop_tab: Tab, shop: Shop) -> None:
    shop_tab.open(ADDRESS)
    expect(shop_tab.looked).to_be_hidden()
    assert (shop_tab.ids(), shop.looks) == (first_order(shop), [])
    shop_tab.switch.focus()
    shop_tab.page.keyboard.press("Space")
    expect(shop_tab.looked).to_have_text("Re-ranked 50 in 312 ms, 37 moved · explained 10 in 88 ms · m-1")
    assert shop_tab.ids() == looked_order(shop)
    expect(shop_tab.switch).to_be_checked()
    expect(shop_tab.switch).to_be_focused()
    assert shop_tab.page.url.endswith("&look=1")
    asked = {"query": WORDS, "k": 24, "rerank": True, "explain": 10, "budget_ms": 2000}
    assert shop.looks == [{**asked, "facets": ["colour"]}]
    shop_tab.page.reload()
    expect(shop_tab.looked).to_contain_text("Re-ranked")
    assert shop_tab.ids() == looked_order(shop)
    shop_tab.after(shop_tab.page.go_back)
    expect(shop_tab.switch).not_to_be_checked()
    expect(shop_tab.cards.first).to_have_attribute("data-id", shop.rows[0]["id"])
    assert shop_tab.ids() == first_order(shop)


def test_the_switch_is_remembered(shop_tab: Tab) -> None:
    shop_tab.open()
    shop_tab.switch.check()
    shop_tab.open("/?q=" + ADDRESS.removeprefix("/?q="))
    expect(shop_tab.switch).to_be_checked()
    assert "look=1" in shop_tab.page.url
    expect(shop_tab.looked).to_contain_text("Re-ranked")
    shop_tab.after(shop_tab.switch.uncheck)
    shop_tab.open(ADDRESS)
    expect(shop_tab.switch).not_to_be_checked()


def test_looking_around_is_not_looked_at_again(shop_tab: Tab, shop: Shop) -> None:
    shop_tab.open("/?look=1")
    expect(shop_tab.page.get_by_role("status")).to_have_text("30 items")
    shop_tab.switch.uncheck()
    shop_tab.switch.check()
    expect(shop_tab.page.get_by_role("button", name="Show more", exact=True)).to_be_enabled()
    assert shop.searches == []


# --- one answer after the other -------------------------------------------------------------------------------------


def test_the_first_order_is_there_at_once(shop_tab: Tab, shop: Shop) -> None:
    shop.held[WORDS] = Event()
    shop_tab.open(f"{ADDRESS}&look=1")
    assert shop_tab.ids() == first_order(shop)
    expect(shop_tab.looked).to_have_text("Looking at the pictures again…")
    shop_tab.cards.nth(6).get_by_role("button", name="More like").focus()
    shop.held[WORDS].set()
    expect(shop_tab.looked).to_contain_text("Re-ranked")
    assert shop_tab.ids() == looked_order(shop)
    expect(shop_tab.cards.first.get_by_role("button", name="More like")).to_be_focused()
    shop_tab.pictures_are_drawn()


def test_a_click_that_has_begun_meets_its_card(shop_tab: Tab, shop: Shop) -> None:
    shop.held[WORDS] = Event()
    shop_tab.open(f"{ADDRESS}&look=1")
    shop_tab.cards.nth(3).hover()
    shop_tab.page.mouse.down()
    shop.held[WORDS].set()
    expect(shop_tab.looked).to_have_class("looked")  # all has come
    assert shop_tab.ids() == first_order(shop)
    shop_tab.page.mouse.up()
    dialog = shop_tab.page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=2)).to_have_text(shop.rows[3]["title"])
    assert shop_tab.ids() == looked_order(shop)
    expect(shop_tab.cards.first.locator(".claim")).to_have_count(4)


def test_a_key_that_is_down_meets_its_button(shop_tab: Tab, shop: Shop) -> None:
    shop.held[WORDS] = Event()
    shop_tab.open(f"{ADDRESS}&look=1")
    shop_tab.cards.first.get_by_role("button", name="More like").focus()
    shop_tab.page.keyboard.down("Space")
    shop.held[WORDS].set()
    expect(shop_tab.looked).to_have_class("looked")
    shop_tab.after(lambda: shop_tab.page.keyboard.up("Space"))
    assert shop.searches[-1]["like"] == [shop.rows[0]["id"]]


def test_a_late_answer_is_nobodys(shop_tab: Tab, shop: Shop) -> None:
    shop.held[WORDS] = Event()
    last = shop.page(relooked(shop.hits(), [*range(29, -1, -1)]), stages=STAGES)
    shop.looked["hat"] = last
    shop_tab.open(f"{ADDRESS}&look=1")
    expect(shop_tab.looked).to_contain_text("Looking")
    shop_tab.page.get_by_role("searchbox").fill("hat")
    shop_tab.page.keyboard.press("Enter")
    expect(shop_tab.cards.first).to_have_attribute("data-id", shop.rows[29]["id"])
    shop.held[WORDS].set()
    shop_tab.page.wait_for_timeout(200)
    assert shop_tab.ids() == [row["id"] for row in reversed(shop.rows)][:24]
    expect(shop_tab.page.get_by_role("list", name="What the words ask for")).to_be_hidden()


def test_typing_looks_once(browser: Browser, stage: Stage, shop: Shop) -> None:
    stage.app = shop.app()
    with browser.new_context() as context:  # of its own: a clock stands still for all tabs of one
        tab = Tab(context.new_page(), stage.url)
        clock, box = tab.page.clock, tab.page.get_by_role("searchbox")
        clock.install(time=0)
        tab.open("/?look=1")
        clock.pause_at(3_600_000)
        for words in ("yellow", WORDS):
            box.fill(words)
            tab.after(lambda: clock.run_for(200))
            expect(tab.page.get_by_role("status")).to_contain_text("best match first")
            clock.run_for(800)
        expect(tab.looked).to_be_hidden()
        clock.run_for(200)
        expect(tab.looked).to_contain_text("Re-ranked")
        tab.check()
    assert [body["query"] for body in shop.searches] == ["yellow", WORDS, WORDS]
    assert [body["query"] for body in shop.looks] == [WORDS]


def test_a_failing_second_look_keeps_the_first_order(shop_tab: Tab, shop: Shop) -> None:
    shop_tab.expected = ["503"]
    shop.looked[WORDS] = 503
    shop_tab.open(f"{ADDRESS}&look=1")
    said = "Kept the first order⚠ No second look: The model does not answer. Try again later."
    expect(shop_tab.looked).to_have_text(said)
    expect(shop_tab.page.get_by_role("alert")).to_be_hidden()
    assert shop_tab.ids() == first_order(shop)
    shop_tab.after(shop_tab.page.get_by_role("button", name="Show more", exact=True).click)
    expect(shop_tab.cards).to_have_count(30)


def test_nothing_goes_on_where_the_first_order_fails_too(shop_tab: Tab) -> None:
    shop_tab.expected = ["503"]
    shop_tab.page.route("**/v1/search", lambda route: route.fulfill(status=503, json={"detail": "no shop"}))
    shop_tab.open(f"{ADDRESS}&look=1")
    expect(shop_tab.page.get_by_role("alert")).to_contain_text("no shop")
    expect(shop_tab.looked).to_be_hidden()


def test_what_both_stages_warn_of_is_said_once(shop_tab: Tab, shop: Shop) -> None:
    shop.warnings = ["nothing seems to match"]
    both = ["the model was too slow", *shop.warnings]
    shop.looked[WORDS] = looked_page(shop, warnings=both, nothing_matches=True)
    shop_tab.look(ADDRESS)
    expect(shop_tab.page.locator("#remarks")).to_have_text("Nothing seems to match.")
    expect(shop_tab.looked.locator(".warning")).to_have_text("⚠ The model was too slow.")


def test_what_a_stage_did(shop_tab: Tab, shop: Shop) -> None:
    told: list[tuple[Document, str]] = [
        ({}, "Re-ranked 50 in 312 ms, 37 moved"),
        ({"ended": "budget", "scored": 21}, "Re-ranked 21 of 50 in 312 ms, 37 moved, then time was up"),
        ({"ended": "settled", "scored": 30}, "Re-ranked 30 of 50 in 312 ms, 37 moved, the rest could change nothing"),
        ({"ended": "gate", "moved": 0}, "Kept the first order: no clear difference among 50 in 312 ms"),
        ({"ended": "failed", "scored": 0}, "Kept the first order"),
        ({"milliseconds": 1234.0}, "Re-ranked 50 in 1,234 ms, 37 moved"),
        ({"milliseconds": 0.2}, "Re-ranked 50 in 1 ms, 37 moved"),
    ]
    shop_tab.look(ADDRESS)
    for changes, said in told:
        shop.looked[WORDS] = looked_page(shop, stages=[{**STAGES[0], **changes}], warnings=["the model is slow"])
        shop_tab.page.get_by_role("searchbox").press("Enter")
        expect(shop_tab.looked).to_have_text(f"{said} · m-1⚠ The model is slow.")


def test_more_of_the_second_order(shop_tab: Tab, shop: Shop) -> None:
    shop_tab.look(ADDRESS)
    shop_tab.page.get_by_role("button", name="Show more", exact=True).click()
    expect(shop_tab.cards).to_have_count(30)
    assert shop_tab.ids() == [shop.rows[place]["id"] for place in ORDER]
    assert [body["k"] for body in shop.looks] == [24, 48]
    expect(shop_tab.cards.nth(24).get_by_role("button", name="Details")).to_be_focused()


def test_a_filter_goes_along_and_limits_count(shop_tab: Tab, shop: Shop) -> None:
    shop_tab.look(ADDRESS + "&f.colour=yellow")
    assert [body["filter"] for body in shop.searches] == ['`colour` in ["yellow"]']
    deadline = time.monotonic() + 10
    while shop.filters[-1] != "(price < 150)":  # values are counted when the hits are seen
        assert time.monotonic() < deadline, shop.filters
        shop_tab.page.wait_for_timeout(50)


def test_words_and_a_picture(shop_tab: Tab, shop: Shop, demo_folder: Path) -> None:
    shop_tab.look(ADDRESS)
    shop.searches.clear()
    shop_tab.drop(demo_folder / "images" / "demo-00011.jpg")
    expect(shop_tab.looked).to_contain_text("Re-ranked")
    asked = {"query": WORDS, "k": 24, "image_weight": "0.5", "rerank": "true", "explain": "10", "budget_ms": "2000"}
    assert {name: shop.looks[0][name] for name in asked} == asked
