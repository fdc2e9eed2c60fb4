"""What a hit says of itself on the page, in real Chromium: ranks, claims, and what lies over the picture."""

import io
import re
from typing import Any

import numpy as np
import pytest
from browsing import Tab
from canned import ADDRESS, BOX, WORDS, picture_claim
from canned_shop import Shop, canned_server, looked_page
from PIL import Image
from playwright.sync_api import Browser, Locator, expect

pytestmark = pytest.mark.slow


# --- what a hit says ------------------------------------------------------------------------------------------------


def test_a_card(shop_tab: Tab) -> None:
    shop_tab.look(ADDRESS)
    first, second, fourth = (shop_tab.cards.nth(place) for place in (0, 1, 3))
    expect(first.locator(".rank")).to_have_text("#1 ▲ was 7")
    expect(second.locator(".rank")).to_have_text("#2")
    expect(fourth.locator(".rank")).to_have_text("#4 ▼ was 1")
    expect(first.locator(".score")).to_have_text("97% likely relevant")
    expect(first.locator(".score")).to_have_attribute("title", "Cosine similarity 0.3300")
    expect(first.locator(".sentence")).to_have_text("It is yellow and under 150.")
    names = [
        "yellow: yes (93% likely, by the picture)",
        "hat: no (by the catalogue: kind = sunglasses)",
        "not leather: cannot tell (48% likely, by the picture)",
        "under 150: yes (by the catalogue: price = 95.95)",
    ]
    chips = first.get_by_role("list", name="What the item was checked for").get_by_role("button")
    expect(chips).to_have_count(4)
    for place, (name, sign) in enumerate(zip(names, "✓✗?✓", strict=True)):
        expect(chips.nth(place)).to_have_accessible_name(name)
        expect(chips.nth(place).locator(".sign")).to_have_text(sign)
    expect(second.get_by_role("list")).to_have_count(0)


def test_grades_and_extremes(shop_tab: Tab, shop: Shop) -> None:
    page = looked_page(shop)
    graded = {**picture_claim("yellow", "yes", 0.75), "graded": True}
    nobody = {**picture_claim("hat", "cannot tell", 0.5), "source": "none", "evidence": {}}
    sure, unsure = picture_claim("round", "yes", 0.9999), picture_claim("square", "no", 0.0001)
    page["hits"][0] |= {"graded": True, "relevance": 0.9999}
    page["hits"][0]["explanation"] = {"sentence": "", "claims": [graded, nobody, sure, unsure]}
    shop.looked[WORDS] = page
    shop_tab.look(ADDRESS)
    expect(shop_tab.cards.first.locator(".score")).to_have_text(">99% likely relevant")
    expect(shop_tab.cards.first.locator(".score")).to_have_attribute(
        "title", re.compile("A rough grade, no probability")
    )
    expect(shop_tab.cards.first.locator(".sentence")).to_have_count(0)
    expect(shop_tab.claim("yellow")).to_have_accessible_name("yellow: yes (75% likely, a rough grade, by the picture)")
    expect(shop_tab.claim("hat")).to_have_accessible_name("hat: cannot tell (nothing to go by)")
    expect(shop_tab.claim("round")).to_have_accessible_name("round: yes (>99% likely, by the picture)")
    expect(shop_tab.claim("square")).to_have_accessible_name("square: no (<1% likely, by the picture)")


def pixels(place: Locator) -> np.ndarray[Any, np.dtype[np.int32]]:
    """(height, width, 3): what is seen there."""
    return np.asarray(Image.open(io.BytesIO(place.screenshot())).convert("RGB"), np.int32)


def test_evidence_by_pointer(shop_tab: Tab) -> None:
    shop_tab.look(ADDRESS)
    shop_tab.claim("yellow").hover()
    expect(shop_tab.evidence.locator(".caption")).to_have_text("93% likely, by the picture")
    expect(shop_tab.evidence.locator("image.heat")).to_have_count(1)
    shop_tab.claim("hat").hover()
    expect(shop_tab.evidence.locator(".caption")).to_have_text("by the catalogue: kind = sunglasses")
    expect(shop_tab.evidence.locator("image, .box")).to_have_count(0)
    shop_tab.claim("yellow").click()
    shop_tab.page.mouse.move(5, 5)
    expect(shop_tab.evidence).to_have_count(1)  # pressed, it stays
    shop_tab.claim("yellow").click()
    shop_tab.page.mouse.move(5, 5)
    expect(shop_tab.evidence).to_have_count(0)
    expect(shop_tab.page.get_by_role("dialog")).to_be_hidden()


def test_evidence_by_keyboard(shop_tab: Tab) -> None:
    shop_tab.look(ADDRESS)
    shop_tab.cards.first.get_by_role("button", name="Details").focus()
    shop_tab.page.keyboard.press("Tab")
    expect(shop_tab.claim("yellow")).to_be_focused()
    expect(shop_tab.evidence.locator(".box")).to_have_count(1)
    shop_tab.page.keyboard.press("Escape")
    expect(shop_tab.evidence).to_have_count(0)
    shop_tab.page.keyboard.press("Enter")
    expect(shop_tab.claim("yellow")).to_have_attribute("aria-pressed", "true")
    shop_tab.page.keyboard.press("Tab")
    expect(shop_tab.evidence.locator(".caption")).to_have_text("by the catalogue: kind = sunglasses")
    for _ in range(3):
        shop_tab.page.keyboard.press("Tab")
    expect(shop_tab.cards.first.get_by_role("button", name="More like")).to_be_focused()
    expect(shop_tab.evidence.locator(".caption")).to_have_text("93% likely, by the picture")


def test_the_box_and_the_heat_lie_where_the_picture_lies(shop_tab: Tab) -> None:
    """The picture is drawn square in a square frame; box and heat are shares of it. Heat is orange in the box only."""
    shop_tab.look(ADDRESS)
    frame = shop_tab.cards.first.locator(".frame")
    shop_tab.page.wait_for_function("() => document.querySelector('.frame img').naturalWidth > 0")
    before = pixels(frame)
    shop_tab.claim("yellow").focus()
    shop_tab.page.locator(".caption").evaluate("caption => caption.remove()")
    shop_tab.page.wait_for_timeout(300)
    after = pixels(frame)
    whole, box = frame.bounding_box(), frame.locator(".box").bounding_box()
    assert whole is not None
    assert box is not None
    left, top, right, bottom = BOX
    assert box["x"] - whole["x"] == pytest.approx(left * whole["width"], abs=3)
    assert box["y"] - whole["y"] == pytest.approx(top * whole["height"], abs=3)
    assert box["width"] == pytest.approx((right - left) * whole["width"], abs=6)
    assert box["height"] == pytest.approx((bottom - top) * whole["height"], abs=6)
    changed = np.abs(after - before).sum(axis=2)
    side = changed.shape[0]
    assert changed[int(0.65 * side) : int(0.75 * side), int(0.45 * side) : int(0.55 * side)].mean() > 60
    assert changed[: int(0.25 * side), int(0.4 * side) :].mean() < 2


def test_evidence_of_another_picture_shows_that_picture(shop_tab: Tab, shop: Shop) -> None:
    shop.looked[WORDS] = looked_page(shop, claims=[picture_claim("yellow", "yes", 0.9, picture_index=1)])
    shop_tab.look(ADDRESS)
    shop_tab.claim("yellow").hover()
    expect(shop_tab.evidence.locator("image.other")).to_have_attribute("href", re.compile(r"/pictures/1/thumbnail"))


# --- phones, darkness, eyes -----------------------------------------------------------------------------------------

CONTRAST = """(selector) => [...document.querySelectorAll(selector)].map((element) => {
  const parts = (colour) => {
    const [r, g, b, alpha = 1] = colour.match(/[\\d.]+/g).map(Number);
    const most = colour.startsWith("color(") ? 1 : 255;
    return { light: [r, g, b].map((value) => value / most), alpha };
  };
  const luminance = (colour) => {
    const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = parts(colour).light.map(linear);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let behind = element;
  while (parts(getComputedStyle(behind).backgroundColor).alpha === 0) behind = behind.parentElement;
  const colours = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor];
  const [more, less] = colours.map(luminance).sort((x, y) => y - x);
  return (more + 0.05) / (less + 0.05);
})"""
"""Contrast of text and ground as WCAG 2 defines it."""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone(browser: Browser, shop: Shop, theme: Any) -> None:
    shop.looked[WORDS] = looked_page(shop, warnings=["the model is slow"])
    options: Any = {
        "viewport": {"width": 375, "height": 700},
        "color_scheme": theme,
        "has_touch": True,
        "is_mobile": True,
    }
    with canned_server(shop) as url, browser.new_context(**options) as context:
        tab = Tab(context.new_page(), url)
        tab.look(ADDRESS)
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= 375
        for part in (".claim", ".atom .words", ".looked", ".warning", ".switch", ".sentence", ".rank .was", ".score"):
            ratios = tab.page.evaluate(CONTRAST, part)
            assert min(ratios) >= 4.5, part
        tab.claim("yellow").tap()
        expect(tab.evidence.locator(".box")).to_have_count(1)
        tab.claim("yellow").tap()
        expect(tab.evidence).to_have_count(0)
        tab.switch.tap()
        expect(tab.looked).to_be_hidden()
        dialog = tab.details()
        assert dialog.evaluate("dialog => dialog.scrollWidth <= dialog.clientWidth")
        ratios = tab.page.evaluate(CONTRAST, ".ask .note, .ask-form .button")
        assert min(ratios) >= 4.5
        tab.check()
