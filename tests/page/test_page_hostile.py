"""A catalogue whose every text tries to be markup stays text on the page."""

import csv
import time
from collections.abc import Iterator

import pytest
from browsing import Tab
from PIL import Image
from playwright.sync_api import Browser, expect
from served import served

from shelfsight import open_engine

pytestmark = pytest.mark.slow

ATTACK = '<img src=x onerror="window.hacked=1">\'</title><script>window.hacked=1</script>{{7*7}}'


@pytest.fixture(scope="module")
def hostile_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("hostile")
    with (folder / "catalog.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["id", "image", "title", "brand", "note", "colour"])
        for number in range(6):
            Image.new("RGB", (80, 80), (40 * number, 120, 90)).save(folder / f"{number}.png")
            colour = ('javascript:alert(1)"]', "\\")[number % 2]
            table.writerow([f"{ATTACK}{number}", f"{number}.png", f"{ATTACK} no. {number}", ATTACK, ATTACK, colour])
    with open_engine(folder / "c", create=True) as engine, served(engine) as url:
        assert engine.index(folder / "catalog.csv").to_json()["indexed"] == 6
        yield url


@pytest.fixture
def hostile_tab(browser: Browser, hostile_url: str) -> Iterator[Tab]:
    with browser.new_context() as context:
        tab = Tab(context.new_page(), hostile_url)
        yield tab
        tab.check()
        assert tab.page.evaluate("window.hacked") is None
        assert tab.page.locator("[onerror], [onclick], img[src='x'], body script").count() == 0


def test_cards_details_and_chips(hostile_tab: Tab) -> None:
    tab = hostile_tab
    tab.open()
    expect(tab.cards).to_have_count(6)
    expect(tab.cards.first.locator(".title")).to_contain_text(ATTACK)
    tab.pictures_are_drawn()
    tab.cards.first.get_by_role("button", name="Details").click()
    expect(tab.page.get_by_role("dialog").get_by_role("heading", level=2)).to_contain_text(ATTACK)
    expect(tab.page.get_by_role("table")).to_contain_text(ATTACK)
    tab.after(lambda: tab.page.get_by_role("dialog").get_by_role("button", name="More like this").click())
    expect(tab.page.locator(".chip")).to_contain_text(ATTACK)
    expect(tab.cards).to_have_count(5)


def test_facet_values_with_quotes_and_backslashes(hostile_tab: Tab) -> None:
    tab = hostile_tab
    tab.open()
    for value in ('javascript:alert(1)"]', "\\"):
        box = tab.page.get_by_role("group", name="Colour").locator(".choice", has_text=value).get_by_role("checkbox")
        tab.after(box.check)
        expect(tab.cards).to_have_count(3)
        tab.after(box.uncheck)
        expect(tab.cards).to_have_count(6)


def test_the_address(hostile_tab: Tab) -> None:
    tab = hostile_tab
    tab.expected = ["404", "422"]
    for address in (
        "/?q=<img src=x onerror=alert(1)>",
        "/?like=<script>",
        "/?f.<b>=<i>",
        "/?f.`=x",
        "/?min.price=1;drop&max.<b>=2&min.__proto__=1",
        "/?sort=<b>&q=x",
        "/?least=7&mode=<b>&atoms=[1]&q=x",
        '/?q=x&atoms=[{"kind":"<b>","term":"<i>"}]',
        "/?unlike=<b>&vs=1&vs=1",
        "/?item=<b>",
        "/?why=<b>&q=x",
    ):
        tab.open(address)


def test_the_policy_holds_and_the_tab_would_tell(tab: Tab) -> None:
    """What the other tests rely on: nothing leaves the origin, inline code does not run, and both are noticed."""
    tab.open()
    tab.page.evaluate("fetch('http://127.0.0.1:9/elsewhere').catch(() => {})")
    tab.page.evaluate(
        """() => {
            const attack = document.createElement("div");
            attack.innerHTML = '<img src="/page/nowhere.png" onerror="window.hacked = 1">';
            document.body.append(attack);
            const inline = document.createElement("script");
            inline.textContent = "window.hacked = 1";
            document.body.append(inline);
        }"""
    )
    wanted = ("policy: connect-src http://127.0.0.1:9/elsewhere", "policy: script-src-elem", "policy: script-src-attr")
    deadline = time.monotonic() + 10
    while missing := [part for part in wanted if not any(part in fault for fault in tab.wrong)]:
        assert time.monotonic() < deadline, missing
        tab.page.wait_for_timeout(20)
    assert tab.page.evaluate("window.hacked") is None
    tab.expected = ["policy: ", "404", "Content Security Policy", "elsewhere"]
