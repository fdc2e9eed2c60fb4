"""Catalogues at addresses: their files are copied within bounds, and their pictures stay where they are."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from picture_server import PictureServer, served_pictures

from shelfsight.catalog import Columns, open_catalogue
from shelfsight.catalog.fetching import GuardedFetcher
from shelfsight.catalog.remote import Opened, is_address, opened
from shelfsight.core.errors import CatalogueError, MissingExtra, NotFound, PictureError, Reason, UsageError
from shelfsight.core.settings import FetchSettings, Settings
from shelfsight.core.types import Failure, Item

PICTURE = b"bytes of a picture"


@pytest.fixture
def store() -> Iterator[Any]:
    """An object store in memory."""
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    yield memory
    memory.store.clear()


@pytest.fixture
def shop() -> Iterator[PictureServer]:
    with served_pictures() as running:
        yield running


def at(address: str, *, fetch: Any = None, private: str = "", **more: Any) -> AbstractContextManager[Opened]:
    settings = Settings(fetch=FetchSettings(private_hosts=(private,) if private else (), attempts=1, seconds=10))
    return opened(address, settings=settings, fetch=fetch, **more)


def items(found: Opened) -> list[Item]:
    rows = list(found.catalogue)
    assert not any(isinstance(row, Failure) for row in rows)
    return [row for row in rows if isinstance(row, Item)]


def lines(*rows: dict[str, Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def test_what_is_an_address() -> None:
    assert [
        is_address(each) for each in ("s3://b/k", "HTTPS://x/y.csv", "/a/b.csv", "a:b.csv", "c://d", "x y://z")
    ] == [
        True,
        True,
        False,
        False,
        True,
        False,
    ]


def test_a_file_in_a_store_and_pictures_beside_it(store: Any, tmp_path: Path) -> None:
    rows = [{"id": "a", "image": "images/a b#1.png", "price": 3}, {"id": "b", "image": ["b.png", "images/c.png"]}]
    store.pipe({"/shop/catalog.jsonl": lines(*rows), "/shop/images/a b#1.png": PICTURE, "/shop/b.png": b"B"})
    with at("memory://shop/catalog.jsonl") as found:
        (tmp_path / "catalog.jsonl").write_bytes(lines(*rows))
        local = open_catalogue(tmp_path / "catalog.jsonl")
        assert (found.catalogue.name, found.catalogue.count()) == (local.name, local.count())
        there, here = items(found), [row for row in local if isinstance(row, Item)]
        assert [(item.id, item.metadata, item.place) for item in there] == [
            (item.id, item.metadata, item.place) for item in here
        ]
        urls = [[picture.url for picture in item.pictures] for item in there]
        assert urls == [["memory://shop/images/a b#1.png"], ["memory://shop/b.png", "memory://shop/images/c.png"]]
        fetch = found.fetch
        assert fetch is not None
        first = fetch(urls[0][0] or "", max_bytes=100)
        assert first.data == PICTURE
        assert fetch(urls[0][0] or "", max_bytes=100, validator=first.validator).data is None
        store.pipe("/shop/images/a b#1.png", b"another")
        assert fetch(urls[0][0] or "", max_bytes=100, validator=first.validator).data == b"another"
        for url, reason in {
            "memory://shop/images/c.png": Reason.MISSING_FILE,
            "memory://elsewhere/x.png": Reason.URL_ONLY,
            "https://shop.example/x.png": Reason.URL_ONLY,
        }.items():
            with pytest.raises(PictureError) as refused:
                fetch(url, max_bytes=100)
            assert refused.value.reason is reason
        with pytest.raises(PictureError) as large:
            fetch("memory://shop/images/a b#1.png", max_bytes=6)
        assert large.value.reason is Reason.TOO_MANY_BYTES
        store.pipe("/shop/empty.png", b"")
        with pytest.raises(PictureError) as empty:
            fetch("memory://shop/empty.png", max_bytes=6)
        assert empty.value.reason is Reason.EMPTY_FILE


def test_what_leads_out_of_the_address_is_never_read(store: Any) -> None:
    store.pipe(
        "/shop/catalog.jsonl", lines({"id": "a", "image": "../secret.png"}, {"id": "b", "image": "/etc/hostname"})
    )
    with at("memory://shop/catalog.jsonl") as found:
        rows = list(found.catalogue)
    assert [(row.id, row.reason) for row in rows if isinstance(row, Failure)] == [
        ("a", Reason.OUTSIDE_ROOT),
        ("b", Reason.OUTSIDE_ROOT),
    ]


def test_shards_in_a_store(store: Any) -> None:
    for number in (10, 2):
        store.pipe(f"/shop/part-{number}.csv", f"sku,pic\n{number},p/{number}.png\n".encode())
    store.pipe("/shop/.hidden.csv", b"no,thing\n")
    with at("memory://shop", columns=Columns(id="sku", image="pic")) as found:
        assert [(item.id, item.pictures[0].url) for item in items(found)] == [
            ("2", "memory://shop/p/2.png"),
            ("10", "memory://shop/p/10.png"),
        ]


def test_pictures_in_a_store(store: Any, tmp_path: Path) -> None:
    names = ["b.png", "a/z.jpg", "a/b/c.png", ".hidden/x.png", "notes.txt"]
    store.pipe({f"/shop/{name}": PICTURE for name in names})
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(PICTURE)
    here = [row for row in open_catalogue(tmp_path) if isinstance(row, Item)]
    with at("memory://shop/") as found:
        assert found.catalogue.count() == len(here) == 3
        assert [(item.id, dict(item.metadata)) for item in items(found)] == [
            (item.id, dict(item.metadata)) for item in here
        ]
        assert [item.pictures[0].url for item in items(found)] == [f"memory://shop/{item.id}" for item in here]


def test_copies_are_bounded_and_kept_where_they_are_wanted(store: Any, tmp_path: Path) -> None:
    for name in ("part-1.csv", "part-2.csv"):
        store.pipe(f"/shop/{name}", b"id,image\n1,x.png\n")
    for limit, enough in ((17, False), (33, False), (34, True)):
        copies = tmp_path / str(limit)
        copies.mkdir()
        if enough:
            with at("memory://shop", max_bytes=limit, copies=copies):
                assert sorted(path.name for path in copies.iterdir()) == ["part-1.csv", "part-2.csv"]
        else:
            with pytest.raises(CatalogueError, match="more than"), at("memory://shop", max_bytes=limit, copies=copies):
                pass
    store.pipe("/shop/part-1.csv", b"id,image\n7,y.png\n")
    with at("memory://shop", copies=tmp_path / "34") as again:
        assert next(item.id for item in items(again)) == "1", "a copy that is whole is not made again"
    with at("memory://shop") as fresh:
        assert next(item.id for item in items(fresh)) == "7"


def test_no_copy_fills_the_disk_and_none_is_left_half_done(shop: PictureServer, store: Any, small_disk: Path) -> None:
    store.pipe("/shop/catalog.csv", b"id,image\n1,x.png\n")
    for address in ("memory://shop/catalog.csv", shop.put("/catalog.csv", b"id,image\n1,x.png\n")):
        with (
            pytest.raises(CatalogueError, match="no room"),
            at(address, private=shop.host, copies=small_disk),
        ):
            pass
        assert list(small_disk.iterdir()) == []


def test_a_copy_that_cannot_be_written_is_a_bad_catalogue(shop: PictureServer, tmp_path: Path) -> None:
    address = shop.put("/catalog.csv", b"id,image\n1,x.png\n")
    with pytest.raises(CatalogueError, match="cannot be kept"), at(address, private=shop.host, copies=tmp_path / "no"):
        pass


def test_names_that_no_disk_takes(shop: PictureServer) -> None:
    name = quote("目" * 150 + ".csv")
    address = shop.put(f"/{name}", b"id,image\n1,x.png\n")
    with at(address, private=shop.host) as found:
        assert [item.id for item in items(found)] == ["1"]


class _Remembering(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A store that remembers what it has listed, as that of S3 does."""

    protocol = "remembering"
    known: ClassVar[dict[str, Any]] = {}

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return super()._strip_protocol(path.replace("remembering://", "memory://"))  # type: ignore[no-any-return]

    def info(self, path: str, **more: Any) -> dict[str, Any]:
        return self.known.setdefault(path, super().info(path, **more))  # type: ignore[no-any-return]

    def invalidate_cache(self, path: str | None = None) -> None:  # noqa: ARG002
        self.known.clear()


def test_what_a_store_remembers_of_its_files_is_not_believed_the_next_time(store: Any) -> None:
    fsspec.register_implementation("remembering", _Remembering, clobber=True)
    validator = None
    for data in (PICTURE, b"other bytes"):
        store.pipe("/shop/a.png", data)
        with at("remembering://shop") as found:
            assert found.fetch is not None
            answer = found.fetch("remembering://shop/a.png", max_bytes=100, validator=validator)
            assert answer.data == data
            validator = answer.validator


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("memory://nothing", NotFound),
        ("memory://shop/notes.txt", CatalogueError),
        ("memory://texts", CatalogueError),
        ("nope://shop/catalog.csv", UsageError),
        ("http://127.0.0.1:9/catalog.txt", CatalogueError),
        ("http://127.0.0.1:9/catalog.csv", CatalogueError),
        ("http://[::1/catalog.csv", UsageError),
    ],
)
def test_addresses_with_no_catalogue(store: Any, address: str, error: type[Exception]) -> None:
    store.pipe({"/shop/notes.txt": b"x", "/texts/notes.txt": b"x"})
    with pytest.raises(error), at(address):
        pass


def test_a_store_that_is_not_installed() -> None:
    try:
        import s3fs  # noqa: F401
    except ImportError:
        with pytest.raises(MissingExtra, match="s3fs") as missing, at("s3://bucket/catalog.csv"):
            pass
        assert missing.value.hint == "pip install 'shelfsight[s3]'"
    else:
        pytest.skip("s3fs is installed here")


def test_a_catalogue_over_http(shop: PictureServer) -> None:
    table = b"id,image\na,images/a b.png\nb,../b.png\nc,//shop.example/c.png\n"
    address = shop.put("/feeds/catalog.csv?key=1", table)
    with GuardedFetcher(FetchSettings(private_hosts=(shop.host,))) as fetch:
        with at(address, fetch=fetch, private=shop.host) as found:
            rows = list(found.catalogue)
            assert found.fetch is fetch
        assert [row.pictures[0].url for row in rows if isinstance(row, Item)] == [
            f"http://{shop.host}/feeds/images/a%20b.png",
            "https://shop.example/c.png",
        ]
        assert [row.reason for row in rows if isinstance(row, Failure)] == [Reason.OUTSIDE_ROOT]
    with pytest.raises(CatalogueError, match="refused"), at(address):
        pass
    with pytest.raises(CatalogueError, match="more than 10 bytes"), at(address, private=shop.host, max_bytes=10):
        pass
    assert shop.asked["/feeds/catalog.csv?key=1"] == 2
