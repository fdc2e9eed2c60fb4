"""The public front as a caller writes it; mypy checks it, nothing runs it."""

from collections.abc import Mapping
from pathlib import Path
from typing import assert_type

from PIL.Image import Image

from shelfsight import (
    Answer,
    Atom,
    Engine,
    Example,
    FilterError,
    Histogram,
    Hit,
    HitExplained,
    HitsFound,
    Item,
    OrderChanged,
    Page,
    PictureFile,
    Receipt,
    SearchDone,
    SearchEvent,
    Settings,
    ShelfsightError,
    SortKey,
    StageReport,
    Stream,
    Turn,
    VisionLanguageModel,
    Why,
    open_engine,
)
from shelfsight.api.reporting import write_report
from shelfsight.core.dialogue import Conversation
from shelfsight.core.errors import Changed
from shelfsight.core.protocols import StoredItem
from shelfsight.core.vectors import FloatArray
from shelfsight.evaluation import Comparison, compare
from shelfsight.models import describe, descriptors, open_vlm, weights_here
from shelfsight.models.known.descriptor import Descriptor


def search(path: Path) -> list[tuple[int, str, float]]:
    with open_engine(path, settings=Settings(), device="cpu") as engine:
        assert_type(engine, Engine)
        page = engine.search("red shoes", k=5, filter="price < 80", negative=["laces"], facets=["brand"])
        assert_type(page, Page)
        assert_type(page.hits, tuple[Hit, ...])
        return [(hit.rank, hit.id, hit.score) for hit in page.hits]


def next_page(path: Path) -> dict[str, list[str]]:
    with open_engine(path) as engine:
        sort: list[str | SortKey] = ["price", SortKey("rating", descending=True)]
        first = engine.search("red shoes", mode="hybrid", sort=sort, group_by="brand", min_relevance=0.3)
        page = engine.search("red shoes", offset=10, duplicates=0.95, diversity=0.2, snapshot=first.snapshot)
        assert_type(page.groups, int | None)
        assert_type(engine.browse(sort="price", histograms=["price"]).histograms["price"], Histogram)
        return {hit.id: [variant.id for variant in hit.variants] for hit in page.hits}


def write(path: Path, items: list[Item]) -> int:
    def look(there: Mapping[str, StoredItem]) -> None:
        if there:
            raise Changed("somebody was here first")

    with open_engine(path) as engine:
        texts, pictures = engine.embed(["red shoes"], [b""])
        assert_type(texts, FloatArray)
        assert_type(pictures, FloatArray)
        engine.similar("a", k=3, min_relevance=0.2, duplicates=0.95, diversity=0.2, rules=False)
        receipt = engine.erase(["b"], check=look)
        assert_type(receipt, Receipt)
        assert_type(receipt.verified, bool)
        return engine.upsert(items, check=look).indexed + engine.delete(["a"], check=look)


def search_again(path: Path, model: VisionLanguageModel) -> list[str]:
    with open_engine(path, vlm=model) as engine:
        atoms = engine.parse("red shoes, not leather")
        assert_type(atoms, tuple[Atom, ...])
        page = engine.search("red shoes", rerank=True, explain=3, depth=20, budget_ms=200.0, atoms=atoms)
        again = engine.search("red shoes", rerank=True, atoms=[{"kind": "attribute", "term": "red"}], explain=True)
        assert_type(page.stages, tuple[StageReport, ...])
        asked = engine.ask(page.hits[0].id, "Which colour?", turns=[Turn(question="What is it?", answer="A shoe.")])
        assert_type(asked, Answer)
        assert_type(engine.vlm, VisionLanguageModel)
        return [hit.explanation.sentence for hit in again.hits if hit.explanation is not None]


def search_step_by_step(engine: Engine) -> list[str]:
    told = []
    with engine.search_events("red shoes", rerank=True, explain=3, like=["a"], unlike={"b": 0.5}) as events:
        assert_type(events, Stream[SearchEvent])
        for event in events:
            match event:
                case HitsFound(page=page) | OrderChanged(page=page) | SearchDone(page=page):
                    told.append(f"{page.total}")
                case HitExplained():
                    told.append(event.explanation.sentence)
    return told


def why_so_low(engine: Engine) -> str:
    told = engine.why("a", "red shoes", filter="price < 80", like=[Example("b")])
    assert_type(told, Why)
    return f"{told.rank} {told.sentence} {[change.text for change in told.changes]}"


def search_by_picture(engine: Engine, upload: bytes) -> Page:
    by_file = engine.search(image="photo.jpg", image_weight=0.8)
    by_bytes = engine.search("in blue", image=upload, offset=by_file.total)
    return engine.similar(by_bytes.hits[0].id, k=3)


def picture(engine: Engine, id: str) -> PictureFile:
    assert_type(engine.get(id).title, str | None)
    assert_type(engine.picture(id).media_type, str)
    return engine.thumbnail(id, 0, side=128)


def index_and_measure(path: Path) -> float:
    engine = open_engine(path, create=True, encoder="embedded", store="exact")
    report = engine.index("catalog.csv", prune=True)
    assert_type(report.failed, int)
    return engine.evaluate("queries.jsonl", ks=(1, 10)).metrics["recall@10"]


def better(a: Engine, b: Engine, page: Path) -> str | None:
    reports = a.evaluate("queries.jsonl", ks=(1, 10)), b.evaluate("queries.jsonl", ks=(1, 10))
    comparison = compare(*reports)
    assert_type(comparison, Comparison)
    write_report(page, comparison, a, b, worst=4)
    guessed = compare(a.classify("colour"), b.classify("colour"))
    assert_type(guessed.top1.p, float)
    return comparison.metrics["recall@10"].better


def mistakes(engine: Engine) -> str:
    try:
        engine.search("shoe", filter="price <")
    except FilterError as error:
        return f"{error.message} {error.hint} {error.position}"
    except ShelfsightError as error:
        return error.code
    return ""


def commercial_encoders() -> dict[str, int | None]:
    assert_type(describe("embedded"), Descriptor)
    return {one.name: one.image_size for one in descriptors("fashion") if one.commercial_use and weights_here(one)}


def asked(picture: Image, heard: list[str]) -> tuple[float, list[Answer]]:
    model = open_vlm("HuggingFaceTB/SmolVLM-256M-Instruct", device="cpu")
    assert_type(model, VisionLanguageModel)
    before = Conversation(question="Of what?", turns=(Turn(question="What is it?", answer="A bag."),), opening="It is")
    answers = model.generate(
        [(picture, "What is it?"), (picture, before)],
        max_tokens=20,
        seconds=2.0,
        on_text=lambda index, piece: heard.append(f"{index} {piece}"),
    )
    return float(model.score([(picture, "Is it red?")])[0]), answers
