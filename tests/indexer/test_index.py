"""The write path on real files and real stores: what is written, what is left alone, what is reported."""

import dataclasses
import json
import shutil
from contextlib import closing
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from shops import PatchEncoder, Shop, picture_bytes, settings, vector_of

from shelfsight.core.errors import CatalogueError, LeaseHeld, Reason
from shelfsight.core.protocols import Change, Store
from shelfsight.core.types import Failure, Item, Picture
from shelfsight.indexer import Report, index, report_of
from shelfsight.stores import create_store, open_store


def run(shop: Shop, store: Store, encoder: PatchEncoder | None = None, **options) -> Report:
    return index(shop, encoder=encoder or PatchEncoder(), store=store, settings=settings(), **options)


def counts(report: Report) -> dict[str, int]:
    """The counts that are not zero."""
    names = ("indexed", "unchanged", "updated", "failed", "deleted", "encoded")
    return {name: getattr(report, name) for name in names if getattr(report, name)}


def check_whole(store: Store, shop: Shop) -> None:
    """The collection holds exactly the shop's items, with the right vectors, metadata and places."""
    items = {row.id: row for row in shop.rows if isinstance(row, Item)}
    assert list(store.ids()) == sorted(items)
    snapshot = store.snapshot()
    stored = snapshot.items(list(items))
    for id, item in items.items():
        assert (stored[id].title, dict(stored[id].metadata)) == (item.title, dict(item.metadata))
        assert [(p.name, p.path) for p in stored[id].pictures] == [(p.name, str(p.path)) for p in item.pictures]
        expected = np.stack([vector_of(p.path.read_bytes()) for p in item.pictures])
        np.testing.assert_allclose(snapshot.vectors(id), expected, atol=1e-6, err_msg=id)


def test_everything_goes_in_once(shop, store, encoder):
    shop.fill(25)
    report = run(shop, store, encoder)
    assert counts(report) == {"indexed": 25, "encoded": 49}
    assert (report.items, report.pictures, report.failures) == (25, 49, ())
    assert sum(encoder.batches) == 49
    assert sorted(encoder.batches)[1:] == [8] * 6  # batches are full across items; one is the rest
    check_whole(store, shop)


def test_a_second_run_writes_nothing(shop, store, encoder):
    shop.fill(25)
    run(shop, store)
    before = store.snapshot()
    assert counts(run(shop, store, encoder)) == {"unchanged": 25}
    assert encoder.batches == []
    assert store.snapshot() is before


def test_metadata_alone_is_an_update(shop, store, encoder):
    shop.fill(12)
    run(shop, store)
    shop.replace(3, metadata={"price": 1.5, "colour": "red"})
    shop.replace(5, title=None)
    assert counts(run(shop, store, encoder)) == {"updated": 2, "unchanged": 10}
    assert encoder.batches == []
    check_whole(store, shop)


def test_null_and_left_out_are_the_same(shop, store):
    shop.add("a", shop.file("a.png", 1), price=3)
    run(shop, store)
    shop.replace(0, metadata={"price": 3, "colour": None})
    assert counts(run(shop, store)) == {"unchanged": 1}


def test_changed_pictures_are_encoded_again(shop, store):
    shop.fill(12)
    run(shop, store)
    (shop.folder / "002-1.png").write_bytes(picture_bytes(999))
    shop.replace(4, pictures=(*shop.rows[4].pictures, shop.file("extra.png", 77)))
    assert counts(run(shop, store)) == {"indexed": 2, "unchanged": 10, "encoded": 6}
    check_whole(store, shop)


def test_another_order_of_pictures_is_another_item(shop, store):
    shop.add("a", shop.file("a.png", 1), shop.file("b.png", 2))
    run(shop, store)
    shop.replace(0, pictures=tuple(reversed(shop.rows[0].pictures)))
    assert counts(run(shop, store)) == {"indexed": 1, "encoded": 2}
    check_whole(store, shop)


def test_moved_files_are_an_update(shop, store, encoder):
    shop.fill(9)
    run(shop, store)
    shop.replace(1, title="Renamed too")
    moved = Path(shutil.move(shop.folder, shop.folder.with_name("moved")))
    for number, row in enumerate(shop.rows):
        shop.replace(number, pictures=tuple(Picture(name=f"new/{p.name}", path=moved / p.name) for p in row.pictures))
    assert counts(run(shop, store, encoder)) == {"updated": 9}
    assert encoder.batches == []
    check_whole(store, shop)
    assert counts(run(shop, store)) == {"unchanged": 9}


def test_renamed_bytes_keep_their_previews(shop, store, encoder):
    data = picture_bytes(1, (900, 600))
    shop.add("a", Picture(name="part-0.parquet#1", data=data))
    run(shop, store)
    preview = store.preview("a", 0)
    shop.replace(0, pictures=(Picture(name="part-0.parquet#2", data=data),))
    assert counts(run(shop, store, encoder)) == {"updated": 1}
    assert store.preview("a", 0) == preview
    assert store.snapshot().items(["a"])["a"].pictures[0].name == "part-0.parquet#2"


def test_files_that_become_bytes_get_previews(shop, store):
    """A folder packed into a tar: the collection must not rely on files that may go."""
    shop.add("a", shop.file("a.png", 1), title="Thing")
    run(shop, store)
    shop.replace(0, pictures=(Picture(name="tar#a", data=shop.rows[0].pictures[0].path.read_bytes()),))
    assert counts(run(shop, store)) == {"indexed": 1, "encoded": 1}
    assert Image.open(BytesIO(store.preview("a", 0))).size == (40, 30)
    assert counts(run(shop, store)) == {"unchanged": 1}
    shop.replace(0, pictures=(shop.file("back.png", 1),))
    assert counts(run(shop, store)) == {"updated": 1}
    assert store.preview("a", 0) is None
    check_whole(store, shop)


def test_the_first_of_a_duplicate_wins(shop, store):
    shop.add("a", shop.file("a.png", 1), price=1)
    shop.add("b", shop.file("b.png", 2), price=2)
    shop.add("a", shop.file("c.png", 3), price=3)
    report = run(shop, store)
    assert counts(report) == {"indexed": 2, "failed": 1, "encoded": 2}
    assert [(f.id, f.reason, f.place) for f in report.failures] == [("a", Reason.DUPLICATE_ID, "shop.csv:4")]
    assert store.snapshot().items(["a"])["a"].metadata == {"price": 1}


def test_one_bad_picture_of_several(shop, store, encoder):
    bad = shop.folder / "bad.png"
    bad.write_bytes(b"no picture at all")
    good = [shop.file("a.png", 1), shop.file("b.png", 2)]
    shop.add("a", good[0], Picture(name="bad", path=bad), Picture(name="gone", path=shop.folder / "gone.png"), good[1])
    expected = [("a", Reason.MISSING_FILE, "gone"), ("a", Reason.NOT_A_PICTURE, "bad")]
    report = run(shop, store)
    assert counts(report) == {"indexed": 1, "encoded": 2}
    assert [(f.id, f.reason, f.picture) for f in report.failures] == expected
    assert [p.name for p in store.snapshot().items(["a"])["a"].pictures] == ["a.png", "b.png"]
    again = run(shop, store, encoder)
    assert counts(again) == {"unchanged": 1}
    assert [(f.id, f.reason, f.picture) for f in again.failures] == expected  # told every time, encoded once
    bad.write_bytes(picture_bytes(5))
    assert counts(run(shop, store)) == {"indexed": 1, "encoded": 3}


def test_moving_an_item_with_a_bad_picture(shop, store, encoder):
    bad = shop.folder / "bad.png"
    bad.write_bytes(b"no picture at all")
    shop.add("a", Picture(name="bad", path=bad), shop.file("a.png", 1))
    run(shop, store)
    shop.replace(0, pictures=(Picture(name="bad2", path=bad), Picture(name="a2", path=shop.folder / "a.png")))
    report = run(shop, store, encoder)
    assert (counts(report), [f.picture for f in report.failures]) == ({"updated": 1}, ["bad2"])
    assert [p.name for p in store.snapshot().items(["a"])["a"].pictures] == ["a2"]


def test_a_failed_item_stays_as_it_was(shop, store):
    shop.fill(3)
    run(shop, store)
    (shop.folder / "000-0.png").write_bytes(b"")
    shop.replace(0, title="New title")
    report = run(shop, store, prune=True)
    assert counts(report) == {"unchanged": 2, "failed": 1}
    assert [(f.id, f.reason) for f in report.failures] == [("000", Reason.EMPTY_FILE)]
    assert store.snapshot().items(["000"])["000"].title == "Thing 0"


def test_rows_that_are_no_items_are_reported(shop, store, tmp_path):
    shop.fill(2)
    shop.rows.insert(1, Failure(reason=Reason.EMPTY_ID, place="shop.csv:9", message="row 9 has no id"))
    shop.rows.append(Item(id="", pictures=(shop.file("x.png", 1),), place="shop.csv:10"))
    shop.rows.append(Item(id="\ud800", pictures=(shop.file("x.png", 1),), place="shop.csv:11"))
    url = Failure(reason=Reason.URL_ONLY, place="shop.csv:12", message="only an address", id="u", picture="http://x/y")
    shop.rows.append(Item(id="u", pictures=(shop.file("u.png", 4),), place="shop.csv:12", failures=(url,)))
    failures = tmp_path / "failures.jsonl"
    report = run(shop, store, failures_to=failures)
    assert counts(report) == {"indexed": 3, "failed": 3, "encoded": 4}
    assert [(f.place, f.reason) for f in report.failures] == [
        ("shop.csv:9", Reason.EMPTY_ID),
        ("shop.csv:10", Reason.EMPTY_ID),
        ("shop.csv:11", Reason.BAD_VALUE),
        ("shop.csv:12", Reason.URL_ONLY),
    ]
    assert [json.loads(line) for line in failures.read_text().splitlines()] == report.to_json()["failures"]
    assert report.to_json()["failures"][3] == {
        "id": "u", "reason": "url_only", "place": "shop.csv:12", "message": "only an address", "picture": "http://x/y",
    }  # fmt: skip


def test_the_report_keeps_a_thousand_failures_and_the_file_all(shop, store, tmp_path):
    bad = shop.file("bad.png", 1)
    bad.path.write_bytes(b"bad")
    for number in range(1200):
        shop.add(str(number), bad)
    report = run(shop, store, failures_to=tmp_path / "failures.jsonl")
    assert (report.failed, len(report.failures)) == (1200, 1000)
    ids = [json.loads(line)["id"] for line in (tmp_path / "failures.jsonl").read_text().splitlines()]
    assert ids == [str(number) for number in range(1200)]


def test_without_failures_the_old_list_goes(shop, store, tmp_path):
    (tmp_path / "failures.jsonl").write_text("old")
    shop.fill(1)
    run(shop, store, failures_to=tmp_path / "failures.jsonl")
    assert not (tmp_path / "failures.jsonl").exists()


def test_json_has_exactly_the_promised_fields(shop, store):
    shop.fill(2)
    document = run(shop, store).to_json()
    assert list(document) == [
        "items", "pictures", "indexed", "unchanged", "updated", "failed", "deleted", "encoded", "seconds", "failures",
    ]  # fmt: skip
    json.dumps(document, allow_nan=False)


def test_prune_deletes_what_left(shop, store):
    shop.fill(25)
    run(shop, store)
    del shop.rows[5:15]
    assert counts(run(shop, store)) == {"unchanged": 15}
    report = run(shop, store, prune=True)
    assert (counts(report), report.items) == ({"unchanged": 15, "deleted": 10}, 15)
    check_whole(store, shop)


def test_prune_refuses_an_empty_catalogue(shop, store):
    shop.fill(3)
    run(shop, store)
    shop.rows.clear()
    assert counts(run(shop, store)) == {}
    with pytest.raises(CatalogueError, match="no items, so nothing was pruned") as caught:
        run(shop, store, prune=True)
    assert report_of(caught.value).items == 3


@pytest.mark.parametrize(
    "row",
    [
        Failure(reason=Reason.UNREADABLE_FILE, place="shop/sub", message="the folder cannot be read"),
        Failure(reason=Reason.EMPTY_ID, place="shop.csv:3", message="the id is empty"),
        Item(id="", pictures=(Picture(name="x", data=b"x"),), place="shop.csv:3"),
    ],
)
def test_prune_spares_everything_when_rows_are_nameless(shop, store, row):
    """An id that was blanked by mistake must not cost its item."""
    shop.fill(3)
    run(shop, store)
    shop.rows[1] = row
    report = run(shop, store, prune=True)
    assert counts(report) == {"unchanged": 2, "failed": 1}
    assert "nothing was pruned" in report.failures[-1].message
    assert report.items == 3


def test_a_catalogue_that_breaks_off_keeps_what_was_read_and_prunes_nothing(shop, store):
    shop.fill(25)
    run(shop, store)
    shop.replace(4, title="New")
    shop.break_after = 20
    with pytest.raises(CatalogueError, match="breaks off after row 20") as caught:
        run(shop, store, prune=True)
    assert counts(report_of(caught.value)) == {"updated": 1, "unchanged": 19}
    assert report_of(caught.value).items == 25
    assert store.snapshot().items(["004"])["004"].title == "New"


def test_a_second_job_is_told_who_is_at_work(shop, store):
    shop.fill(1)
    with store.lease("nightly job"), pytest.raises(LeaseHeld, match="nightly job"):
        run(shop, store)
    run(shop, store)


def test_a_price_update_goes_through_during_a_job(shop, store, tmp_path):
    shop.fill(40)
    run(shop, store)
    old = store.snapshot().items(["000"])["000"]
    shop.fill(10, start=40)
    prices = []

    def between(done: int, *_: object, **__: object) -> None:
        if done < 40 or prices:
            return
        with closing(open_store(tmp_path / "shop.collection")) as other:
            other.commit([Change(item=dataclasses.replace(old, metadata={"price": 99}), vectors=None)])
            prices.append(other.snapshot().items(["000"])["000"].metadata["price"])

    report = run(shop, store, progress=between)
    assert prices == [99]
    assert counts(report) == {"unchanged": 40, "indexed": 10, "encoded": 20}
    assert store.snapshot().items(["000"])["000"].metadata == {"price": 99}


def test_progress_counts_up_to_the_total(shop, store):
    shop.fill(25)
    shop.add("bad", Picture(name="gone", path=shop.folder / "gone"))
    seen = []
    run(shop, store, progress=lambda done, total, *, pictures, failed: seen.append((done, total, pictures, failed)))
    assert seen[0] == (0, 26, 0, 0)
    assert seen[-1] == (26, 26, 49, 1)
    assert seen == sorted(seen)
    assert len(seen) == 8  # before the first batch, and after each of seven


def test_the_order_of_the_catalogue_decides_not_the_threads(shop, tmp_path):
    shop.fill(30)
    vectors = []
    for name, threads in (("one", 1), ("many", 8)):
        encoder = PatchEncoder()
        store = create_store(tmp_path / name, kind="exact", encoder=encoder.spec)
        index(shop, encoder=encoder, store=store, settings=settings(decode_threads=threads))
        vectors.append(np.concatenate([store.snapshot().vectors(id) for id in store.ids()]))
        store.close()
    np.testing.assert_array_equal(*vectors)


def test_previews_are_kept_for_bytes_and_not_for_files(shop, store):
    small, large = picture_bytes(1, (60, 40), "JPEG"), picture_bytes(2, (900, 600), "JPEG")
    png = picture_bytes(3, (60, 40))
    shop.add("a", *(Picture(name=f"tar#{n}", data=data) for n, data in enumerate((small, large, png))))
    shop.add("b", shop.file("b.png", 4))
    run(shop, store)
    assert store.preview("a", 0) == small
    assert (Image.open(BytesIO(store.preview("a", 1))).size, store.preview("a", 1)[:3]) == ((512, 341), small[:3])
    assert Image.open(BytesIO(store.preview("a", 2))).format == "JPEG"
    assert store.preview("b", 0) is None
    assert [p.path for p in store.snapshot().items(["a"])["a"].pictures] == [None] * 3
    assert counts(run(shop, store)) == {"unchanged": 2}


@pytest.mark.parametrize("size", [(1024, 1024), (2048, 1024), (513, 100)])
def test_a_large_jpeg_of_few_bytes_is_kept_small(shop, store, size):
    shop.add("a", Picture(name="tar#0", data=picture_bytes(2, size, "JPEG")))
    run(shop, store)
    assert max(Image.open(BytesIO(store.preview("a", 0))).size) == 512


def test_a_large_picture_has_the_same_vector_as_bytes_and_as_a_file(shop, store):
    """A JPEG decodes at reduced size for the encoder; a preview needs more of it, and must not change what is seen."""
    large = picture_bytes(5, (1600, 1200), "JPEG")
    (shop.folder / "large.jpg").write_bytes(large)
    shop.add("bytes", Picture(name="tar#0", data=large))
    shop.add("file", Picture(name="large.jpg", path=shop.folder / "large.jpg"))
    run(shop, store)
    np.testing.assert_array_equal(store.snapshot().vectors("bytes"), store.snapshot().vectors("file"))
