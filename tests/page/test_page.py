"""What a person does on the page, in a real browser: each answer is compared with the engine's own."""

import re
from pathlib import Path

import pytest
from browsing import Tab
from canned_shop import Shop, canned_server
from playwright.sync_api import Browser, expect

from shelfsight import Engine, Page

pytestmark = pytest.mark.slow
SHOWN = 24


def ids(page: Page) -> list[str]:
    return [hit.id for hit in page.hits]


def test_it_opens_on_the_shelf(tab: Tab) -> None:
    tab.open()
    expect(tab.cards).to_have_count(SHOWN)
    expect(tab.page.get_by_role("status")).to_have_text("96 items")
    tab.pictures_are_drawn()
    assert tab.page.title() == "Shelfsight"


def test_typing_finds(tab: Tab, page_engine: Engine) -> None:
    tab.open()
    tab.page.keyboard.press("/")
    expect(tab.page.get_by_role("searchbox")).to_be_focused()
    tab.after(lambda: tab.page.keyboard.type("yellow polka dot mug", delay=20))
    best = page_engine.search("yellow polka dot mug", k=SHOWN)
    expect(tab.cards.first).to_have_attribute("data-id", best.hits[0].id)
    tab.settled()
    assert tab.ids() == ids(best)
    first = tab.cards.first
    expect(first).to_contain_text(best.hits[0].title or "")
    assert best.hits[0].relevance is not None
    expect(first.locator(".score")).to_have_text(f"{best.hits[0].relevance:.0%} likely relevant")
    expect(first.locator(".score")).to_have_attribute("title", f"Cosine similarity {best.hits[0].score:.4f}")
    expect(first.locator(".price")).to_have_text(f"{best.hits[0].metadata['price']:,.2f}")
    tab.pictures_are_drawn()
    tab.page.keyboard.press("Escape")
    expect(tab.page.get_by_role("status")).to_have_text("96 items")
    expect(tab.page.get_by_role("searchbox")).to_have_value("")


def test_facets_filter(tab: Tab, page_engine: Engine) -> None:
    tab.open()
    tab.type("something soft")
    group = tab.page.get_by_role("group", name="Kind")
    tab.after(lambda: group.get_by_label("dress").check())
    tab.after(lambda: group.get_by_label("lamp").check())
    filter = 'kind in ["dress", "lamp"]'
    expected = page_engine.search("something soft", filter=filter, k=SHOWN, facets=["kind", "colour"])
    assert tab.ids() == ids(expected)
    for colour, count in expected.facets["colour"].items():
        expect(tab.page.get_by_role("group", name="Colour").get_by_label(colour, exact=False).first).to_be_visible()
        row = tab.page.get_by_role("group", name="Colour").locator(".choice", has_text=re.compile(f"^{colour}\\d+$"))
        expect(row.locator(".count")).to_have_text(str(count))
    mugs = group.locator(".choice", has_text=re.compile(r"^t-shirt\d+$"))
    expect(mugs.locator(".count")).to_have_text(str(page_engine.search("x", filter='kind == "t-shirt"').total))
    expect(tab.page.get_by_role("list", name="Active filters")).to_contain_text("Kind: dress")
    tab.after(lambda: tab.page.get_by_role("button", name="Remove Kind: dress").click())
    assert tab.ids() == ids(page_engine.search("something soft", filter='kind == "lamp"', k=SHOWN))


def test_price_range_and_nothing_found(tab: Tab, page_engine: Engine) -> None:
    tab.open("/?q=warm")
    low = tab.page.get_by_label("Price from")
    low.fill("50")
    tab.after(lambda: low.press("Enter"))
    assert tab.ids() == ids(page_engine.search("warm", filter="price >= 50", k=SHOWN))
    high = tab.page.get_by_label("Price to")
    high.fill("50.5")
    tab.after(lambda: high.blur())
    assert tab.ids() == ids(page_engine.search("warm", filter="price >= 50 and price <= 50.5", k=SHOWN))
    low = tab.page.get_by_label("Price from")
    low.fill("99999")
    tab.after(lambda: low.press("Enter"))
    expect(tab.page.get_by_role("alert")).to_contain_text("Nothing passes these filters")
    tab.after(lambda: tab.page.get_by_role("alert").get_by_role("button", name="Clear filters").click())
    assert tab.ids() == ids(page_engine.search("warm", k=SHOWN))


def test_a_dropped_picture_with_words(tab: Tab, page_engine: Engine, demo_folder: Path) -> None:
    picture = demo_folder / "images" / "demo-00011.jpg"
    tab.open()
    tab.drop(picture)
    assert tab.ids() == ids(page_engine.search(image=picture, k=SHOWN))
    assert tab.ids()[0] == "demo-00011"
    tab.type("in blue")
    assert tab.ids() == ids(page_engine.search("in blue", image=picture, k=SHOWN))
    slider = tab.page.get_by_role("slider", name="words picture")
    tab.after(lambda: slider.fill("0.2"))
    assert tab.ids() == ids(page_engine.search("in blue", image=picture, image_weight=0.2, k=SHOWN))
    tab.after(lambda: tab.page.get_by_role("button", name="Remove the picture").click())
    assert tab.ids() == ids(page_engine.search("in blue", k=SHOWN))


def test_a_chosen_file_that_is_no_picture(tab: Tab, tmp_path: Path) -> None:
    torn = tmp_path / "torn.jpg"
    torn.write_bytes(b"\xff\xd8\xff\xe0 and then nothing")
    tab.expected = ["422", "blob:"]
    tab.open()
    tab.after(lambda: tab.page.set_input_files("#file", torn))
    expect(tab.page.get_by_role("alert")).to_be_visible()


def test_details_and_back(tab: Tab, page_engine: Engine) -> None:
    tab.open("/?q=handbag")
    item = page_engine.get(tab.ids()[0])
    tab.cards.first.get_by_role("button", name="Details").click()
    dialog = tab.page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=2)).to_have_text(item.title or "")
    for name in ("brand", "category", "colour", "material"):
        expect(dialog.get_by_role("table")).to_contain_text(str(item.metadata[name]))
    tab.page.wait_for_function("() => document.querySelector('.stage img').naturalWidth > 320")
    with tab.page.expect_popup() as popup:
        dialog.get_by_role("link", name="Open the original").click()
    assert popup.value.url.endswith(f"/v1/items/{item.id}/pictures/0")
    tab.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    tab.after(lambda: tab.cards.nth(1).get_by_role("button", name="More like").click())
    tab.after(lambda: tab.page.go_back())
    assert tab.ids() == ids(page_engine.search("handbag", k=SHOWN))


def test_show_more_until_the_end(tab: Tab, page_engine: Engine) -> None:
    tab.open("/?q=chair&f.pattern=plain")
    expected = ids(page_engine.search("chair", filter='pattern == "plain"', k=100))
    more = tab.page.get_by_role("button", name="Show more", exact=True)
    while more.is_visible():
        tab.after(lambda: more.click())
    assert tab.ids() == expected


def test_an_address_can_be_shared(tab: Tab, page_engine: Engine) -> None:
    tab.open("/?q=green+shoe&f.kind=running+shoe&f.kind=boot&min.price=20&max.price=160")
    filter = 'kind in ["running shoe", "boot"] and price >= 20 and price <= 160'
    assert tab.ids() == ids(page_engine.search("green shoe", filter=filter, k=SHOWN))
    expect(tab.page.get_by_role("searchbox")).to_have_value("green shoe")
    expect(tab.page.get_by_role("group", name="Kind").get_by_label("boot")).to_be_checked()
    expect(tab.page.get_by_label("Price from")).to_have_value("20")
    tab.type("red shoe")
    assert "q=red+shoe" in tab.page.url
    assert "f.kind=boot" in tab.page.url


def test_a_bad_address_says_what_is_wrong(tab: Tab) -> None:
    tab.expected = ["422"]
    tab.open("/?q=shoe&f.nowhere=x")
    alert = tab.page.get_by_role("alert")
    expect(alert).to_contain_text("nowhere")
    tab.after(lambda: alert.get_by_role("button", name="Start again").click())
    expect(tab.page.get_by_role("status")).to_have_text("96 items")


def test_only_the_last_words_count(tab: Tab, page_engine: Engine) -> None:
    tab.open()
    box = tab.page.get_by_role("searchbox")
    for text in ("hat", "red", "mug", "sofa", "watch"):
        box.fill(text)
        tab.page.wait_for_timeout(45)
    best = page_engine.search("watch", k=SHOWN)
    expect(tab.cards.first).to_have_attribute("data-id", best.hits[0].id)
    tab.settled()
    assert tab.ids() == ids(best)


def slowed(tab: Tab) -> None:
    """From now on every answer takes its time."""
    tab.page.evaluate(
        """() => {
            const real = window.fetch;
            window.fetch = async (...asked) => {
                await new Promise((done) => setTimeout(done, 250));
                return real(...asked);
            };
        }"""
    )


def test_more_of_an_answer_that_is_being_replaced(tab: Tab, page_engine: Engine) -> None:
    tab.open("/?q=boots")
    slowed(tab)
    with tab.page.expect_response("**/v1/search"):
        tab.page.get_by_role("searchbox").fill("watch")
        expect(tab.page.locator("#progress")).to_be_visible()
        tab.page.evaluate("document.getElementById('more').click()")
    tab.settled()
    assert tab.ids() == ids(page_engine.search("watch", k=SHOWN))
    expect(tab.page.get_by_role("button", name="Show more", exact=True)).to_be_enabled()


def test_the_slider_outlives_an_answer(tab: Tab, page_engine: Engine, demo_folder: Path) -> None:
    picture = demo_folder / "images" / "demo-00011.jpg"
    tab.open("/?q=in+blue")
    tab.drop(picture)
    slider = tab.page.get_by_role("slider", name="words picture")
    slider.focus()
    for _ in range(3):
        tab.after(lambda: tab.page.keyboard.press("ArrowLeft"))
    expect(slider).to_have_value("0.35")
    assert tab.ids() == ids(page_engine.search("in blue", image=picture, image_weight=0.35, k=SHOWN))


def test_a_price_half_typed_outlives_an_answer(tab: Tab) -> None:
    tab.open("/?q=warm")
    slowed(tab)
    low = tab.page.get_by_label("Price from")
    low.fill("20")
    with tab.page.expect_response("**/v1/search"):
        low.press("Tab")
        tab.page.keyboard.type("9")
    tab.settled()
    expect(tab.page.get_by_label("Price to")).to_have_value("9")
    expect(tab.page.get_by_label("Price to")).to_be_focused()


def test_the_details_asked_for_last(tab: Tab, page_engine: Engine) -> None:
    tab.open("/?q=boots")
    first, second = tab.ids()[:2]
    tab.page.route(f"**/v1/items/{first}", lambda _route: None)  # its answer never comes
    with tab.page.expect_event("requestfailed", lambda request: request.url.endswith(first)):
        tab.page.evaluate("document.querySelectorAll('#grid .open')[0].click()")
        tab.page.evaluate("document.querySelectorAll('#grid .open')[1].click()")
    heading = tab.page.get_by_role("dialog").get_by_role("heading", level=2)
    expect(heading).to_have_text(page_engine.get(second).title or "")


def test_the_reference_page(tab: Tab) -> None:
    tab.page.goto(tab.url + "/docs")
    expect(tab.page.get_by_role("heading", name="The API")).to_be_visible()
    paths = tab.page.request.get(tab.url + "/openapi.json").json()["paths"]
    expect(tab.page.locator(".operation")).to_have_count(sum(len(methods) for methods in paths.values()))
    expect(tab.page.locator(".operation").first).to_contain_text("/v1/search")


def test_the_server_goes_away(browser: Browser, shop: Shop) -> None:
    with browser.new_context() as context:
        with canned_server(shop) as url:
            tab = Tab(context.new_page(), url)
            tab.open()
        tab.page.get_by_role("searchbox").fill("mug")
        expect(tab.page.get_by_role("alert")).to_contain_text("The server cannot be reached")
