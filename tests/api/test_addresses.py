"""Catalogues of addresses at the front doors, and pictures that would tell where they were taken."""

import io
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conforming import conforming
from front_door import Cli
from picture_server import PictureServer, served_pictures
from PIL import Image
from served import served
from tiny_encoder import TintEncoder

from shelfsight import Engine, Item, Picture, Settings
from shelfsight.core.settings import FetchSettings
from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.stores import create_store

PLACE = "Musterweg 7"


@pytest.fixture
def server() -> Iterator[PictureServer]:
    with served_pictures() as running:
        yield running


def photo(colour: str, size: tuple[int, int] = (60, 40), kind: str = "JPEG", turned: int = 6) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = turned
    exif[0x013B] = PLACE
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 29: PLACE})
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, kind, exif=exif)
    assert PLACE.encode() in buffer.getvalue()
    return buffer.getvalue()


class _Wordless(TintEncoder):
    """Every text is grey."""

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        return normalise(np.ones((len(texts), 3), dtype=np.float32))


@pytest.fixture
def engine(tmp_path: Path, server: PictureServer) -> Iterator[Engine]:
    encoder = _Wordless()
    settings = Settings(fetch=FetchSettings(private_hosts=(server.host,), attempts=1))
    store = create_store(tmp_path / "c", kind="exact", encoder=encoder.spec)
    with closing(Engine(store, path=tmp_path / "c", settings=settings, encoder=encoder)) as made:
        yield made


def counts(document: dict[str, Any]) -> dict[str, int]:
    names = ("indexed", "unchanged", "failed", "encoded")
    return {name: document[name] for name in names if document[name]}


def test_a_catalogue_of_addresses_on_the_command_line(cli: Cli, server: PictureServer, tmp_path: Path) -> None:
    red, blue = (server.put(f"/{name}.jpg?key=s3cret", photo(name), ETag=f'"{name}"') for name in ("red", "blue"))
    catalogue = tmp_path / "shop.csv"
    catalogue.write_text(
        f"id,image_url,title\n1,{red},Red\n2,{blue},Blue\n3,http://{server.host}/gone.jpg,Gone\n4,http://localhost/a.jpg,Inside\n"
    )
    indexed = ("index", catalogue, "-c", tmp_path / "c", "--json")
    failed = [("3", "fetch_failed"), ("4", "address_refused")]
    for wanted in ({"indexed": 2, "failed": 2, "encoded": 2}, {"unchanged": 2, "failed": 2}):
        result = cli(*indexed, "--private-host", server.host)
        assert (result.code, counts(result.document)) == (3, wanted)
        assert [(each["id"], each["reason"]) for each in result.document["failures"]] == failed
    assert [server.sent[f"/{name}.jpg?key=s3cret"] for name in ("red", "blue")] == [1, 1]
    asked = server.asked.total()
    result = cli(*indexed, "--private-host", server.host, "--no-fetch")
    assert (result.code, counts(result.document)) == (3, {"failed": 4})
    assert {each["reason"] for each in result.document["failures"]} == {"url_only"}
    assert server.asked.total() == asked
    wrong = cli(*indexed, "--private-host", "http://a")
    assert (wrong.code, "private_hosts" in wrong.err) == (2, True)


def test_fetched_pictures_are_shown_from_what_was_kept(engine: Engine, server: PictureServer) -> None:
    small, large = server.put("/small.jpg", photo("red")), server.put("/large.jpg", photo("blue", (1200, 800)))
    pictures = tuple(Picture(name=url, url=url) for url in (small, large))
    assert engine.upsert([Item(id="a", pictures=pictures)]).indexed == 1
    server.answers.clear()
    with served(engine) as url, conforming(url) as client:
        for index, size in ((0, (60, 40)), (1, (341, 512))):
            answer = client.get(f"/v1/items/a/pictures/{index}")
            assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
            assert Image.open(io.BytesIO(answer.content)).size == size
        assert "s3cret" not in client.get("/v1/items/a").text
        assert server.host not in client.get("/v1/items/a").text
    for index in (0, 1):
        kept = engine._store.preview("a", index)
        assert kept is not None
        assert PLACE.encode() not in kept


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_files_are_served_without_the_place_they_were_taken_at(engine: Engine, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"photo.{kind.lower()}"
    path.write_bytes(photo("teal", kind=kind))
    engine.upsert([Item(id="a", pictures=(Picture(name=path.name, path=path),))])
    shown = engine.picture("a")
    assert shown.media_type == ("image/jpeg" if kind == "TIFF" else f"image/{kind.lower()}")
    assert PLACE.encode() not in shown.data
    with Image.open(io.BytesIO(shown.data)) as served_, Image.open(path) as file:
        assert dict(served_.getexif()) == ({} if kind == "TIFF" else {0x0112: 6})
        if kind != "TIFF":
            np.testing.assert_array_equal(np.asarray(served_), np.asarray(file))


def test_a_file_that_is_no_picture_any_more_is_not_served(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo("teal"))
    engine.upsert([Item(id="a", pictures=(Picture(name=path.name, path=path),))])
    with served(engine) as url, conforming(url) as client:
        for data in (b"<script>alert(1)</script>", photo("teal")[:300], b"\xff\xd8\xff\xe1\xff\xff", b""):
            path.write_bytes(data)
            answer = client.get("/v1/items/a/picture")
            assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
        assert client.get("/healthz").status_code == 200
