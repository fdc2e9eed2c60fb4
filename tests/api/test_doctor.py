"""A collection and a server's state, broken in each way: the doctor says which, and its cures cure."""

import importlib
import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from front_door import Cli
from migrate_child import fill
from tiny_encoder import TintEncoder

from shelfsight import Engine
from shelfsight.api.doctor import Finding, Severity, examine
from shelfsight.api.doctor.collection import Subject, of_collection
from shelfsight.api.doctor.files import room
from shelfsight.api.doctor.state import permissions
from shelfsight.api.migrating import migration
from shelfsight.api.service.keys import KeyRing, Order
from shelfsight.core.protocols import Change, Fingerprints, StoredItem, StoredPicture
from shelfsight.core.settings import ServerSettings, Settings, VectorSettings
from shelfsight.stores import create_store, open_store
from shelfsight.stores.manifest import read_header, write_header
from shelfsight.stores.milvus import MilvusPlace
from shelfsight.stores.segments import SEGMENTS
from shelfsight.stores.words.file import WORDS

WITHOUT_ENCODER = "encoder_missing"
"""Found of every collection here: nothing opens the encoder called ``tints``."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection with a segment, a checkpoint, words, and a picture that it keeps itself. Not to be changed."""
    path = fill(tmp_path_factory.mktemp("sound"), "faiss")
    store = open_store(path)
    store.maintain()
    with Engine(store, path=path, settings=Settings(), encoder=TintEncoder("tints")) as engine:
        assert engine.search("red thing", mode="hybrid").hits[0].id == "red"
    assert (path / WORDS).exists()
    return path


@pytest.fixture
def path(sound: Path, tmp_path: Path) -> Path:
    """A copy of it, to be broken."""
    return Path(shutil.copytree(sound, tmp_path / "a shop"))


def found(path: Path, settings: Settings | None = None) -> list[Finding]:
    return [each for each in of_collection(path, settings or Settings()) if each.code != WITHOUT_ENCODER]


def codes(path: Path, settings: Settings | None = None) -> set[str]:
    return {finding.code for finding in found(path, settings)}


def segment(path: Path) -> Path:
    (file,) = (path / SEGMENTS).glob("*.npy")
    return file


def changed(file: Path, place: int, what: bytes = b"\xff" * 64) -> None:
    """Other bytes at a place of a file; a negative one counts from its end."""
    with file.open("r+b") as opened:
        opened.seek(place, os.SEEK_END if place < 0 else os.SEEK_SET)
        opened.write(what)


def told(path: Path, sql: str, *values: object, file: str = "items.sqlite") -> None:
    """Change a database of the collection behind its back."""
    with closing(sqlite3.connect(path / file)) as connection, connection:
        connection.execute(sql, values)


def old_temporary(path: Path) -> None:
    file = path / "manifest.json.12-34.tmp"
    file.write_bytes(b"{")
    os.utime(file, (0, 0))


def point_at(path: Path, text: str) -> None:
    (path / "versions").mkdir()
    (path / "versions" / "current.json").write_text(text)


def no_vectors(path: Path) -> None:
    told(path, "UPDATE items SET first_vector = 1000 WHERE id = 'red'")


def ahead(path: Path) -> None:
    told(path, "UPDATE about SET value = 99 WHERE name = 'generation'", file=WORDS)


def broken_version(path: Path) -> None:
    (path / "versions" / "v2" / "segments").mkdir(parents=True)
    (path / "versions" / "v2.json").write_text("{}")


def long_log(path: Path) -> None:
    (path / "items.sqlite-wal").touch()
    os.truncate(path / "items.sqlite-wal", 2 << 30)  # of holes


BREAKS: dict[str, Callable[[Path], object]] = {
    "collection_missing": shutil.rmtree,
    "manifest_missing": lambda path: (path / "manifest.json").unlink(),
    "manifest_damaged": lambda path: (path / "manifest.json").write_text('{"format": 1'),
    "format_newer": lambda path: write_header(path, replace(read_header(path), format=99)),
    "format_older": lambda path: write_header(path, replace(read_header(path), format=0)),
    "pointer_damaged": lambda path: point_at(path, "no json"),
    "version_missing": lambda path: point_at(path, '{"active": "v2", "previous": null}'),
    "version_broken": broken_version,
    "ledger_log_large": long_log,
    "ledger_missing": lambda path: (path / "items.sqlite").unlink(),
    "ledger_damaged": lambda path: changed(path / "items.sqlite", 4096, b"\xa5" * 40_960),
    "record_damaged": lambda path: told(path, "UPDATE items SET record = 'x' WHERE id = 'red'"),
    "segment_missing": lambda path: segment(path).unlink(),
    "segment_damaged": lambda path: os.truncate(segment(path), segment(path).stat().st_size - 4),
    "vectors_missing": no_vectors,
    "segment_stray": lambda path: (path / SEGMENTS / "stray.npy").write_bytes(b"x"),
    "checkpoint_missing": lambda path: shutil.rmtree(path / "cache"),
    "checkpoint_damaged": lambda path: changed(next((path / "cache").glob("checkpoint-*")), -64),
    "words_damaged": lambda path: (path / WORDS).write_bytes(b"x" * 5000),
    "words_ahead": ahead,
    "words_format": lambda path: told(path, "UPDATE about SET value = 99 WHERE name = 'format'", file=WORDS),
    "notes_damaged": lambda path: (path / "notes.sqlite").write_bytes(b"x" * 5000),
    "preview_missing": lambda path: told(path, "DELETE FROM previews"),
    "preview_damaged": lambda path: told(path, "UPDATE previews SET data = x'ffd8ff'"),
    "temporary_files": old_temporary,
    "clock_behind": lambda path: os.utime(path / "manifest.json", (2**33, 2**33)),
    "rules_wrong": lambda path: (path / "rules.toml").write_text("[[rules]"),
    "relevance_damaged": lambda path: (path / "relevance.json").write_text("[]"),
}


def test_nothing_is_wrong_with_a_sound_collection(sound: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in sound.rglob("*")}
    assert codes(sound) == set()
    assert {file: file.stat().st_mtime_ns for file in sound.rglob("*")} == before, "the doctor changes nothing"


@pytest.mark.parametrize("code", BREAKS)
def test_each_way_to_break_a_collection_is_found_and_its_command_cures_it(path: Path, code: str, cli: Cli) -> None:
    BREAKS[code](path)
    broken = found(path)
    assert code in {finding.code for finding in broken}, broken
    assert "check_failed" not in {finding.code for finding in broken}, broken
    finding = next(each for each in broken if each.code == code)
    assert finding.message
    assert finding.cure
    if finding.command is None or code.startswith("format"):
        return
    run(finding.command, cli)
    assert code not in codes(path)


def run(command: str, cli: Cli) -> None:
    """A cure, as it would be typed."""
    program, *arguments = shlex.split(command)
    if program == "shelfsight":
        assert cli(*arguments).code == 0
        return
    subprocess.run([program, *arguments], check=True)


def test_words_of_another_version_are_made_anew_by_the_next_search(path: Path) -> None:
    BREAKS["words_format"](path)
    assert codes(path) == {"words_format"}
    with Engine(open_store(path), path=path, settings=Settings(), encoder=TintEncoder("tints")) as engine:
        assert engine.search("red thing", mode="hybrid").hits[0].id == "red"
    assert codes(path) == set()


def test_a_collection_that_was_read_while_broken_opens_after_the_cure(path: Path, cli: Cli) -> None:
    changed(next((path / "cache").glob("checkpoint-*")), -64)
    (finding,) = [each for each in found(path) if each.code == "checkpoint_damaged"]
    assert finding.command is not None
    run(finding.command, cli)
    with closing(open_store(path)) as store:
        assert set(store.ids()) == {"red", "green", "blue", "yellow", "cyan", "purple", "bytes"}


def test_pictures_that_are_gone_are_counted(tmp_path: Path) -> None:
    path = fill(tmp_path, "exact")
    for name in ("red.png", "blue.png"):
        (tmp_path / name).unlink()
    (finding,) = found(path)
    assert (finding.code, finding.severity) == ("picture_gone", Severity.WARNING)
    assert finding.message.startswith("2 of 6 picture files looked at are gone")
    assert str(tmp_path / "blue.png") in finding.message


def test_a_collection_that_somebody_writes_to_is_read_as_it_is(path: Path) -> None:
    with closing(open_store(path)) as store:
        store.patch({"red": {"price": 3}})
        assert (path / "items.sqlite-wal").stat().st_size
        assert codes(path) == set()
        assert store.snapshot().items(["red"])["red"].metadata["price"] == 3


def test_an_index_that_is_not_what_was_built(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "c"
    rows = np.random.default_rng(0).normal(size=(4096, 16)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    spec = replace(TintEncoder().spec, dimension=16)
    picture = StoredPicture(name="p", path=str(Path(__file__)))
    marks = Fingerprints(pictures="1", metadata="1")
    about = {"title": None, "metadata": {}, "pictures": (picture,), "fingerprints": marks}
    items = [StoredItem(id=f"{number}", **about) for number in range(len(rows))]
    with closing(create_store(path, encoder=spec, vectors=VectorSettings(flat_below=1000, recall=0.9))) as store:
        store.commit([Change(item=item, vectors=rows[n : n + 1]) for n, item in enumerate(items)])
        store.maintain()
    assert codes(path) == set()
    changed(segment(path).with_suffix(".index"), -64)
    (finding,) = found(path)
    assert finding.code == "index_damaged"
    assert finding.command is not None
    run(finding.command, cli)
    assert codes(path) == set()


def test_a_version_that_does_not_count_is_told_and_removed(path: Path, cli: Cli) -> None:
    with migration(path, TintEncoder("turned", turn=2)) as work:
        work.catch_up()
    (finding,) = found(path)
    assert (finding.code, finding.severity) == ("version_left", Severity.NOTE)
    assert finding.command is not None
    run(finding.command, cli)
    assert codes(path) == set()


def test_a_version_whose_note_is_damaged_is_removed_as_well(path: Path, cli: Cli) -> None:
    with migration(path, TintEncoder("turned", turn=2)) as work:
        work.catch_up()
    (path / "versions" / "v2.json").write_text("{")
    (finding,) = found(path)
    assert finding.command is not None
    run(finding.command, cli)
    assert codes(path) == set()


def test_the_state_of_a_server(path: Path, cli: Cli) -> None:
    state = path / "server"
    KeyRing(state).create(Order(name="shop"))
    assert codes(path) == set()
    state.chmod(0o755)
    (state / "keys.json").chmod(0o644)
    opened = found(path)
    assert {each.code for each in opened} == {"state_open", "keys_open"}
    for finding in opened:
        assert finding.command is not None
        run(finding.command, cli)
    assert codes(path) == set()
    (state / "keys.json").write_text("{")
    (state / "aliases.json").write_text("{")
    (state / "looks.sqlite").write_bytes(b"x" * 5000)
    assert codes(path) == {"keys_damaged", "aliases_damaged", "state_damaged"}


def test_jobs_that_nobody_runs(path: Path, tmp_path: Path) -> None:
    import fcntl

    from shelfsight.api.service.jobs import JobState, Source
    from shelfsight.api.service.jobs import Order as JobOrder
    from shelfsight.api.service.jobs.book import JobBook

    state = tmp_path / "state"
    settings = Settings(server=ServerSettings(state=state))
    book = JobBook(state)
    job = book.add(JobOrder(source=Source(kind="path", place="/x", name="x")), "shop")
    assert codes(path, settings) == set()
    book.change(job.id, lambda one: one.with_(state=JobState.RUNNING))
    (finding,) = found(path, settings)
    assert (finding.code, job.id in finding.message) == ("jobs_stuck", True)
    with (state / "jobs.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert codes(path, settings) == set(), "a server is at work"


def test_a_milvus_that_does_not_answer(path: Path) -> None:
    write_header(path, replace(read_header(path), store="milvus"))
    place = {"uri": "http://127.0.0.1:9", "collection": "shop", "timeout_seconds": 1.0}
    (path / "milvus.json").write_text(json.dumps(place))
    assert codes(path) == {"milvus_unreachable"}
    (path / "milvus.json").write_text(json.dumps({"uri": "milvus.db", "collection": "shop"}))
    assert codes(path) == {"milvus_file_missing"}
    (path / "milvus.json").write_text("{")
    assert codes(path) == {"milvus_place_damaged"}


def in_milvus(path: Path, uri: str, collection: str = "shop") -> None:
    """Say that the collection lies there."""
    write_header(path, replace(read_header(path), store="milvus"))
    (path / "milvus.json").write_text(json.dumps({"uri": uri, "collection": collection}))


def test_a_milvus_that_lost_the_collection(path: Path, tmp_path: Path) -> None:
    manager: Any = importlib.import_module("milvus_lite.server_manager").ServerManager()
    file = str(tmp_path / "served.db")
    uri = manager.start_and_get_uri(file)
    try:
        there = tmp_path / "there"
        place = MilvusPlace(uri=uri, collection="there")
        create_store(there, kind="milvus", encoder=TintEncoder("tints").spec, place=place).close()
        assert codes(there) == set()
        in_milvus(path, uri)
        (finding,) = found(path)
        assert (finding.code, "no collection 'shop'" in finding.message) == ("milvus_lost", True)
    finally:
        manager.release_server(file)


def test_another_encoder_than_the_one_that_made_the_vectors(demo_collection: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(demo_collection, tmp_path / "c"))
    assert {each.code for each in of_collection(path, Settings())} == set()
    header = read_header(path)
    write_header(path, replace(header, encoder=replace(header.encoder, fingerprint="0" * 64)))
    assert {each.code for each in of_collection(path, Settings())} == {"encoder_mismatch"}


def test_vectors_that_are_none(path: Path) -> None:
    changed(segment(path), -12, bytes(12))
    (finding,) = found(path)
    assert (finding.code, "of length 1" in finding.message) == ("segment_damaged", True)


@contextmanager
def as_nobody(*folders: Path) -> Iterator[int]:
    """Inside, what may be written is asked for a user who may not write to these; the user's id."""
    if os.getuid():
        for folder in folders:
            folder.chmod(0o555)
        yield os.getuid()
        return
    os.setreuid(65_534, -1)
    try:
        yield 65_534
    finally:
        os.setreuid(0, -1)


def test_places_that_cannot_be_written(sound: Path) -> None:
    with TemporaryDirectory() as folder:  # where everybody may look
        place, state = Path(folder) / "shop", Path(folder) / "state"
        Path(folder).chmod(0o755)
        shutil.copytree(sound, place)
        state.mkdir(0o700)
        subject = Subject(path=place, folder=place, header=read_header(place))
        assert [*room(subject), *permissions(state)] == []
        with as_nobody(place, state) as user:
            found = {finding.code: finding for finding in (*room(subject), *permissions(state))}
            assert found.keys() >= {"not_writable", "state_not_writable"}
            own = place.stat().st_uid == user
            assert found["not_writable"].command == (shlex.join(["chmod", "u+w", str(place)]) if own else None)
        place.chmod(0o755)
        state.chmod(0o700)


def test_the_command(demo_collection: Path, path: Path, cli: Cli) -> None:
    result = cli("doctor", "-c", demo_collection, "--json")
    wrong = [each for each in result.document["findings"] if each["severity"] != "note"]
    machine = {"memory_low", "disk_low", "hub_not_writable", "open_files_low"}
    assert {each["code"] for each in wrong} <= machine
    assert (result.code, result.document["wrong"]) == (int(bool(wrong)), bool(wrong))
    (path / "manifest.json").unlink()
    result = cli("doctor", "-c", path)
    assert result.code == 1
    assert f"error   manifest_missing: {path} has no manifest.json" in result.out.splitlines()


def test_every_code_is_in_the_documentation() -> None:
    root = Path(__file__).parents[2]
    sources = "".join(file.read_text() for file in (root / "shelfsight" / "api" / "doctor").glob("*.py"))
    called = set(re.findall(r'(?:error|warning|note)\(\s*"(\w+)"', sources))
    listed = set(re.findall(r'\(\s*"(\w+)",\s*(?:state|lambda|cache_folder|Path)', sources))
    assert {"ledger_damaged", "keys_open", "keys_damaged", "hub_not_writable"} <= called | listed
    text = (root / "docs" / "operations.md").read_text()
    assert [code for code in sorted(called | listed) if f"`{code}`" not in text] == []
    assert set(BREAKS) <= called | listed


def test_findings_come_gravest_first(path: Path) -> None:
    (path / SEGMENTS / "stray.npy").write_bytes(b"x")
    old_temporary(path)
    no_vectors(path)
    order = [finding.severity for finding in examine(path)]
    assert order == sorted(order, key=[*Severity].index)
