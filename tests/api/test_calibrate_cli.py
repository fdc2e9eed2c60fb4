"""``evaluate --calibrate``: a collection learns from judged queries how relevant its hits are."""

import csv
import json
import shutil
from collections import defaultdict
from pathlib import Path

import pytest
from front_door import Cli

from shelfsight import open_engine
from shelfsight.core.relevance import ScalesRelevance
from shelfsight.core.relevance_file import RELEVANCE_FILE, read_relevance


@pytest.fixture
def judged(demo_folder: Path, tmp_path: Path) -> Path:
    """A query for each kind, and each colour."""
    groups: dict[str, dict[str, int]] = defaultdict(dict)
    with (demo_folder / "catalog.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            groups[row["kind"]][row["id"]] = 1
            groups[row["colour"]][row["id"]] = 1
    path = tmp_path / "judged.jsonl"
    lines = [json.dumps({"query": text, "relevant": relevant}) for text, relevant in groups.items()]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_collection_learns_from_its_queries(cli: Cli, demo_collection: Path, judged: Path, tmp_path: Path) -> None:
    collection = tmp_path / "own.collection"
    shutil.copytree(demo_collection, collection)
    told = cli("evaluate", "-c", collection, "--queries", judged, "--calibrate", "--json")
    assert told.code == 0, told.err
    assert "judged queries on this collection; --min-relevance 0." in told.err
    assert told.document["queries"] >= 20
    with open_engine(collection) as engine:
        own = read_relevance(collection, engine.manifest.encoder.revision)
        assert isinstance(engine.encoder, ScalesRelevance)
        shipped = engine.encoder.relevance
        assert own is not None
        assert shipped is not None
        assert own.best["text"] == shipped.best["text"]
        assert own.hits["text"] != shipped.hits["text"]
        hits = engine.search("backpack", k=96).hits
    relevance = [hit.relevance for hit in hits if hit.relevance is not None]
    assert len(relevance) == len(hits)
    assert relevance == sorted(relevance, reverse=True)
    # Calibrated on this very shop: what is probable adds up to what there is.
    with (collection.parent / "judged.jsonl").open(encoding="utf-8") as file:
        there = next(len(line["relevant"]) for line in map(json.loads, file) if line["query"] == "backpack")
    assert sum(relevance[:50]) == pytest.approx(there, rel=0.6)


def test_calibrating_goes_with_enough_queries(cli: Cli, demo_collection: Path, tmp_path: Path) -> None:
    assert cli("evaluate", "-c", demo_collection, "--classify", "kind", "--calibrate").code == 2
    few = tmp_path / "few.jsonl"
    few.write_text('{"query": "mug", "relevant": {"demo-00000": 1}}', encoding="utf-8")
    told = cli("evaluate", "-c", demo_collection, "--queries", few, "--calibrate")
    assert told.code == 2
    assert "cannot be calibrated with 1 judged queries" in told.err
    assert not (demo_collection / RELEVANCE_FILE).exists()


def test_the_shipped_encoder_knows_what_a_shop_has_not(demo_collection: Path) -> None:
    with open_engine(demo_collection) as engine:
        stocked = {text: engine.search(text, k=1) for text in ("backpack", "mug", "armchair", "running shoes")}
        absent = {text: engine.search(text, k=1) for text in ("lawn mower", "pizza", "dinosaur", "asdfghjkl")}
    assert [text for text, page in stocked.items() if page.nothing_matches] == []
    assert [text for text, page in absent.items() if not page.nothing_matches] == []
    assert all(page.hits[0].relevance is not None for page in stocked.values())
