"""Backups on the command line."""

from contextlib import closing
from pathlib import Path

import pytest
from front_door import Cli
from migrate_child import COLOURS, fill
from tiny_encoder import TintEncoder

from shelfsight.api.backup import backup, restore
from shelfsight.api.migrating import migration
from shelfsight.stores import open_store


@pytest.fixture(params=["faiss"])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return fill(tmp_path, request.param)


@pytest.mark.parametrize("name", ["copy", "copy.tar"])
def test_backup_and_restore(path: Path, cli: Cli, tmp_path: Path, name: str) -> None:
    result = cli("backup", tmp_path / name, "-c", path, "--json")
    assert result.code == 0
    made = result.document
    assert (made["items"], made["pictures"], made["store"], made["encoder"]) == (7, 7, "faiss", "tints")
    again = tmp_path / "again"
    result = cli("restore", tmp_path / name, "-c", again, "--json")
    assert (result.code, result.document) == (0, {**made, "path": str(again)})
    with closing(open_store(again)) as store:
        assert set(store.ids()) == {*COLOURS, "bytes"}
        assert store.preview("bytes", 0) is not None


@pytest.mark.parametrize("path", ["milvus"], indirect=True)
def test_any_store_of_a_backup(path: Path, cli: Cli, tmp_path: Path) -> None:
    assert cli("backup", tmp_path / "copy.tar", "-c", path, "--json").document["store"] == "milvus"
    options = {
        "exact": ("--store", "exact"),
        "milvus": (),
        "elsewhere": ("--milvus-uri", tmp_path / "other.db", "--milvus-collection", "x", "--tenant", "anna"),
    }
    for name, said in options.items():
        result = cli("restore", tmp_path / "copy.tar", "-c", tmp_path / name, *said, "--json")
        assert (result.code, result.document["items"]) == (0, 7)
        with closing(open_store(tmp_path / name)) as store:
            assert store.manifest.store == ("exact" if name == "exact" else "milvus")
            assert set(store.ids()) == {*COLOURS, "bytes"}
            assert store.preview("bytes", 0) is not None
    result = cli("restore", tmp_path / "copy.tar", "-c", tmp_path / "z", "--store", "exact", "--tenant", "anna")
    assert (result.code, "no place in Milvus" in result.err) == (2, True)
    taken = ("--milvus-uri", tmp_path / "other.db", "--milvus-collection", "x", "--tenant", "anna")
    result = cli("restore", tmp_path / "copy.tar", "-c", tmp_path / "z", *taken)
    assert (result.code, "with something in it" in result.err) == (1, True)


def test_what_is_there_is_never_overwritten(path: Path, cli: Cli, tmp_path: Path) -> None:
    assert cli("backup", tmp_path / "copy", "-c", path).out.startswith("7 items in ")
    assert cli("backup", tmp_path / "copy", "-c", path).code == 1
    assert cli("restore", tmp_path / "copy", "-c", path).code == 1
    assert cli("restore", tmp_path / "absent", "-c", tmp_path / "again").code == 2
    assert cli("backup", path / "copy", "-c", path).code == 2
    assert cli("backup", tmp_path / "other", "-c", tmp_path / "absent").code == 2


def test_of_a_migrated_collection_the_version_that_counts_is_kept(path: Path, tmp_path: Path) -> None:
    new = TintEncoder("turned", turn=2)
    with migration(path, new) as work:
        work.catch_up()
        work.switch()
    backup(path, tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "again")
    assert not (tmp_path / "again" / "versions").exists()
    with closing(open_store(tmp_path / "again", encoder=new.spec)) as store:
        assert set(store.ids()) == {*COLOURS, "bytes"}


def test_upgrade_says_what_there_is_to_do(path: Path, cli: Cli) -> None:
    assert cli("upgrade", "-c", path, "--json").document == {"from": 1, "to": 1}
    assert cli("upgrade", "-c", path).out == f"{path} has format 1 already\n"
    assert cli("upgrade", "-c", path.parent / "absent").code == 2
