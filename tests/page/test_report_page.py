"""The HTML report in real Chromium: it is drawn, in the light, in the dark, on a phone and on paper."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

from shelfsight import open_engine
from shelfsight.api.reporting import write_report
from shelfsight.evaluation import JudgedQuery, compare

GREY_ITEMS = 24
_WATCH_POLICY = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
"""


@pytest.fixture(scope="module")
def report(demo_collection: Path, demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo shop against a part of it in grey, compared by titles and colours."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "images").mkdir()
    rows = (demo_folder / "catalog.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "catalog.csv").write_text("".join(rows[: 1 + GREY_ITEMS]), encoding="utf-8")
    for picture in sorted((demo_folder / "images").iterdir())[:GREY_ITEMS]:
        with Image.open(picture) as opened:
            opened.convert("L").convert("RGB").save(folder / "images" / picture.name)
    with open_engine(demo_collection) as a, open_engine(folder / "grey.collection", create=True) as b:
        b.index(folder / "catalog.csv")
        reports = [engine.evaluate(_queries(folder / "catalog.csv"), ks=(1, 10)) for engine in (a, b)]
        write_report(folder / "report.html", compare(*reports), a, b)
    return folder / "report.html"


def _queries(catalogue: Path) -> list[JudgedQuery]:
    """Every title and every colour of the catalogue."""
    wanted: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    with catalogue.open(newline="") as file:
        for row in csv.DictReader(file):
            for family in ("title", "colour"):
                wanted[family, row[family]][row["id"]] = 1
    return [JudgedQuery(text=text, relevant=ids, family=family) for (family, text), ids in wanted.items()]


@pytest.fixture
def wrong() -> Iterator[list[str]]:
    """Complaints of the browser; there may be none at the end."""
    found: list[str] = []
    yield found
    assert found == []


def opened(context: BrowserContext, report: Path, wrong: list[str]) -> Page:
    page = context.new_page()
    page.add_init_script(_WATCH_POLICY)
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith("data:") else seen.append(request.url))
    seen: list[str] = []
    page.goto(report.as_uri())
    assert seen == [report.as_uri()]
    return page


def brightness(page: Page) -> float:
    data = page.screenshot(full_page=True)
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
    assert pixels.std() > 5  # something is drawn
    return float(np.median(pixels))


@pytest.mark.parametrize("width", [1280, 390])
def test_the_report_is_drawn_in_both_themes(browser: Browser, report: Path, wrong: list[str], width: int) -> None:
    seen = {}
    for theme in ("light", "dark"):
        with browser.new_context(viewport={"width": width, "height": 860}, color_scheme=theme) as context:
            page = opened(context, report, wrong)
            seen[theme] = brightness(page)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            drawn = page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
            assert drawn
            assert page.locator("figure svg").count() >= 5
            boxes = page.evaluate(
                "[...document.querySelectorAll('figure svg')].map((s) => s.getBoundingClientRect().height)"
            )
            assert min(boxes) > 80
    assert seen["dark"] < 60 < 200 < seen["light"]


def test_texts_of_a_plot_stay_inside_it(browser: Browser, report: Path, wrong: list[str]) -> None:
    with browser.new_context(viewport={"width": 1280, "height": 860}) as context:
        page = opened(context, report, wrong)
        outside = page.evaluate(
            """() => [...document.querySelectorAll("figure svg")].flatMap((svg) => {
                 const frame = svg.getBoundingClientRect();
                 return [...svg.querySelectorAll("text")].filter((text) => {
                   const box = text.getBoundingClientRect();
                   return box.left < frame.left - 1 || box.right > frame.right + 1
                     || box.top < frame.top - 1 || box.bottom > frame.bottom + 1;
                 }).map((text) => text.textContent);
               })"""
        )
        assert outside == []


def test_the_report_prints(browser: Browser, report: Path, wrong: list[str]) -> None:
    with browser.new_context(color_scheme="dark") as context:
        page = opened(context, report, wrong)
        page.emulate_media(media="print")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.pdf(format="A4").startswith(b"%PDF")
