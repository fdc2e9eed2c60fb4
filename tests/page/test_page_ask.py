"""An item's details on the page, in real Chromium: why it was found, what a model suggests, and asking about it."""

from threading import Event

import pytest
from browsing import Tab
from canned import ADDRESS, WORDS
from canned_shop import Shop, looked_page
from playwright.sync_api import expect

pytestmark = pytest.mark.slow


def test_details_with_claims_and_suggestions(shop_tab: Tab, shop: Shop) -> None:
    shop.suggestions = {
        "caption": {"value": "a pair of sunglasses", "probability": None, "model": "m-1@abc"},
        "pattern": {"value": "striped", "probability": 0.724, "model": "m-1@abc"},
    }
    shop.looked[WORDS] = looked_page(shop)
    shop_tab.look(ADDRESS)
    dialog = shop_tab.details()
    why = dialog.get_by_role("region", name="Why it is here")
    expect(why).to_contain_text("#1 ▲ was 7It is yellow and under 150.")
    because = [
        "93% likely, by the picture",
        "by the catalogue: kind = sunglasses",
        "48% likely, by the picture",
        "by the catalogue: price = 95.95",
    ]
    expect(why.locator(".because")).to_have_text(because)
    why.get_by_role("button", name="yellow").hover()
    expect(dialog.locator(".stage > .evidence .box")).to_have_count(1)
    dialog.get_by_role("button", name="Picture 2").click()
    expect(dialog.locator(".stage > .evidence")).to_have_count(0)
    suggested = dialog.locator(".suggested")
    expect(suggested.get_by_role("heading")).to_have_text("Suggested by m-1@abc")
    expect(suggested.locator("dd")).to_have_text(["a pair of sunglasses", "striped 72% likely"])
    expect(dialog.get_by_role("table")).not_to_contain_text("striped")
    expect(dialog.get_by_role("table").get_by_role("row", name="Pattern")).to_have_text("Patternplain")


def test_asking_in_turns(shop_tab: Tab, shop: Shop) -> None:
    shop.answers = [
        {"answer": "It is yellow.", "stop": "end", "model": "m-1", "milliseconds": 231.4},
        {"answer": "It is made of", "stop": "max_tokens", "model": "m-1", "milliseconds": 90.0},
    ]
    shop.held["Which colour?"] = Event()
    shop_tab.open(ADDRESS)
    dialog = shop_tab.details()
    question = dialog.get_by_label("Your question")
    expect(question).to_have_attribute("maxlength", "500")
    question.fill("  Which colour? ")
    question.press("Enter")
    log = dialog.get_by_role("log", name="Answers")
    expect(log).to_have_attribute("aria-busy", "true")
    expect(log).to_have_text("Which colour?Looking…")
    question.press("Enter")  # one at a time
    shop.held["Which colour?"].set()
    expect(log).to_have_text("Which colour?It is yellow.m-1 · 231 ms")
    expect(question).to_have_value("")
    dialog.get_by_role("button", name="Picture 2").click()
    question.fill("And of what?")
    dialog.get_by_role("button", name="Ask").click()
    expect(log.get_by_role("listitem").nth(1)).to_have_text("And of what?It is made ofm-1 · 90 ms · cut short")
    id = shop.rows[0]["id"]
    before = [{"question": "Which colour?", "answer": "It is yellow."}]
    assert shop.questions == [
        {"question": "Which colour?", "turns": [], "picture": 0, "id": id},
        {"question": "And of what?", "turns": before, "picture": 1, "id": id},
    ]


def test_an_answer_that_comes_in_pieces(shop_tab: Tab, shop: Shop) -> None:
    words = " ".join(["Grün", "·", "häßlich"] * 6)
    shop.streams = True
    shop.answers = [
        {"answer": words, "stop": "end", "model": "m-1", "milliseconds": 5.0},
        {"answer": "Half of", "stop": "failed"},
    ]
    shop_tab.open(ADDRESS)
    dialog = shop_tab.details()
    question = dialog.get_by_label("Your question")
    question.fill("Which colour?")
    question.press("Enter")
    partly = dialog.locator(".answer.busy")
    expect(partly).to_contain_text("Grün · häßlich")
    expect(dialog.locator(".answer")).to_have_text(words)
    expect(partly).to_have_count(0)
    question.fill("And?")
    question.press("Enter")
    expect(dialog.get_by_role("alert")).to_have_text("the model fell over ask again")
    expect(dialog.get_by_role("log").get_by_role("listitem")).to_have_count(1)


def test_a_question_that_fails_can_be_asked_again(shop_tab: Tab, shop: Shop) -> None:
    shop_tab.expected = ["503"]
    shop.answers = [503, {"answer": "", "stop": "time", "model": "m-1", "milliseconds": 5.0}]
    shop_tab.open(ADDRESS)
    dialog = shop_tab.details()
    question = dialog.get_by_label("Your question")
    question.fill("Which colour?")
    question.press("Enter")
    expect(dialog.get_by_role("alert")).to_have_text("the model does not answer try again later")
    expect(question).to_have_value("Which colour?")
    question.press("Enter")
    expect(dialog.get_by_role("log")).to_have_text("Which colour?The model said nothing.m-1 · 5 ms · ran out of time")
    expect(dialog.get_by_role("alert")).to_be_empty()
