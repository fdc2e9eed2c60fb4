"""The page of a report: what it holds, what it escapes, what it never asks for."""

import builtins
import io
import json
from base64 import b64decode
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from PIL import Image
from report_reader import Page, read

from shelfsight.core.errors import MissingExtra
from shelfsight.core.types import Query
from shelfsight.evaluation import (
    ClassifyReport,
    ClassScore,
    EvaluationReport,
    Guess,
    Interval,
    JudgedQuery,
    compare,
    evaluate,
)
from shelfsight.evaluation.report import Side, render

ITEMS = [f"item-{number:02}" for number in range(30)]
HOSTILE = (
    "<script>alert('1')</script><img src=x onerror=alert(2)> & \"$\\frac{a}{b}$\" \x00\x1b[31m \udcff \u202eevil 日本語"
)


def jpeg(shade: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (20, 30), (shade, 90, 90)).save(buffer, "JPEG")
    return buffer.getvalue()


def in_order(queries: Sequence[Query]) -> list[list[tuple[str, float]]]:
    return [[(id, 1.0 - rank / 100) for rank, id in enumerate(ITEMS)][: query.k] for query in queries]


def backwards(queries: Sequence[Query]) -> list[list[tuple[str, float]]]:
    return [[(id, 1.0) for id in reversed(ITEMS)][: query.k] for query in queries]


def contains(ids: Iterable[str]) -> set[str]:
    return set(ids) & set(ITEMS)


def picture(id: str) -> bytes | None:
    return None if id == "item-03" else jpeg(8 * int(id[-2:]))


def side_of(name: str = "shop", *, titles: dict[str, str] | None = None, answer: object = in_order) -> Side:
    named = titles or {}
    return Side(
        name=name,
        facts={"encoder": "table", "items": str(len(ITEMS))},
        picture=picture,
        titles=lambda ids: {id: named.get(id) for id in contains(ids)},
        query_picture=lambda path: jpeg(200) if path.name == "asked.jpg" else None,
        answer=answer,  # type: ignore[arg-type]
        depth=20,
    )


QUERIES = [
    JudgedQuery(text="first", relevant={"item-00": 1}, family="easy"),
    JudgedQuery(text="second and third", relevant={"item-01": 1, "item-02": 2}, family="easy"),
    JudgedQuery(text="deep", relevant={"item-14": 1, "item-29": 1, "gone": 3}, family="hard"),
    JudgedQuery(text=None, image=Path("asked.jpg"), relevant={"item-04": 1}, filter="price < 3", negative=("fur",)),
]


def report_of(
    queries: Sequence[JudgedQuery] = QUERIES, *, ks: Sequence[int] = (1, 5), answer: object = in_order
) -> EvaluationReport:
    return evaluate(answer, queries, ks=ks, contains=contains)  # type: ignore[arg-type]


def strips(page: Page) -> int:
    return len(page.all("article", class_="strip"))


def test_a_page_of_one_collection() -> None:
    page = read(render(report_of(), [side_of()], worst=10))
    policy = [each["content"] for each in page.all("meta") if each.get("http-equiv") == "Content-Security-Policy"]
    assert policy == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    assert strips(page) == 4
    assert len(page.all("svg")) == 3  # against depth, spread, families
    assert all(each["aria-label"] for each in page.all("svg"))
    report = report_of()
    for name in report.headline:
        assert f"{name} {report.metrics[name]:.3f}" in page.text
    assert "encoder table" in page.text
    assert "judged ids not in it 1" in page.text
    assert "ndcg@5 0.000 · 0 of 3 relevant in the first 5" in page.text
    assert "filter: price < 3 · not: fur · picture: asked.jpg" in page.text


def test_a_strip_shows_hits_signs_and_what_was_missed_with_its_rank() -> None:
    page = read(render(report_of([QUERIES[2]]), [side_of()]))
    assert [each["title"] for each in page.all("li", class_="wrong")] == ITEMS[:5]
    # highest grade first, then by rank: 15 of 20 asked, and beyond them
    assert [each["title"] for each in page.all("li", class_="missed")] == ["gone", "item-14", "item-29"]
    assert page.text.index("absent") < page.text.index(" 15 ") < page.text.index("> 20")
    found = read(render(report_of([QUERIES[1]]), [side_of()]))
    assert [each["title"] for each in found.all("li", class_="right")] == ["item-01", "item-02"]
    assert len(found.all("span", class_="mark")) == 2  # a sign, not colour alone
    assert found.text.count("✓") == 2 + 1  # and in the notes
    assert [each["aria-label"] for each in found.all("span", class_="mark")] == ["right", "right"]


def test_pictures_travel_inside_and_lost_ones_have_a_placeholder() -> None:
    page = read(render(report_of([QUERIES[0]]), [side_of()]))
    sources = [each["src"] for each in page.all("img")]
    assert len(sources) == 4  # five hits, one of which cannot be read any more
    for source in sources:
        data = b64decode(source.removeprefix("data:image/jpeg;base64,"))
        assert Image.open(io.BytesIO(data)).size == (20, 30)
    assert "no picture any more" in page.text
    asked = read(render(report_of([QUERIES[3]]), [side_of()]))
    assert len(asked.all("img", class_="asked")) == 1


def test_what_somebody_else_wrote_stays_text() -> None:
    hostile = HOSTILE.replace("\udcff", "")
    queries = [
        JudgedQuery(text=HOSTILE, relevant={"item-00": 1, "item-29": 1}, family=HOSTILE, filter=HOSTILE),
        JudgedQuery(text=HOSTILE * 1000, relevant={"<b>gone</b>": 1}, family="$\\alpha_{"),
    ]
    side = side_of(HOSTILE, titles=dict.fromkeys(ITEMS, HOSTILE))
    document = render(report_of(queries), [side])
    document.encode()  # half characters are gone
    page = read(document)  # no script, no handler
    assert "<script>alert('1')</script>" in page.text
    assert "<b>gone</b>" in page.text
    assert "$\\alpha_{" in page.text
    assert "\x1b" not in document
    assert "\x00" not in document
    assert len(document) < 200_000  # a query of 100,000 letters is cut
    compared = read(render(compare(report_of(queries), report_of(queries, answer=backwards)), [side, side]))
    assert hostile[:20] in compared.text


def test_the_file_names_no_address() -> None:
    document = render(report_of(), [side_of()])
    assert "http" not in document.replace("http-equiv", "")
    assert "//" not in "".join(part for part in document.split('"') if not part.startswith("data:image/jpeg;base64"))


def test_strips_are_bounded() -> None:
    many = [JudgedQuery(text=f"q{i}", relevant={"item-29": 1}) for i in range(50)]
    assert strips(read(render(report_of(many), [side_of()], worst=7))) == 7
    assert strips(read(render(report_of(many), [side_of()], worst=0))) == 0
    wide = read(render(report_of(many[:1], ks=(20,)), [side_of()]))
    assert len(wide.all("li", class_="wrong")) == 10
    later = read(
        render(report_of([JudgedQuery(text="q", relevant={"item-12": 1, "item-25": 2})], ks=(20,)), [side_of()])
    )
    assert "Further down, or missed" in later.text
    assert [each["title"] for each in later.all("li", class_="missed")] == ["item-25"]
    assert [each["title"] for each in later.all("li", class_="right")] == ["item-12"]
    lacking = [JudgedQuery(text="q", relevant=dict.fromkeys(ITEMS[5:], 1))]
    assert "Missed, and 19 more" in read(render(report_of(lacking), [side_of()])).text


@pytest.mark.parametrize(
    "queries",
    [
        QUERIES[:1],
        [JudgedQuery(text="nothing", relevant={"gone": 1})],
        [JudgedQuery(text=f"q{i}", relevant={"item-00": 1}, family=f"family {i}") for i in range(40)],
    ],
    ids=["one query", "nothing relevant present", "families of one query"],
)
def test_small_and_odd_evaluations_have_pages(queries: list[JudgedQuery]) -> None:
    for ks in ((1,), (5,), (1, 100)):
        page = read(render(report_of(queries, ks=ks), [side_of()], worst=2))
        assert f"queries {len(queries)}" in page.text
        comparison = compare(report_of(queries, ks=ks), report_of(queries, ks=ks, answer=backwards))
        read(render(comparison, [side_of("A"), side_of("B", answer=backwards)], worst=2))


def test_an_empty_collection_has_a_page() -> None:
    report = evaluate(lambda asked: [[] for _ in asked], QUERIES[:2], contains=lambda _: set())
    side = side_of(answer=lambda asked: [[] for _ in asked])
    page = read(render(report, [side]))
    assert "No hits." in page.text
    assert "2 of 2 queries found nothing relevant" in page.text


def test_a_page_of_a_comparison() -> None:
    comparison = compare(report_of(), report_of(answer=backwards))
    page = read(render(comparison, [side_of("new"), side_of("old", answer=backwards)], worst=4))
    assert "new against old" in page.text
    for told in comparison.verdicts.values():
        assert told in page.text
    assert len(page.all("svg")) == 6
    assert comparison.extremes(4) == ([2], [0, 1, 3])
    assert page.text.index("Where A loses most") < page.text.index("deep") < page.text.index("Where A wins most")
    assert strips(page) == 4
    found = comparison.metrics["recall@5"]
    assert f"{found.wins} / {found.ties} / {found.losses}" in page.text
    assert "corrected for the 10 metrics shown" in page.text


def guesses(wrong: str) -> ClassifyReport:
    told = {id: Guess("boot", wrong if number < 3 else "boot") for number, id in enumerate(ITEMS)}
    told |= {"item-29": Guess("hat & <cap>", "hat & <cap>")}
    return ClassifyReport(
        field="kind",
        classes=3,
        items=30,
        skipped=2,
        top1=27 / 30,
        interval=Interval(0.8, 1.0),
        per_class={"boot": ClassScore(29, 26 / 29), "hat & <cap>": ClassScore(1, 1.0), wrong: ClassScore(0, 0.0)},
        guesses=told,
    )


def test_a_page_of_a_classification() -> None:
    page = read(render(guesses("mug"), [side_of()]))
    assert "boot taken for mug 3 items" in page.text
    assert [each["title"] for each in page.all("li", class_="mistaken")] == ITEMS[:3]
    assert len(page.all("svg")) == 1
    assert "hat & <cap>" in page.text
    many = {id: Guess(f"value {number:02}", f"value {number // 2:02}") for number, id in enumerate(ITEMS)}
    wide = ClassifyReport(
        field="kind",
        classes=30,
        items=30,
        skipped=0,
        top1=1 / 30,
        interval=Interval(0, 0.1),
        per_class={guess.own: ClassScore(1, float(guess.right)) for guess in many.values()},
        guesses=many,
    )
    assert "others" in read(render(wide, [side_of()], worst=3)).text


def test_a_page_of_two_classifications() -> None:
    right = guesses("boot")
    page = read(render(compare(guesses("mug"), right), [side_of("A"), side_of("B")]))
    assert "Only B is right 3 items" in page.text
    assert "boot → mug" in page.text
    assert "Only A is right" not in page.text


def test_plots_use_only_the_colours_of_the_theme() -> None:
    document = render(compare(report_of(), report_of(answer=backwards)), [side_of("A"), side_of("B", answer=backwards)])
    drawings = document[document.index("<svg") : document.rindex("</svg>")]
    assert "var(--series-0)" in drawings
    assert "#0" not in drawings
    assert "DejaVu" not in drawings


def test_matplotlib_is_left_as_it_was() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    render(report_of(), [side_of()])
    assert dict(matplotlib.rcParams) == before


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: object) -> object:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match="matplotlib") as caught:
        render(report_of(), [side_of()])
    assert caught.value.hint == "pip install 'shelfsight[report]'"


def test_rows_are_json() -> None:
    rows = [json.loads(json.dumps(row)) for row in report_of().rows()]
    assert rows[0] == {
        "query": "first",
        "family": "easy",
        "metrics": {name: float(values[0]) for name, values in report_of().values.items()},
        "ranking": ITEMS[:5],
    }
    assert rows[3]["query"] is None
    assert (rows[3]["image"], rows[3]["filter"], rows[3]["negative"]) == ("asked.jpg", "price < 3", ["fur"])
