"""Notes through the front doors: made by the engine, shown with hits and items, told by ``shelfsight info``."""

import csv
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from colour_vlm import COLOURS, MODEL, VERSION, ColourVlm, PlainColourVlm
from front_door import Cli
from PIL import Image

from shelfsight import Engine, open_engine
from shelfsight.api.enriching import check_able, notes_document, summary_document
from shelfsight.core.errors import UsageError
from shelfsight.core.protocols import NotesSummary
from shelfsight.core.types import Suggestion
from shelfsight.indexer import NotesReport

RED = Suggestion(value="red", probability=0.9412, model=MODEL)
CAPTION = Suggestion(value="A red thing.", probability=None, model=MODEL)
TYPE = Suggestion(value="thing", probability=0.9, model=MODEL)


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """Three pictures of one colour each; the second item has a colour already."""
    for name, colour in COLOURS.items():
        Image.new("RGB", (24, 24), colour).save(tmp_path / f"{name}.png")
    return write(tmp_path / "catalog.csv", red="", green="olive", blue="")


def write(path: Path, **colours: str) -> Path:
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "image", "color"])
        rows.writerows([name, f"{name}.png", colour] for name, colour in colours.items())
    return path


@pytest.fixture
def engine(catalogue: Path) -> Iterator[Engine]:
    with open_engine(catalogue.with_name("c"), create=True, store="exact", vlm=ColourVlm()) as opened:
        opened.index(catalogue)
        yield opened


def test_suggestions_are_shown_apart_from_what_the_merchant_says(engine: Engine) -> None:
    before = {hit.id: hit for hit in engine.search("red", k=3).hits}
    assert all(hit.suggestions == {} for hit in before.values())
    report = engine.add_notes(features=True, enrich=True)
    assert notes_document(report) == {"features": 3, "suggestions": 3}
    after = {hit.id: hit for hit in engine.search("red", k=3).hits}
    assert after["red"].suggestions == {"caption": CAPTION, "type": TYPE, "color": RED}
    assert after["green"].suggestions.keys() == {"caption", "type"}
    assert [hit.metadata for hit in after.values()] == [hit.metadata for hit in before.values()]
    assert engine.suggestions("red") == after["red"].suggestions


def test_what_the_merchant_says_later_is_not_suggested_any_more(engine: Engine, catalogue: Path) -> None:
    engine.add_notes(enrich=True)
    engine.index(write(catalogue, red="crimson", green="", blue=""))
    assert engine.suggestions("red") == {"caption": CAPTION, "type": TYPE}
    engine.index(write(catalogue, red="", green="", blue=""))
    assert engine.suggestions("red") == {"caption": CAPTION, "type": TYPE, "color": RED}


def test_pictures_that_the_collection_keeps_itself(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "shop.tar", "w") as tar:
        for name, colour in COLOURS.items():
            data = io.BytesIO()
            Image.new("RGB", (24, 24), colour).save(data, "PNG")
            entry = tarfile.TarInfo(f"{name}.png")
            entry.size = len(data.getvalue())
            tar.addfile(entry, io.BytesIO(data.getvalue()))
    with open_engine(tmp_path / "c", create=True, store="exact", vlm=ColourVlm()) as engine:
        engine.index(tmp_path / "shop.tar")
        (tmp_path / "shop.tar").unlink()
        assert notes_document(engine.add_notes(enrich=True)) == {"suggestions": 3}
        assert {name: engine.suggestions(name)["colour"].value for name in COLOURS} == {n: n for n in COLOURS}


def test_info_tells_of_notes_where_there_are_any(engine: Engine, cli: Cli) -> None:
    assert "notes" not in cli("info", "-c", engine.path, "--json").document
    assert "features" not in cli("info", "-c", engine.path).out
    engine.add_notes(features=True, enrich=True)
    notes = cli("info", "-c", engine.path, "--json").document["notes"]
    assert notes["bytes"] == engine.noted().bytes > 0
    assert notes["features"] == [{"version": VERSION, "pictures": 3}]
    assert notes["suggestions"] == [{"model": MODEL, "items": 3}]
    table = cli("info", "-c", engine.path).out
    assert VERSION[:12] in table
    assert "3 pictures" in table
    assert MODEL in table
    assert "3 items" in table


def test_documents_have_only_what_was_asked_for() -> None:
    report = NotesReport(features=None, suggestions=0, failed=0, seconds=1.0)
    assert notes_document(report) == {"suggestions": 0}
    assert summary_document(NotesSummary(features={}, suggestions={}, bytes=0)) is None
    assert summary_document(NotesSummary(features={"v": 2}, suggestions={}, bytes=9)) == {
        "features": [{"version": "v", "pictures": 2}],
        "suggestions": [],
        "bytes": 9,
    }


def test_a_model_that_cannot_do_it_is_refused_before_the_work() -> None:
    check_able(ColourVlm(), features=True, enrich=True)
    with pytest.raises(UsageError, match="colours"):
        check_able(PlainColourVlm(), features=True, enrich=False)
