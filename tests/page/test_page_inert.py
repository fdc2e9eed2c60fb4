"""What a model says cannot act on the page, whatever it says: in real Chromium."""

import base64

import pytest
from browsing import Tab
from canned import ADDRESS, STAGES, WORDS, atom, catalogue_claim, heat_map, picture_claim
from canned_shop import Shop, looked_page
from playwright.sync_api import expect

pytestmark = pytest.mark.slow

ATTACK = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script><b>bold</b>\u2028{}'


def test_texts_of_a_model_stay_text(shop_tab: Tab, shop: Shop) -> None:
    shop.suggestions = {ATTACK: {"value": ATTACK, "probability": 0.5, "model": ATTACK}}
    shop.answers = [{"answer": ATTACK, "stop": ATTACK, "model": ATTACK, "milliseconds": 3.0}]
    shop.streams = True
    claims = [
        {**picture_claim(ATTACK, "yes", 0.9), "kind": ATTACK},
        {**picture_claim("strange", ATTACK, 0.9), "source": ATTACK},
        catalogue_claim("field", "no", ATTACK, ATTACK),
    ]
    atoms = [atom(ATTACK), atom(ATTACK, negated=True), atom(ATTACK, "limit", filter=ATTACK)]
    page = looked_page(
        shop, claims=claims, atoms=atoms, warnings=[ATTACK], stages=[{**STAGES[0], "model": ATTACK, "ended": ATTACK}]
    )
    page["hits"][0]["explanation"]["sentence"] = ATTACK
    shop.looked[WORDS] = page
    shop_tab.look(ADDRESS)
    expect(shop_tab.looked).to_contain_text(ATTACK)
    expect(shop_tab.atoms.locator(".atom")).to_have_text([f"{ATTACK}✕", f"not {ATTACK}✕", f"{ATTACK}✕"])
    expect(shop_tab.cards.first.locator(".sentence")).to_have_text(ATTACK)
    for place in range(3):
        shop_tab.cards.first.locator(".claim").nth(place).hover()
        expect(shop_tab.evidence.locator(".caption")).to_be_visible()
    expect(shop_tab.cards.first.locator(".claim").nth(1)).to_have_class("claim unsure")
    dialog = shop_tab.details()
    expect(dialog.locator(".suggested dd")).to_contain_text(ATTACK)
    dialog.get_by_label("Your question").fill(ATTACK)
    dialog.get_by_label("Your question").press("Enter")
    expect(dialog.locator(".turn")).to_have_text(f"{ATTACK}{ATTACK}{ATTACK} · 3 ms")
    assert shop_tab.page.evaluate("window.hacked") is None
    assert shop_tab.page.locator("[onerror], img[src='x'], body script, #results b:not(.atom b), dialog b").count() == 0


def test_what_is_no_heat_map_is_left_out(shop_tab: Tab, shop: Shop) -> None:
    drawing = base64.b64encode(b'<svg xmlns="http://www.w3.org/2000/svg" onload="window.hacked=1"></svg>').decode()
    uris = (
        "https://127.0.0.1:9/heat.png",
        "/v1/items",
        "javascript:window.hacked=1",
        f"data:image/svg+xml;base64,{drawing}",
        f"data:image/png;base64,{drawing}",
        "data:image/png;base64,iVBORw0KGgo",
        "data:image/png;base64,A",
        "data:image/png;base64,!!!!",
        heat_map() + "\n<script>",
        7,
        None,
    )
    claims = [picture_claim(f"claim {place}", "yes", 0.01 * place, heat_map=uri) for place, uri in enumerate(uris)]
    shop.looked[WORDS] = looked_page(shop, claims=claims)
    shop_tab.look(ADDRESS)
    shop_tab.page.wait_for_function("() => document.querySelector('.frame img').naturalWidth > 0")
    for place in range(len(uris)):
        shop_tab.claim(f"claim {place}").hover()
        expect(shop_tab.evidence.locator(".caption")).to_have_text(f"{place}% likely, by the picture")
        expect(shop_tab.evidence.locator(".box")).to_have_count(1)
        expect(shop_tab.evidence.locator("image")).to_have_count(0)
    assert shop_tab.page.evaluate("window.hacked") is None


def test_what_is_no_box_is_left_out(shop_tab: Tab, shop: Shop) -> None:
    boxes = ([0, 0, 1], [0.5, 0.5, 0.5, 0.9], ["0", 0, 1, 1], "0011", {"0": 1}, [0.9, 0, 0.1, 1])
    claims = [picture_claim(f"claim {place}", "yes", 0.01 * place, box=box) for place, box in enumerate(boxes)]
    shop.looked[WORDS] = looked_page(shop, claims=claims)
    shop_tab.look(ADDRESS)
    for place in range(len(boxes)):
        shop_tab.claim(f"claim {place}").hover()
        expect(shop_tab.evidence.locator(".caption")).to_have_text(f"{place}% likely, by the picture")
        expect(shop_tab.evidence.locator("image.heat")).to_have_count(1)
        expect(shop_tab.evidence.locator(".box")).to_have_count(0)
