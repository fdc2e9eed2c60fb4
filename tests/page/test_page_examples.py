"""More like this, less like this, two side by side, and why an item is where it is: on the page, in real Chromium."""

import pytest
from browsing import Tab
from canned import ADDRESS, WORDS, atom
from canned_reasons import reasons
from canned_shop import Shop, looked_page
from playwright.sync_api import expect

from shelfsight import Engine, Page

pytestmark = pytest.mark.slow
SHOWN = 24


def ids(page: Page) -> list[str]:
    return [hit.id for hit in page.hits]


# --- examples -------------------------------------------------------------------------------------------------------


def test_more_and_less_like_these(tab: Tab, page_engine: Engine) -> None:
    tab.open()
    expect(tab.cards.first.get_by_role("button", name="Less like")).to_have_count(0)  # than what?
    more = tab.ids()[3]
    tab.after(lambda: tab.cards.nth(3).get_by_role("button", name="More like").click())
    assert tab.ids() == ids(page_engine.search(like=[more], k=SHOWN))
    expect(tab.page.locator(".chip")).to_have_text(f"Like “{page_engine.get(more).title}”")
    tab.type("in red")
    assert tab.ids() == ids(page_engine.search("in red", like=[more], k=SHOWN))
    less = tab.ids()[1]
    tab.after(lambda: tab.cards.nth(1).get_by_role("button", name="Less like").click())
    assert tab.ids() == ids(page_engine.search("in red", like=[more], unlike=[less], k=SHOWN))
    expect(tab.page.locator(".chip.not")).to_have_text(f"Not like “{page_engine.get(less).title}”")
    assert tab.page.url.endswith(f"?q=in+red&like={more}&unlike={less}")
    tab.page.reload()
    tab.settled()
    assert tab.ids() == ids(page_engine.search("in red", like=[more], unlike=[less], k=SHOWN))
    tab.after(tab.page.locator(".chip").first.get_by_role("button").click)
    assert tab.ids() == ids(page_engine.search("in red", unlike=[less], k=SHOWN))
    tab.type("")
    assert tab.ids() == ids(page_engine.browse(k=SHOWN))
    expect(tab.page.locator(".chip")).to_have_count(0)


def test_who_is_wanted_is_no_longer_unwanted(shop_tab: Tab, shop: Shop) -> None:
    one, other = (row["id"] for row in shop.rows[:2])
    shop_tab.open(f"/?q=hat&like={one}&unlike={other}")
    shop_tab.after(shop_tab.cards.nth(1).get_by_role("button", name="More like").click)
    assert shop.searches[-1]["like"] == [one, other]
    assert "unlike" not in shop.searches[-1]
    shop_tab.after(shop_tab.page.go_back)
    assert (shop.searches[-1]["like"], shop.searches[-1]["unlike"]) == ([one], [other])


# --- side by side ---------------------------------------------------------------------------------------------------


def test_two_side_by_side(shop_tab: Tab, shop: Shop) -> None:
    page = looked_page(shop)
    page["hits"][1]["explanation"] = {
        "sentence": "It is round.",
        "claims": page["hits"][0]["explanation"]["claims"][:1],
    }
    shop.looked[WORDS] = page
    shop_tab.look(ADDRESS)
    first, second = (row for row in (shop.rows[6], shop.rows[1]))
    tray = shop_tab.page.get_by_role("region", name="To compare")
    shop_tab.cards.first.get_by_role("button", name="Compare").click()
    expect(tray).to_contain_text("Choose another")
    shop_tab.cards.nth(1).get_by_role("button", name="Compare").click()
    expect(tray).to_be_hidden()
    dialog = shop_tab.page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=3)).to_have_text([first["title"], second["title"]])
    expect(dialog.locator(".sentence")).to_have_text(["It is yellow and under 150.", "It is round."])
    expect(dialog.locator(".claim")).to_have_count(5)
    differ = [
        name for name in ("brand", "category", "kind", "colour", "pattern", "material") if first[name] != second[name]
    ]
    same = [name for name in first if first[name] == second[name] and first[name] and name not in ("image", "title")]
    rows = dialog.get_by_role("table").nth(0).get_by_role("row")
    texts = [f"{name.capitalize()}{first[name]}{second[name]}" for name in differ]
    for text in texts:
        expect(rows.filter(has_text=text)).to_have_count(1)
    same_rows = dialog.get_by_role("table", name="The same in both").locator("tbody tr")
    assert sorted(same_rows.all_text_contents()) == sorted(f"{name.capitalize()}{first[name]}" for name in same)
    assert shop_tab.page.url.endswith(f"&vs={first['id']}&vs={second['id']}")
    shop_tab.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(tray).to_contain_text("Choose another")  # as before the second was chosen
    tray.get_by_role("button", name="Compare nothing").click()
    expect(tray).to_be_hidden()


def test_a_comparison_that_was_shared(shop_tab: Tab, shop: Shop) -> None:
    one, other = (row["id"] for row in shop.rows[:2])
    shop.rows[1] = {name: f"{value}0" if name == "price" else f"other {value}" for name, value in shop.rows[0].items()}
    shop.rows[1] |= {"id": other, "image": shop.rows[0]["image"]}  # the two have nothing in common
    shop_tab.open(f"/?vs={one}&vs={other}")
    dialog = shop_tab.page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Compare")).to_be_visible()
    expect(dialog.get_by_text("null")).to_have_count(0)
    shop_tab.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(shop_tab.page).to_have_url(shop_tab.url + "/")


# --- why it is here -------------------------------------------------------------------------------------------------


def test_why_it_is_here(shop_tab: Tab, shop: Shop) -> None:
    told = reasons(shop, 13)
    shop.whys[told["id"]] = told
    shop_tab.open("/?q=red+hat&f.colour=red&sort=price")
    shop_tab.cards.nth(13).get_by_role("button", name="Why is it here").click()
    dialog = shop_tab.page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=2)).to_have_text(told["title"])
    expect(dialog.locator(".why-head .note")).to_have_text("Number 14 of 1,812")
    expect(dialog.locator(".lead")).to_have_text(told["sentence"])
    expect(dialog.locator(".stages li")).to_have_text(
        ["By pictures#310.301", "After rules#12 ▲ up 19boosted", "In the list#14 ▼ down 2"]
    )
    expect(dialog.locator(".verdicts").first.locator("li")).to_have_text(
        ["✓passes: price < 80 has 62", '✗fails: colour == "red" has nothing there (rule)']
    )
    expect(dialog.locator(".verdicts").nth(1).locator("li")).to_have_text(["✓passes: red", "✗fails: hat"])
    expect(dialog).to_contain_text("boost boost summer \u00d7 2 line 12")
    expect(dialog.locator(".above .note")).to_have_text("#13 · 10% likelier, looks 0.020 more alike · pinned")
    expect(dialog).to_contain_text("A boost of 2.4 would put it first.")
    asked = {"query": "red hat", "k": 24, "filter": '`colour` in ["red"]', "sort": ["price"], "id": told["id"]}
    assert shop.asked_why == [asked]
    assert f"why={told['id']}" in shop_tab.page.url
    dialog.get_by_role("button", name=told["above"][0]["title"]).click()
    expect(dialog.get_by_role("heading", level=2)).to_have_text(told["above"][0]["title"])
    expect(dialog.get_by_label("Your question")).to_be_visible()
    shop_tab.page.go_back()
    expect(dialog.locator(".lead")).to_have_text(told["sentence"])


def test_why_it_is_here_with_limits_in_the_words(shop_tab: Tab, shop: Shop) -> None:
    told, limit = reasons(shop, 13), atom("under 150", "limit", filter="price < 150")
    shop.whys[told["id"]], shop.atoms["hat under 150"] = told, [limit]
    shop_tab.open(f"/?q=hat+under+150&why={told['id']}")
    expect(shop_tab.page.get_by_role("dialog").locator(".lead")).to_have_text(told["sentence"])
    assert [body["atoms"] for body in shop.asked_why] == [[limit]]  # as the list is bounded


def test_why_another_is_not_here(shop_tab: Tab, shop: Shop) -> None:
    shop_tab.expected = ["404"]
    told = reasons(shop, 1)
    hidden = {**reasons(shop, 2), "rank": None, "outcome": "hidden", "sentence": "A rule hides it.", "stages": []}
    shop.whys = {told["id"]: told, hidden["id"]: hidden}
    shop_tab.open(f"/?q=hat&why={told['id']}")
    dialog = shop_tab.page.get_by_role("dialog")
    dialog.get_by_label("Why is another item").fill(hidden["id"])
    shop_tab.page.keyboard.press("Enter")
    expect(dialog.locator(".lead")).to_have_text("A rule hides it.")
    expect(dialog.locator(".why-head .note")).to_have_text("Not in the list: hidden")
    expect(dialog.get_by_role("heading", name="How it got there")).to_have_count(0)
    dialog.get_by_label("Why is another item").fill("nowhere")
    shop_tab.page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_have_text("the model does not answer try again later")
    expect(dialog.locator(".lead")).to_have_text("A rule hides it.")
