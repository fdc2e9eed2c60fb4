"""``shelfsight index ADDRESS`` and ``Engine.index(ADDRESS)``: catalogues in stores of objects."""

from pathlib import Path

import fsspec
from front_door import Cli
from job_shop import picture, write_shop

from shelfsight import open_engine


def test_a_catalogue_in_a_store_is_indexed_and_asked_again_for_what_is_new(cli: Cli, tmp_path: Path) -> None:
    write_shop(tmp_path / "bucket", 4)
    address = f"local://{tmp_path}/bucket/catalog.jsonl"
    for expected in ((4, 0, 4), (0, 4, 0)):
        done = cli("index", address, "-c", tmp_path / "c", "--no-fetch", "--json")
        assert done.code == 0, done.err
        assert tuple(done.document[name] for name in ("indexed", "unchanged", "encoded")) == expected
    (tmp_path / "bucket" / "images" / "0002.png").write_bytes(picture(77))
    (tmp_path / "bucket" / "images" / "0003.png").unlink()
    done = cli("index", address, "-c", tmp_path / "c", "--json")
    assert (done.code, done.document["indexed"], done.document["unchanged"], done.document["failed"]) == (3, 1, 2, 1)
    assert [(each["id"], each["reason"]) for each in done.document["failures"]] == [("i0003", "missing_file")]
    with open_engine(tmp_path / "c") as engine:
        assert engine.count() == 4
        assert engine.thumbnail("i0003").media_type == "image/jpeg", "shown from the preview that is kept of it"


def test_an_engine_takes_an_address(tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe({f"/engine-shop/{number}.png": picture(number) for number in range(3)})
    try:
        with open_engine(tmp_path / "c", create=True) as engine:
            report = engine.index("memory://engine-shop")
            assert (report.indexed, report.encoded, sorted(engine.ids())) == (3, 3, ["0.png", "1.png", "2.png"])
    finally:
        memory.store.clear()


def test_what_cannot_be_read_is_told_before_a_collection_is_made(cli: Cli, tmp_path: Path) -> None:
    for address, said in {
        "nope://shop/catalog.csv": "cannot be read",
        f"local://{tmp_path}/nothing.csv": "there is no catalogue",
        "http://127.0.0.1:9/catalog.csv": "refused",
    }.items():
        done = cli("index", address, "-c", tmp_path / "c")
        assert (done.code, done.out) == (2, "")
        assert said in done.err
    assert not (tmp_path / "c").exists()
