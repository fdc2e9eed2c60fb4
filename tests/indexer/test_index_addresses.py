"""Catalogues whose pictures are addresses, from a real server through the real guarded fetcher."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from picture_server import Answer, PictureServer, served_pictures
from PIL import Image
from shops import PatchEncoder, Shop, picture_bytes, settings, vector_of

from shelfsight.catalog.fetching import GuardedFetcher
from shelfsight.core.errors import Reason
from shelfsight.core.protocols import Fetcher, Store
from shelfsight.core.settings import FetchSettings
from shelfsight.core.types import Picture
from shelfsight.indexer import Report, index, upsert


@pytest.fixture
def server() -> Iterator[PictureServer]:
    with served_pictures() as running:
        yield running


@pytest.fixture
def fetch(server: PictureServer) -> Iterator[GuardedFetcher]:
    with GuardedFetcher(FetchSettings(private_hosts=(server.host,), attempts=1, seconds=10)) as made:
        yield made


def run(shop: Shop, store: Store, fetch: Fetcher | None, **more: Any) -> Report:
    return index(shop, encoder=PatchEncoder(), store=store, settings=settings(), fetch=fetch, **more)


def picture(url: str) -> Picture:
    return Picture(name=url, url=url)


def counts(report: Report) -> dict[str, int]:
    names = ("indexed", "unchanged", "updated", "failed", "encoded")
    return {name: getattr(report, name) for name in names if getattr(report, name)}


def shown(store: Store, id: str, index: int = 0) -> Image.Image:
    preview = store.preview(id, index)
    assert preview is not None
    return Image.open(io.BytesIO(preview))


def test_pictures_are_fetched_encoded_and_kept_small(shop: Shop, store: Store, server: PictureServer, fetch: Fetcher):
    large = picture_bytes(1, size=(900, 600))
    url = server.put("/a.png?w=9", large)
    shop.add("a", shop.file("front.png", 7), picture(url))
    assert counts(run(shop, store, fetch)) == {"indexed": 1, "encoded": 2}
    item = store.snapshot().items(["a"])["a"]
    assert [(each.name, each.path, each.url) for each in item.pictures] == [
        ("front.png", str(shop.folder / "front.png"), None),
        (url, None, url),
    ]
    np.testing.assert_array_equal(store.snapshot().vectors("a")[1], vector_of(large))
    assert shown(store, "a", 1).size == (512, 341)
    assert store.preview("a", 0) is None


@pytest.mark.parametrize("header", ["ETag", "Last_Modified"])
def test_what_a_server_says_is_unchanged_is_not_sent_again(shop, store, server, fetch, header):
    said = {"ETag": 'W/"1"', "Last_Modified": "Mon, 06 Jul 2026 10:00:00 GMT"}[header]
    for number in range(3):
        url = server.put(f"/{number}.png", picture_bytes(number), **{header: said})
        shop.add(str(number), picture(url), price=number)
    assert counts(run(shop, store, fetch)) == {"indexed": 3, "encoded": 3}
    assert counts(run(shop, store, fetch)) == {"unchanged": 3}
    assert (server.sent.total(), server.asked.total()) == (3, 6)


def test_without_a_word_of_the_server_bytes_are_compared(shop, store, server, fetch):
    shop.add("a", picture(server.put("/a.png", picture_bytes(1))))
    run(shop, store, fetch)
    assert counts(run(shop, store, fetch)) == {"unchanged": 1}
    server.put("/a.png", picture_bytes(2))
    assert counts(run(shop, store, fetch)) == {"indexed": 1, "encoded": 1}
    np.testing.assert_array_equal(store.snapshot().vectors("a")[0], vector_of(picture_bytes(2)))


def test_one_of_two_pictures_changes(shop, store, server, fetch):
    one, two = (server.put(f"/{n}.png", picture_bytes(n), ETag=f'"{n}"') for n in (1, 2))
    shop.add("a", picture(one), picture(two))
    run(shop, store, fetch)
    server.put("/2.png", picture_bytes(3), ETag='"3"')
    assert counts(run(shop, store, fetch)) == {"indexed": 1, "encoded": 2}
    vectors = store.snapshot().vectors("a")
    np.testing.assert_array_equal(vectors, [vector_of(picture_bytes(1)), vector_of(picture_bytes(3))])
    assert counts(run(shop, store, fetch)) == {"unchanged": 1}


def test_the_same_bytes_under_another_validator_change_nothing_but_are_not_sent_a_third_time(
    shop, store, server, fetch
):
    shop.add("a", picture(server.put("/a.png", picture_bytes(1), ETag='"one"')), title="Cap")
    run(shop, store, fetch)
    store.patch({"a": {"price": 5}})  # said by the shop, not by the catalogue: stays
    server.put("/a.png", picture_bytes(1), ETag='"two"')
    assert counts(run(shop, store, fetch)) == {"unchanged": 1}
    assert server.sent["/a.png"] == 2
    assert counts(run(shop, store, fetch)) == {"unchanged": 1}
    assert server.sent["/a.png"] == 2
    item = store.snapshot().items(["a"])["a"]
    assert (item.title, item.metadata) == ("Cap", {"price": 5})


def test_metadata_alone_changes(shop, store, server, fetch):
    shop.add("a", picture(server.put("/a.png", picture_bytes(1), ETag='"1"')), price=1)
    run(shop, store, fetch)
    shop.rows.clear()
    shop.add("a", picture(f"http://{server.host}/a.png"), price=2)
    assert counts(run(shop, store, fetch)) == {"updated": 1}
    assert store.snapshot().items(["a"])["a"].metadata == {"price": 2}
    assert counts(run(shop, store, fetch)) == {"unchanged": 1}
    assert server.sent["/a.png"] == 1


def test_the_same_picture_at_another_address_is_not_encoded_again(shop, store, server, fetch):
    shop.add("a", picture(server.put("/a.png", picture_bytes(1), ETag='"1"')))
    run(shop, store, fetch)
    shop.rows.clear()
    moved = server.put("/b.png", picture_bytes(1), ETag='"1"')
    shop.add("a", picture(moved))
    assert counts(run(shop, store, fetch)) == {"updated": 1}
    assert store.snapshot().items(["a"])["a"].pictures[0].url == moved
    assert shown(store, "a").size == (40, 30)
    assert server.sent["/b.png"] == 1  # another address: what is known of the first says nothing of it


def test_a_picture_that_cannot_be_had_for_now_stays(shop, store, server, fetch):
    one, two = (server.put(f"/{n}.png", picture_bytes(n), ETag=f'"{n}"') for n in (1, 2))
    shop.add("a", picture(one), picture(two))
    run(shop, store, fetch)
    before = server.answers["/2.png"]
    server.answers["/2.png"] = Answer(b"closed", 500)
    report = run(shop, store, fetch)
    assert counts(report) == {"unchanged": 1}
    assert [(f.reason, f.picture) for f in report.failures] == [(Reason.FETCH_FAILED, two)]
    assert len(store.snapshot().vectors("a")) == 2
    server.put("/1.png", picture_bytes(4))  # now the other changes: what can be had goes in
    assert counts(run(shop, store, fetch)) == {"indexed": 1, "encoded": 1}
    server.answers["/2.png"] = before
    assert counts(run(shop, store, fetch)) == {"indexed": 1, "encoded": 2}
    assert len(store.snapshot().vectors("a")) == 2


def test_an_item_whose_only_picture_cannot_be_had_fails_and_stays(shop, store, server, fetch):
    shop.add("a", picture(server.put("/a.png", picture_bytes(1))))
    run(shop, store, fetch)
    server.answers.clear()
    report = run(shop, store, fetch)
    assert counts(report) == {"failed": 1}
    assert [(f.id, f.reason) for f in report.failures] == [("a", Reason.FETCH_FAILED)]
    assert store.manifest.items == 1


def test_what_is_no_picture_is_named_at_every_job_and_taken_when_it_is_one(shop, store, server, fetch):
    shop.add("a", shop.file("a.png", 1), picture(server.put("/b.png", b"<html>", ETag='"1"')))
    for wanted in ({"indexed": 1, "encoded": 1}, {"unchanged": 1}, {"unchanged": 1}):
        report = run(shop, store, fetch)
        assert (counts(report), [f.reason for f in report.failures]) == (wanted, [Reason.NOT_A_PICTURE])
    server.put("/b.png", picture_bytes(2), ETag='"2"')
    assert counts(run(shop, store, fetch)) == {"indexed": 1, "encoded": 2}


def test_what_was_no_picture_and_cannot_be_had_now_is_told_once_and_asked_for_once(shop, store, server, fetch):
    url = server.put("/b.png", b"<html>")
    shop.add("a", shop.file("a.png", 1), picture(url))
    run(shop, store, fetch)
    server.answers.clear()
    report = run(shop, store, fetch)
    assert counts(report) == {"unchanged": 1}
    assert [(f.reason, f.picture) for f in report.failures] == [(Reason.FETCH_FAILED, url)]
    assert server.asked["/b.png"] == 2


def test_nobody_fetches(shop, store, server, fetch):
    url = server.put("/a.png", picture_bytes(1))
    shop.add("a", picture(url))
    shop.add("b", shop.file("b.png", 2), picture(url))
    report = run(shop, store, None)
    assert counts(report) == {"indexed": 1, "failed": 1, "encoded": 1}
    assert [(f.id, f.reason) for f in report.failures] == [("a", Reason.URL_ONLY), ("b", Reason.URL_ONLY)]
    assert not server.asked
    assert counts(run(shop, store, fetch)) == {"indexed": 2, "encoded": 3}
    assert counts(run(shop, store, None)) == {"unchanged": 1, "failed": 1}
    assert store.manifest.pictures == 3


def test_addresses_inside_the_network_fail_one_by_one(shop, store, server):
    shop.add("a", picture(server.put("/a.png", picture_bytes(1))))
    shop.add("b", shop.file("b.png", 2))
    with GuardedFetcher() as guarded:
        report = run(shop, store, guarded)
    assert counts(report) == {"indexed": 1, "failed": 1, "encoded": 1}
    assert [(f.id, f.reason) for f in report.failures] == [("a", Reason.ADDRESS_REFUSED)]
    assert not server.asked


def test_upserted_items_have_addresses_too(shop, store, server, fetch):
    url = server.put("/a.png", picture_bytes(1), ETag='"1"')
    item = shop.add("a", picture(url), price=1)
    for wanted in ({"indexed": 1, "encoded": 1}, {"unchanged": 1}):
        done = upsert([item], encoder=PatchEncoder(), store=store, settings=settings(), fetch=fetch)
        assert counts(done) == wanted
    assert server.sent["/a.png"] == 1


def test_many_pictures_keep_the_catalogue_s_order(shop, store, server, fetch):
    for number in range(40):
        shop.add(f"{number:02}", picture(server.put(f"/{number}.png", picture_bytes(number))))
    shop.add("40", picture(f"http://{server.host}/missing.png"))
    report = run(shop, store, fetch)
    assert counts(report) == {"indexed": 40, "failed": 1, "encoded": 40}
    for number in (0, 17, 39):
        np.testing.assert_array_equal(store.snapshot().vectors(f"{number:02}")[0], vector_of(picture_bytes(number)))
