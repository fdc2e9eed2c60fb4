"""What the words ask for, on the page in real Chromium: seen, edited, sent back."""

import pytest
from browsing import Tab
from canned import ADDRESS, ATOMS, WORDS
from canned_shop import Shop, looked_page
from playwright.sync_api import expect

pytestmark = pytest.mark.slow


def test_atoms_are_turned_taken_away_and_reset(shop_tab: Tab, shop: Shop) -> None:
    shop_tab.look(ADDRESS)
    chips = shop_tab.atoms.locator(".atom")
    expect(chips).to_have_text(["yellow✕", "hat✕", "not leather✕", "under 150✕"])
    expect(shop_tab.atoms.get_by_role("button", name="under 150", exact=True)).to_have_count(0)
    expect(shop_tab.atoms.get_by_role("button", name="Reset")).to_have_count(0)
    shop.searches.clear()

    leather = {**ATOMS[2], "negated": False, "text": "leather"}
    shop.looked[WORDS] = looked_page(shop, atoms=[*ATOMS[:2], leather, ATOMS[3]])
    shop_tab.atoms.get_by_role("button", name="not leather", exact=True).focus()
    shop_tab.after(lambda: shop_tab.page.keyboard.press("Enter"))
    expect(chips.nth(2)).to_have_text("leather✕")
    expect(shop_tab.atoms.get_by_role("button", name="leather", exact=True)).to_be_focused()
    shop.looked[WORDS] = looked_page(shop, atoms=[ATOMS[0], leather, ATOMS[3]])
    shop_tab.after(shop_tab.atoms.get_by_role("button", name="Do not look for hat").click)
    expect(chips).to_have_text(["yellow✕", "leather✕", "under 150✕"])
    assert [body["atoms"] for body in shop.searches] == [[*ATOMS[:2], leather, ATOMS[3]], [ATOMS[0], leather, ATOMS[3]]]

    shop_tab.page.reload()
    expect(chips).to_have_text(["yellow✕", "leather✕", "under 150✕"])
    expect(shop_tab.looked).to_contain_text("Re-ranked")
    sent = [{name: value for name, value in atom.items() if value} for atom in (ATOMS[0], leather, ATOMS[3])]
    assert shop.looks[-1]["atoms"] == sent  # they came with the address, which leaves out what they do not say

    shop.looked[WORDS] = looked_page(shop)
    shop_tab.after(shop_tab.atoms.get_by_role("button", name="Reset").click)
    expect(chips).to_have_text(["yellow✕", "hat✕", "not leather✕", "under 150✕"])
    assert "atoms" not in shop.looks[-1]
    expect(shop_tab.atoms.get_by_role("button", name="Reset")).to_have_count(0)


def test_nothing_left_to_look_for(shop_tab: Tab, shop: Shop) -> None:
    shop.looked[WORDS] = looked_page(shop, atoms=[ATOMS[0]])
    shop_tab.look(ADDRESS)
    shop.looked[WORDS] = looked_page(shop, atoms=[])
    shop_tab.after(shop_tab.atoms.get_by_role("button", name="Do not look for yellow").click)
    expect(shop_tab.atoms).to_have_text("Looking fornothing in particularReset")
    assert shop.looks[-1]["atoms"] == []


def test_other_words_are_read_anew(shop_tab: Tab, shop: Shop) -> None:
    shop.looked["hat"] = looked_page(shop, atoms=[ATOMS[1]])
    shop_tab.look(ADDRESS)
    shop_tab.after(shop_tab.atoms.get_by_role("button", name="yellow", exact=True).click)
    shop_tab.page.get_by_role("searchbox").fill("hat")
    shop_tab.page.keyboard.press("Enter")
    expect(shop_tab.atoms.locator(".atom")).to_have_text(["hat✕"])
    assert "atoms" not in shop.looks[-1]
