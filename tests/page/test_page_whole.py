"""The second look from the page to the embedded models and back, in real Chromium: nothing is written down here."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browsing import Tab
from playwright.sync_api import Browser, Route, expect
from served import served

from shelfsight import Engine, open_engine

pytestmark = pytest.mark.slow

ITEMS = 12
WORDS = "black mug"
PATIENT_MS = 600_000


@pytest.fixture(scope="module")
def bare_engine(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Items of which nothing is known but their picture: a model has to look."""
    with (demo_folder / "catalog.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[:ITEMS]
    catalogue = tmp_path_factory.mktemp("bare") / "catalog.csv"
    with catalogue.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["id", "image"])
        table.writerows([row["id"], demo_folder / row["image"]] for row in rows)
    with open_engine(catalogue.parent / "bare.collection", create=True) as engine:
        assert engine.index(catalogue).to_json()["indexed"] == ITEMS
        yield engine


@pytest.fixture
def bare_tab(browser: Browser, bare_engine: Engine) -> Iterator[Tab]:
    """The page over them; a second look may take as long as it takes, so that the answer is the engine's own."""

    def unhurried(route: Route) -> None:
        body = json.loads(route.request.post_data or "")
        hurried = body.get("budget_ms")
        route.continue_(post_data=json.dumps({**body, "budget_ms": PATIENT_MS} if hurried else body))

    with served(bare_engine) as url, browser.new_context(viewport={"width": 1280, "height": 860}) as context:
        tab = Tab(context.new_page(), url)
        tab.page.route("**/v1/search", unhurried)
        yield tab
        tab.check()


def test_looking_again(bare_tab: Tab, bare_engine: Engine) -> None:
    best = bare_engine.search(WORDS, k=24, rerank=True, explain=10)
    bare_tab.look("/?q=black+mug")
    assert bare_tab.ids() == [hit.id for hit in best.hits]
    assert bare_tab.ids() != [hit.id for hit in bare_engine.search(WORDS, k=24).hits]
    expect(bare_tab.looked).to_contain_text(f"Re-ranked {ITEMS} in")
    expect(bare_tab.atoms.locator(".atom")).to_have_text(["black✕", "mug✕"])
    signs = {"yes": "✓", "no": "✗", "cannot tell": "?"}
    for place, hit in enumerate(best.hits[:10]):
        assert hit.explanation is not None
        card = bare_tab.cards.nth(place)
        expect(card.locator(".sentence")).to_have_text(hit.explanation.sentence)
        expect(card.locator(".claim")).to_have_text(
            [signs[each.verdict] + each.atom for each in hit.explanation.claims]
        )
    seen = [claim for hit in best.hits[:10] if hit.explanation for claim in hit.explanation.claims]
    place = next(index for index, claim in enumerate(seen) if claim.evidence.heat_map)
    bare_tab.page.locator(".claim").nth(place).hover()
    heat = bare_tab.page.locator(".evidence image.heat")
    assert heat.evaluate("heat => heat.decode().then(() => heat.getBBox().width > 0)")
    expect(bare_tab.page.locator(".evidence .box")).to_have_count(1)


def test_an_edited_atom(bare_tab: Tab, bare_engine: Engine) -> None:
    atoms = [{"kind": "attribute", "term": "black", "negated": True}]
    bare_tab.look("/?q=black+mug")
    with bare_tab.page.expect_request("**/v1/search") as asked:
        bare_tab.atoms.get_by_role("button", name="black", exact=True).click()
    sent = json.loads(asked.value.post_data or "")["atoms"]
    assert [{name: atom[name] for name in atoms[0]} for atom in sent[:1]] == atoms
    expect(bare_tab.atoms.locator(".atom")).to_have_text(["not black✕", "mug✕"])
    expect(bare_tab.cards.first.locator(".claim").first).to_contain_text("not black")
    read = bare_engine.parse(WORDS)
    best = bare_engine.search(WORDS, k=24, rerank=True, explain=10, atoms=[replace(read[0], negated=True), read[1]])
    assert bare_tab.ids() == [hit.id for hit in best.hits]


def test_asking(bare_tab: Tab, bare_engine: Engine) -> None:
    bare_tab.open("/?q=black+mug")
    dialog = bare_tab.details()
    question = dialog.get_by_label("Your question")
    question.fill("What colour is it?")
    question.press("Enter")
    answer = bare_engine.ask(bare_tab.ids()[0], "What colour is it?").text
    expect(dialog.locator(".answer:not(.busy)")).to_have_text(answer)
