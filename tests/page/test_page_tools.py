"""How hits are found, ordered and bounded on the page, in real Chromium: each answer is compared with the engine's."""

import re

import pytest
from browsing import Tab
from canned import WORDS, atom
from canned_shop import Shop
from playwright.sync_api import expect

from shelfsight import Engine, Page

pytestmark = pytest.mark.slow
SHOWN = 24


def ids(page: Page) -> list[str]:
    return [hit.id for hit in page.hits]


def test_the_order_of_prices(tab: Tab, page_engine: Engine) -> None:
    tab.open("/?q=warm")
    assert tab.ids() == ids(page_engine.search("warm", k=SHOWN))
    order = tab.page.get_by_label("Order", exact=True)
    tab.after(lambda: order.select_option("Price, lowest first"))
    assert tab.ids() == ids(page_engine.search("warm", sort=["price"], k=SHOWN)) == []  # nothing is likely to be that
    notice = tab.page.get_by_role("alert")
    expect(notice).to_contain_text("Nothing matches “warm” well enough")
    tab.after(notice.get_by_role("button", name="Show the closest").click)
    assert tab.ids() == ids(page_engine.search("warm", k=SHOWN))
    tab.type("dress")
    tab.after(lambda: order.select_option("Price, highest first"))
    assert tab.ids() == ids(page_engine.search("dress", sort=["-price"], k=SHOWN)) != []
    assert "sort=-price" in tab.page.url
    tab.type("")
    assert tab.ids() == ids(page_engine.browse(sort=["-price"], k=SHOWN))
    tab.after(lambda: order.select_option("In catalogue order"))
    assert tab.ids() == ids(page_engine.browse(k=SHOWN))


def test_words_count_too(tab: Tab, page_engine: Engine) -> None:
    tab.open("/?q=Tickenhurst+hat")
    vector, hybrid = (ids(page_engine.search("Tickenhurst hat", mode=mode, k=SHOWN)) for mode in ("vector", "hybrid"))
    assert tab.ids() == vector != hybrid
    tab.after(lambda: tab.page.get_by_label("Pictures and words").check())
    assert tab.ids() == hybrid
    assert "mode=hybrid" in tab.page.url
    tab.after(tab.page.go_back)
    expect(tab.page.get_by_label("Pictures", exact=True)).to_be_checked()
    assert tab.ids() == vector


def test_only_what_is_likely(tab: Tab, page_engine: Engine) -> None:
    tab.open("/?q=yellow+polka+dot+mug")
    tab.after(lambda: tab.page.get_by_label("Relevance").select_option("10% or likelier"))
    likely = page_engine.search("yellow polka dot mug", min_relevance=0.1, k=SHOWN)
    assert 0 < likely.total < 96
    assert tab.ids() == ids(likely)
    assert "least=0.1" in tab.page.url
    tab.type("quantum physics")
    assert page_engine.search("quantum physics", min_relevance=0.1).total == 0
    alert = tab.page.get_by_role("alert")
    expect(alert).to_contain_text("Nothing matches “quantum physics”.")
    tab.after(lambda: alert.get_by_role("button", name="Show the closest").click())
    assert tab.ids() == ids(page_engine.search("quantum physics", k=SHOWN))
    said = "Nothing in the collection seems to be what was asked for; what is nearest is shown."
    expect(tab.page.locator("#remarks")).to_have_text(said)


def test_a_thumb_of_the_price_slider(tab: Tab, page_engine: Engine) -> None:
    tab.open("/?q=warm")
    low = tab.page.get_by_role("slider", name="Price, lowest")
    least, most = (float(low.get_attribute(name) or "") for name in ("min", "max"))
    prices = [float(str(hit.metadata["price"])) for hit in page_engine.browse(k=96).hits]
    assert least <= min(prices)
    assert sum(price <= most for price in prices) >= 0.95 * len(prices)
    expect(tab.page.locator(".bars rect.out")).to_have_count(0)
    tab.after(lambda: low.fill("100"))
    assert tab.ids() == ids(page_engine.search("warm", filter="price >= 100", k=SHOWN))
    assert tab.page.url.endswith("min.price=100")
    expect(tab.page.get_by_label("Price from")).to_have_value("100")
    expect(tab.page.get_by_role("slider", name="Price, lowest")).to_be_focused()
    assert tab.page.locator(".bars rect.out").count() > 0
    tab.after(lambda: tab.page.keyboard.press("End"))  # not past the other one
    expect(tab.page.get_by_role("slider", name="Price, lowest")).to_have_value(str(int(most)))
    tab.after(lambda: tab.page.get_by_role("button", name="Remove Price").click())
    assert tab.ids() == ids(page_engine.search("warm", k=SHOWN))


def test_bars_are_counts(tab: Tab, page_engine: Engine) -> None:
    """Bars of what all other choices leave, as high as many items they stand for."""
    tab.open("/?f.kind=mug&min.price=15")
    high = float(tab.page.get_by_role("slider", name="Price, highest").get_attribute("max") or "")
    filter = f'kind == "mug" and price <= {high}'
    counts = page_engine.browse(filter=filter, histograms=["price"], k=1).histograms["price"].counts
    expect(tab.page.locator(".bars rect")).to_have_count(len(counts))
    heights = [float(bar.get_attribute("height") or "") for bar in tab.page.locator(".bars rect").all()]
    assert heights == pytest.approx([max(2, 44 * count / max(counts)) if count else 0 for count in counts])


def test_the_slider_by_pointer(shop_tab: Tab, shop: Shop) -> None:
    shop_tab.open("/?q=hat")
    expect(shop_tab.page.locator(".bars rect")).to_have_count(4)
    thumb = shop_tab.page.get_by_role("slider", name="Price, highest")
    box = thumb.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    shop_tab.page.mouse.move(box["x"] + box["width"] - 8, middle)
    shop_tab.page.mouse.down()
    shop_tab.page.mouse.move(box["x"] + box["width"] / 2, middle, steps=4)
    expect(shop_tab.page.get_by_label("Price to")).not_to_have_value("")  # said while it is held
    before = len(shop.searches)
    shop_tab.after(shop_tab.page.mouse.up)
    found = re.fullmatch(r"`price` <= (\d+)", shop.searches[-1]["filter"])
    assert len(shop.searches) == before + 1
    assert found is not None
    least, most = (float(thumb.get_attribute(name) or "") for name in ("min", "max"))
    assert float(found[1]) == pytest.approx((least + most) / 2, abs=0.03 * (most - least))


def test_typing_asks_for_no_counts_again(shop_tab: Tab, shop: Shop) -> None:
    shop_tab.open("/?f.colour=red")
    expect(shop_tab.page.locator(".bars rect")).to_have_count(4)
    assert len(shop.filters) == 2  # the values of all, and of what else the colour could be
    browsed, filters = len(shop.browsed), len(shop.filters)
    shop_tab.type("hat")
    shop_tab.type("red hat")
    shop_tab.page.wait_for_timeout(200)
    assert (len(shop.browsed), len(shop.filters)) == (browsed, filters)


def test_counts_of_what_is_likely(shop_tab: Tab, shop: Shop) -> None:
    """Where words leave items out, other choices count what they leave too."""
    shop_tab.open("/?q=hat&f.colour=red&least=0.25")
    expect(shop_tab.page.locator(".bars rect")).to_have_count(4)
    few = {"query": "hat", "k": 1, "offset": 0, "min_relevance": 0.25}
    spread = {"filter": '`colour` in ["red"] and `price` <= 200', "histograms": ["price"]}
    counted = sorted((body for body in shop.searches if body["k"] == 1), key=len)
    assert counted == [{**few, "facets": ["colour"]}, {**few, **spread}]


def test_limits_in_the_words_bound_the_hits(shop_tab: Tab, shop: Shop) -> None:
    """Without a second look too: what was read of the words goes along once there is a limit among it."""
    limit = atom("under 150", "limit", filter="price < 150")
    shop.atoms[WORDS] = [atom("yellow"), limit]
    shop_tab.open("/?q=" + WORDS.replace(" ", "+"))
    expect(shop_tab.atoms.locator(".atom")).to_have_text(["yellow✕", "under 150✕"])
    assert [body.get("atoms") for body in shop.searches] == [None, [atom("yellow"), limit]]
    expect(shop_tab.page.locator("#progress")).to_be_hidden()
    shop_tab.after(shop_tab.atoms.get_by_role("button", name="Do not look for under 150").click)
    assert shop.searches[-1]["atoms"] == [atom("yellow")]
    shop_tab.after(shop_tab.atoms.get_by_role("button", name="yellow", exact=True).click)
    assert shop.searches[-1]["atoms"] == [{**atom("yellow"), "negated": True, "text": "not yellow"}]
