"""Writes of a shop that is open, alone and while a job runs."""

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from shops import PatchEncoder, Shop, picture_bytes, settings, vector_of

from shelfsight.core.errors import UsageError
from shelfsight.core.protocols import Store
from shelfsight.core.types import Failure, Item, Picture
from shelfsight.indexer import delete, index, update, upsert


def _upsert(store: Store, encoder: PatchEncoder, *items: Item) -> Any:
    return upsert(items, encoder=encoder, store=store, settings=settings())


def _item(id: str, seed: int, **metadata: Any) -> Item:
    return Item(id=id, pictures=(Picture(name=f"{id}.png", data=picture_bytes(seed)),), title=id, metadata=metadata)


def test_upsert_is_in_the_next_snapshot(store: Store, encoder: PatchEncoder) -> None:
    report = _upsert(store, encoder, _item("a", 1, price=5), _item("b", 2))
    assert (report.indexed, report.encoded, report.items) == (2, 2, 2)
    np.testing.assert_allclose(store.snapshot().vectors("a")[0], vector_of(picture_bytes(1)), atol=1e-5)
    report = _upsert(store, encoder, _item("a", 1, price=4), _item("b", 3), _item("c", 4))
    assert (report.updated, report.indexed, report.encoded) == (1, 2, 2)
    assert store.snapshot().items(["a"])["a"].metadata == {"price": 4}
    np.testing.assert_allclose(store.snapshot().vectors("b")[0], vector_of(picture_bytes(3)), atol=1e-5)


def test_upsert_restores_what_an_update_changed(store: Store, encoder: PatchEncoder) -> None:
    _upsert(store, encoder, _item("a", 1, price=5))
    assert update({"a": {"price": 3}, "absent": {"price": 3}}, store=store) == {"a"}
    assert store.snapshot().items(["a"])["a"].metadata == {"price": 3}
    assert _upsert(store, encoder, _item("a", 1, price=5)).updated == 1
    assert store.snapshot().items(["a"])["a"].metadata == {"price": 5}
    report = _upsert(store, encoder, _item("a", 1, price=5))
    assert (report.unchanged, report.updated, report.encoded) == (1, 0, 0)


def test_a_bad_item_fails_alone(store: Store, encoder: PatchEncoder) -> None:
    bad = Item(id="bad", pictures=(Picture(name="bad.png", data=b"no picture"),))
    report = _upsert(store, encoder, _item("a", 1), bad, _item("a", 2))
    assert [str(each.reason) for each in report.failures] == ["not_a_picture", "duplicate_id"]
    assert (report.indexed, report.failed) == (1, 2)
    np.testing.assert_allclose(store.snapshot().vectors("a")[0], vector_of(picture_bytes(1)), atol=1e-5)


def test_updates_encode_nothing_and_refuse_what_cannot_be_kept(store: Store, encoder: PatchEncoder) -> None:
    _upsert(store, encoder, _item("a", 1))
    encoded = len(encoder.batches)
    update({"a": {"stock": 4, "title": "New"}}, store=store)
    assert len(encoder.batches) == encoded
    with pytest.raises(UsageError):
        update({"a": {"title": 4}}, store=store)
    assert store.snapshot().items(["a"])["a"].title == "New"
    assert delete(["a", "absent"], store=store) == 1
    assert store.snapshot().count() == 0


class _Held(Shop):
    """Stops before row ``at`` until it is let go."""

    at = 0

    def __iter__(self) -> Iterator[Item | Failure]:
        self.reached, self.go = threading.Event(), threading.Event()
        for number, row in enumerate(self.rows):
            if number == self.at:
                self.reached.set()
                assert self.go.wait(20)
            yield row


@pytest.fixture
def held(tmp_path: Any) -> _Held:
    return _Held(tmp_path / "shop")


def _during(held: _Held, store: Store, encoder: PatchEncoder, *writes: Any, **options: Any) -> None:
    """Run a job, and ``writes`` while it waits in the middle of its catalogue."""
    errors: list[BaseException] = []

    def job() -> None:
        try:
            index(held, encoder=encoder, store=store, settings=settings(), **options)
        except BaseException as error:
            errors.append(error)

    held.reached = threading.Event()
    thread = threading.Thread(target=job)
    thread.start()
    while not held.reached.wait(0.01):
        assert thread.is_alive(), errors
    for write in writes:
        write()
    held.go.set()
    thread.join(30)
    assert not errors


def test_a_job_leaves_what_was_written_while_it_ran(held: _Held, store: Store, encoder: PatchEncoder) -> None:
    held.fill(30)
    index(_copy(held), encoder=encoder, store=store, settings=settings())
    held.at = 15
    held.replace(20, pictures=(held.file("020-new.png", 999),))  # other pictures, the same fields
    held.replace(21, metadata={"price": 777})  # the catalogue itself says something else
    held.replace(25, metadata={"price": 778})
    _during(
        held,
        store,
        encoder,
        lambda: update({f"{n:03}": {"price": -1} for n in (3, 20, 21, 28)}, store=store),
        lambda: delete(["004", "024", "025"], store=store),
        lambda: _upsert(store, encoder, _item("live", 1, price=-2)),
        prune=True,
    )
    items = store.snapshot().items([*(row.id for row in held.rows if isinstance(row, Item)), "live"])
    prices = {id: item.metadata["price"] for id, item in items.items()}
    assert prices == {f"{n:03}": n for n in range(30) if n not in (4, 24, 25)} | {
        "003": -1,
        "020": -1,
        "021": 777,
        "028": -1,
        "live": -2,
    }
    np.testing.assert_allclose(store.snapshot().vectors("020")[0], vector_of(picture_bytes(999)), atol=1e-5)


def _copy(held: _Held) -> Shop:
    shop = Shop(held.folder)
    shop.rows = list(held.rows)
    return shop


def test_pictures_that_moved_keep_updated_fields(store: Store, encoder: PatchEncoder, shop: Shop) -> None:
    shop.fill(3)
    index(shop, encoder=encoder, store=store, settings=settings())
    update({"000": {"price": 99}}, store=store)
    shop.replace(0, pictures=(shop.file("moved.png", 0),))
    report = index(shop, encoder=encoder, store=store, settings=settings())
    assert (report.updated, report.encoded) == (1, 0)
    item = store.snapshot().items(["000"])["000"]
    assert (item.pictures[0].name, dict(item.metadata)) == ("moved.png", {"price": 99})
