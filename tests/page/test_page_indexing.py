"""The indexing page in real Chromium: catalogues go in, jobs are followed, steered and told of."""

import json
from pathlib import Path
from threading import Event

import pytest
from browsing import Tab
from canned import Document
from canned_jobs import Works, job, works_server
from playwright.sync_api import Browser, Locator, expect

pytestmark = pytest.mark.slow

REPORT = {"indexed": 1200, "updated": 3, "unchanged": 9, "deleted": 0, "failed": 2, "encoded": 1300, "seconds": 75.2}
FAILURES: list[Document] = [
    {
        "id": "a-1",
        "reason": "truncated",
        "place": "catalog.csv:17",
        "message": "the picture ends early",
        "picture": "a",
    },
    {"id": None, "reason": "no_id", "place": "catalog.csv:18", "message": "<b>no id</b>"},
]


def opened(tab: Tab) -> Tab:
    tab.page.goto(tab.url + "/indexing")
    return tab


def card(tab: Tab, id: str) -> Locator:
    return tab.page.locator(f".job[data-id='{id}']")


def test_a_file_is_sent_and_followed_to_its_end(works_tab: Tab, works: Works, tmp_path: Path) -> None:
    catalogue = tmp_path / "catalog.csv"
    catalogue.write_text("id,image\n1,a.jpg\n")
    works.course["job-0"] = [
        {"state": "running"},
        {"done": 300, "total": 1200, "pictures": 310, "failed": 1, "seconds": 20.0},
        {"state": "done", "report": {**REPORT, "failures": FAILURES}},
    ]
    works.held["job-0", 2] = Event()
    page = opened(works_tab).page
    expect(page.locator("#none")).to_be_visible()
    page.set_input_files("#catalogue", catalogue)
    expect(page.locator(".zone .chosen")).to_have_text("catalog.csv, 17 B")
    page.get_by_label("Take out items").check()
    page.get_by_role("button", name="Start").click()
    under_way = card(works_tab, "job-0")
    expect(under_way.locator(".badge")).to_have_text("Running")
    said = "300 of 1,200 rows · 310 pictures encoded · 1 failed · 20 s · about 1 min left"
    expect(under_way.locator(".job-counts")).to_have_text(said)
    expect(under_way.get_by_role("progressbar")).to_have_attribute("value", "300")
    assert works.submitted == [{"source": "catalog.csv", "text": catalogue.read_text(), "prune": "true"}]
    works.held["job-0", 2].set()
    expect(under_way.locator(".badge")).to_have_text("Done")
    said = "1,200 new · 3 updated · 9 unchanged · 2 failed · 1,300 pictures encoded · 1 min"
    expect(under_way.locator(".job-counts")).to_have_text(said)
    expect(under_way.get_by_role("progressbar")).to_have_count(0)
    expect(page.get_by_role("status")).to_have_text("catalog.csv: done")


def test_failures_are_listed_and_saved(works_tab: Tab, works: Works) -> None:
    works.jobs = [job("shop", "done", report={**REPORT, "failures": FAILURES})]
    works.failures["shop"] = FAILURES
    page = opened(works_tab).page
    failures = card(works_tab, "shop").locator(".failures")
    failures.get_by_text("What could not be used (2)").click()
    rows = ["a-1 The picture ends early. truncated · catalog.csv:17", "catalog.csv:18 <b>no id</b>. no_id"]
    expect(failures.locator("li")).to_have_text(rows)
    with page.expect_download() as saved:
        failures.get_by_role("link", name="Download all failures").click()
    assert saved.value.suggested_filename == "failures-shop.jsonl"
    assert [json.loads(line) for line in saved.value.path().read_text().splitlines()] == FAILURES


def test_an_address_and_what_is_wrong_with_it(works_tab: Tab, works: Works) -> None:
    works_tab.expected = ["422"]
    page = opened(works_tab).page
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("alert")).to_have_text("Choose a file, or say where the catalogue is.")
    works.refuses = {"detail": "that is no address", "hint": "say https"}
    page.get_by_label("A path that the server may read").fill("  http://inside/ ")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("that is no address say https")
    works.refuses = None
    page.keyboard.press("Enter")
    expect(card(works_tab, "job-0").get_by_role("heading")).to_have_text("http://inside/")
    expect(page.get_by_label("A path that the server may read")).to_have_value("")
    assert works.submitted == [{"source": "http://inside/", "prune": False}]
    works.find("job-0").update(state="done")


def test_cancelled_and_resumed(works_tab: Tab, works: Works) -> None:
    error = {"code": "store_full", "detail": "no space left", "hint": "make some"}
    works.jobs = [job("old", "failed", error=error), job("new", "running")]
    opened(works_tab)
    assert [each.get_attribute("data-id") for each in works_tab.page.locator(".job").all()] == ["new", "old"]
    running = card(works_tab, "new")
    running.get_by_role("button", name="Cancel new.csv").click()
    expect(running.locator(".badge")).to_have_text("Cancelled")
    expect(running.get_by_role("button", name="Resume new.csv")).to_be_focused()
    expect(card(works_tab, "old").locator(".fault")).to_have_text("No space left. Make some.")
    card(works_tab, "old").get_by_role("button", name="Resume old.csv").click()
    expect(card(works_tab, "old").locator(".badge")).to_have_text("Waiting")
    works.find("old").update(state="done")
    expect(card(works_tab, "old").locator(".badge")).to_have_text("Done")
    assert works.steered == ["cancel new", "resume old"]


def test_a_click_that_has_begun_meets_its_button(works_tab: Tab, works: Works) -> None:
    works.jobs = [job("new", "running")]
    works.course["new"] = [{"done": 1, "seconds": 1.0}, {"state": "interrupted"}]
    works.held["new", 1] = Event()
    page = opened(works_tab).page
    expect(card(works_tab, "new").locator(".job-counts")).to_contain_text("1 rows")
    card(works_tab, "new").get_by_role("button", name="Cancel new.csv").hover()
    page.mouse.down()
    works.held["new", 1].set()
    expect(page.get_by_role("status")).to_have_text("new.csv: interrupted")
    page.mouse.up()
    expect(card(works_tab, "new").locator(".badge")).to_have_text("Cancelled")
    assert works.steered == ["cancel new"]


def test_more_jobs_than_connections(works_tab: Tab, works: Works) -> None:
    works.jobs = [job(f"j{number}", "queued") for number in range(8)]
    opened(works_tab)
    expect(works_tab.page.locator(".job")).to_have_count(8)
    for each in works.jobs:
        each.update(state="done", report={**REPORT, "failures": []})
    expect(works_tab.page.locator(".badge.done")).to_have_count(8)


def test_with_a_key(browser: Browser, works: Works) -> None:
    works.jobs = [job("shop", "done", report={**REPORT, "failures": FAILURES})]
    works.failures["shop"] = FAILURES
    with works_server(works, key="ss_1") as url, browser.new_context() as context:
        tab = opened(Tab(context.new_page(), url))
        tab.expected = ["401"]
        tab.page.get_by_role("textbox", name="API key").fill("ss_1")
        tab.page.keyboard.press("Enter")
        expect(card(tab, "shop").locator(".badge")).to_have_text("Done")
        card(tab, "shop").locator("summary").click()
        with tab.page.expect_download() as saved:
            tab.page.get_by_role("link", name="Download all failures").click()
        assert len(saved.value.path().read_text().splitlines()) == 2
        tab.expected.append("403")
        tab.page.route("**/failures", lambda route: route.fulfill(status=403))
        tab.page.get_by_role("link", name="Download all failures").click()
        expect(tab.page.locator(".failures").get_by_role("alert")).to_have_text("The server answered 403.")
        tab.check()
