"""``shelfsight rules``, and a collection's rules in searches: on the command line, in Python, followed while edited."""

import os
from pathlib import Path

import pytest
from front_door import Cli

from shelfsight import Engine, open_engine
from shelfsight.api.rules import RULES_FILE, RulesFile, load_rules
from shelfsight.core.errors import NotFound, UsageError
from shelfsight.core.rules import NO_RULES
from shelfsight.evaluation import JudgedQuery

PIN = '[[pin]]\nname = "June"\nquery = "red dress"\nids = ["{id}"]\n'


@pytest.fixture(scope="module")
def last_one(demo_collection: Path) -> str:
    """The item that a search for a red dress finds last."""
    with open_engine(demo_collection) as engine:
        return engine.search("red dress", k=96).hits[-1].id


def write(path: Path, text: str) -> Path:
    """A file that is seen to have changed, however coarse the file system's clock is."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text, encoding="utf-8")
    if path.stat().st_mtime_ns <= before:
        os.utime(path, ns=(before + 1, before + 1))
    return path


def test_check_lists_what_a_file_says(cli: Cli, tmp_path: Path) -> None:
    text = PIN.format(id="a") + 'until = 2030-01-31\n\n[[last]]\ncontaining = "shoe"\nfilter = "stock == 0"\n'
    path = write(tmp_path / "rules.toml", text)
    assert cli("rules", "check", path, "--json").document == {
        "rules": [
            {"line": 1, "kind": "pin", "rule": "June", "for": "“red dress”", "days": " to 2030-01-31"},
            {"line": 7, "kind": "last", "rule": "last 1", "for": "…shoe…", "days": ""},
        ]
    }
    told = cli("rules", "check", path)
    assert told.code == 0
    assert "June" in told.out


def test_check_names_line_and_rule(cli: Cli, tmp_path: Path) -> None:
    path = write(tmp_path / "rules.toml", '\n[[boost]]\nfilter = "price >"\nfactor = 2\n')
    told = cli("rules", "check", path)
    assert (told.code, told.out) == (2, "")
    assert f"error: {path}, line 2: boost 1 has a bad filter: " in told.err
    assert "at position 7 of filter 'price >'" in told.err
    assert cli("rules", "check", tmp_path / "none.toml").code == 2


def test_preview_shows_both_orders_side_by_side(cli: Cli, tmp_path: Path, demo_collection: Path, last_one: str) -> None:
    plain = cli("search", "red dress", "-c", demo_collection, "-k", "3", "--json").document["hits"]
    hidden = plain[1]["id"]
    path = write(tmp_path / "rules.toml", PIN.format(id=last_one) + f'[[hide]]\nids = ["{hidden}"]\n')
    asked = ("rules", "preview", "red dress", "-c", demo_collection, "--rules", path, "-k", "3")
    document = cli(*asked, "--json").document
    assert [hit["id"] for hit in document["before"]] == [hit["id"] for hit in plain]
    assert [(hit["id"], hit["rank"], hit["before"], hit["reasons"]) for hit in document["after"]] == [
        (last_one, 1, None, ["pinned: June"]),
        (plain[0]["id"], 2, 1, []),
        (plain[2]["id"], 3, 3, []),
    ]
    assert (document["gone"], document["total"]) == ([hidden], {"before": 96, "after": 95})
    told = cli(*asked)
    assert "further down  pinned: June" in told.out
    assert "found: 96 without rules, 95 with them" in told.err


def test_search_takes_rules_from_a_file_or_none(cli: Cli, tmp_path: Path, demo_collection: Path, last_one: str) -> None:
    path = write(tmp_path / "rules.toml", PIN.format(id=last_one))
    asked = ("search", "red dress", "-c", demo_collection, "-k", "1", "--json", "--rules", path)
    pinned = cli(*asked).document["hits"][0]
    assert (pinned["id"], pinned["reasons"]) == (last_one, ["pinned: June"])
    assert cli(*asked, "--no-rules").document["hits"][0]["id"] != last_one
    assert cli("search", "red dress", "-c", demo_collection, "--rules", tmp_path / "none.toml").code == 2
    write(path, "[[pin]]\n")
    bad = cli(*asked)
    assert (bad.code, bad.out) == (2, "")
    assert "line 1: pin 1 says no ids" in bad.err
    assert cli(*asked, "--no-rules").code == 0


def test_an_engine_follows_the_file(demo_collection: Path, tmp_path: Path, last_one: str) -> None:
    path = write(tmp_path / "rules.toml", "")

    def first(engine: Engine) -> tuple[str, tuple[str, ...]]:
        page = engine.search("red dress", k=1)
        return page.hits[0].id, tuple(each for each in page.warnings if str(path) in each)

    with open_engine(demo_collection, rules=path) as engine:
        best, warnings = first(engine)
        assert (best != last_one, warnings) == (True, ())
        write(path, PIN.format(id=last_one))
        assert first(engine) == (last_one, ())
        write(path, "[[pin]]\nquery = ")
        pinned, warnings = first(engine)
        assert pinned == last_one
        assert "is no TOML" in warnings[0]
        assert warnings[0].endswith("the last rules that could be read still count")
        with pytest.raises(UsageError, match="is no TOML"):
            engine.check_rules()
        write(path, "# no more\n")
        assert first(engine) == (best, ())


def test_judged_queries_are_asked_without_rules(demo_collection: Path, tmp_path: Path, last_one: str) -> None:
    path = write(tmp_path / "rules.toml", PIN.format(id=last_one))
    judged = [JudgedQuery(text="red dress", relevant={last_one: 1})]
    with open_engine(demo_collection, rules=path) as engine:
        assert engine.search("red dress").hits[0].id == last_one
        assert engine.evaluate(judged, ks=(1,)).metrics["recall@1"] == 0


def test_a_file_that_need_not_be_there(tmp_path: Path) -> None:
    follows = RulesFile(tmp_path / RULES_FILE)
    follows.check()
    assert follows() == NO_RULES
    write(follows.path, '[[hide]]\nids = ["a"]\n')
    assert follows() == load_rules(follows.path)
    assert follows() is follows()  # read once as long as it does not change
    follows.path.unlink()
    assert follows() == NO_RULES


def test_a_file_that_was_asked_for(tmp_path: Path) -> None:
    follows = RulesFile(tmp_path / "mine.toml", must=True)
    with pytest.raises(NotFound, match=r"no file of rules at .*mine\.toml"):
        follows.check()
    assert follows().warnings[0].endswith("mine.toml; no rules count")
    (tmp_path / "mine.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="cannot be read as text"):
        follows.check()
    for content in (b"\xff\xfe\x00", b"[[pin]]"):
        follows.path.write_bytes(content)
        assert follows().warnings[0].endswith("; no rules count")
