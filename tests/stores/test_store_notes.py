"""Notes beside a collection: what is kept, and that it goes with its item."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from notes_samples import feature, fingerprints, note, orphans, said
from store_samples import axis, change, random_changes, update

from shelfsight.core.errors import UsageError
from shelfsight.core.protocols import NotesSummary, Store
from shelfsight.stores import open_store

Factory = Callable[..., Store]
NOTHING = NotesSummary(features={}, suggestions={}, bytes=0)


@pytest.fixture
def shop(store: Store) -> Store:
    """``a`` with two pictures, ``b`` and ``c`` with one."""
    store.commit([change("a", [axis(0), axis(1)]), change("b", [axis(2)]), change("c", [axis(3)])])
    return store


def test_a_collection_begins_without_notes(shop: Store, collection: Path) -> None:
    assert shop.notes.features("v1", [("a", 0)]) == {}
    assert shop.notes.suggestions(["a"]) == {}
    assert shop.notes.summary() == NOTHING
    shop.commit([], ["b"])
    shop.maintain()
    assert not (collection / "notes.sqlite").exists()


def test_features_come_back_as_they_were(shop: Store) -> None:
    note(shop, ("a", 0), ("a", 1), ("b", 0))
    found = shop.notes.features("v1", [("b", 0), ("a", 1), ("b", 0), ("c", 0), ("nobody", 0), ("a", 2), ("\udc80", 0)])
    assert set(found) == {("b", 0), ("a", 1)}
    for key, array in found.items():
        assert array.dtype == np.float16
        assert np.array_equal(array, feature("v1", key))


def test_features_of_any_shape_and_many_at_once(store: Store) -> None:
    changes = random_changes(400, seed=3)
    store.commit(changes)
    keys = [(each.item.id, index) for each in changes for index in range(len(each.item.pictures))]
    shapes = {key: (1 + number % 5, 1 + number % 3) for number, key in enumerate(keys)}
    features = {key: feature("v1", key, shape) for key, shape in shapes.items()}
    store.notes.keep_features("v1", features, fingerprints(store, [id for id, _ in keys]))
    found = store.notes.features("v1", keys)
    assert {key: array.tolist() for key, array in found.items()} == {k: f.tolist() for k, f in features.items()}


def test_a_version_does_not_see_those_of_another(shop: Store) -> None:
    note(shop, ("a", 0), version="v1")
    note(shop, ("a", 0), ("b", 0), version="v2")
    assert np.array_equal(shop.notes.features("v1", [("a", 0)])["a", 0], feature("v1", ("a", 0)))
    assert np.array_equal(shop.notes.features("v2", [("a", 0)])["a", 0], feature("v2", ("a", 0)))
    assert shop.notes.features("v1", [("b", 0)]) == {}
    assert shop.notes.features("v3", [("a", 0)]) == {}


def test_features_are_kept_in_place_of_earlier_ones(shop: Store, collection: Path) -> None:
    note(shop, ("a", 0))
    other = feature("other", ("a", 0))
    shop.notes.keep_features("v1", {("a", 0): other}, fingerprints(shop, ["a"]))
    assert np.array_equal(shop.notes.features("v1", [("a", 0)])["a", 0], other)
    assert shop.notes.summary().features == {"v1": 1}
    assert orphans(collection) == []


def test_suggestions_come_back_in_order_and_replace_all_of_an_item(shop: Store) -> None:
    prints = fingerprints(shop, ["a", "b"])
    first = {"caption": said("a red shoe", None), "colour": said("red", 0.9)}
    shop.notes.keep_suggestions({"a": first, "b": {"colour": said("blue")}}, prints)
    assert shop.notes.suggestions(["b", "a", "c", "a"]) == {"a": first, "b": {"colour": said("blue")}}
    assert list(shop.notes.suggestions(["a"])["a"]) == ["caption", "colour"]
    shop.notes.keep_suggestions({"a": {"caption": said("a boot", None, "n@2")}}, prints)
    assert shop.notes.suggestions(["a"]) == {"a": {"caption": said("a boot", None, "n@2")}}
    assert shop.notes.summary().suggestions == {"m@1": 1, "n@2": 1}


def test_a_deleted_item_takes_its_notes_along_for_good(shop: Store, collection: Path) -> None:
    note(shop, ("a", 0), ("a", 1), ("b", 0))
    assert shop.commit([], ["a", "nobody"]) == 1
    assert orphans(collection) == []
    assert shop.notes.summary().features == {"v1": 1}
    shop.commit([change("a", [axis(0), axis(1)])])  # the same pictures again
    assert shop.notes.features("v1", [("a", 0), ("a", 1), ("b", 0)]).keys() == {("b", 0)}
    assert shop.notes.suggestions(["a", "b"]).keys() == {"b"}


def test_changed_pictures_take_their_notes_along(shop: Store, collection: Path) -> None:
    note(shop, ("a", 0), ("b", 0))
    before = fingerprints(shop, ["a"])
    shop.commit([change("a", [axis(4)], version="2")])
    assert orphans(collection) == []
    assert shop.notes.features("v1", [("a", 0), ("b", 0)]).keys() == {("b", 0)}
    assert shop.notes.suggestions(["a", "b"]).keys() == {"b"}
    shop.notes.keep_features("v1", {("a", 0): feature("v1", ("a", 0))}, before)  # made of the pictures it had
    shop.notes.keep_suggestions({"a": {"colour": said("red")}}, before)
    assert shop.notes.features("v1", [("a", 0)]) == {}
    assert shop.notes.suggestions(["a"]) == {}
    shop.commit([change("a", [axis(0), axis(1)])])  # and back: they are gone
    assert shop.notes.features("v1", [("a", 0)]) == {}


def test_the_same_pictures_keep_their_notes(shop: Store) -> None:
    note(shop, ("a", 0), ("b", 0))
    shop.commit([update("b", {"price": 3}, title="new")])
    shop.commit([change("a", [axis(0), axis(1)], {"price": 5})])  # other places of the same files
    shop.maintain()
    assert shop.notes.features("v1", [("a", 0), ("b", 0)]).keys() == {("a", 0), ("b", 0)}
    assert shop.notes.suggestions(["a", "b"]).keys() == {"a", "b"}


def test_what_has_no_item_or_no_such_picture_is_not_kept(shop: Store) -> None:
    prints = fingerprints(shop, ["a", "b", "c"])
    keys = [("a", 0), ("a", 2), ("a", -1), ("nobody", 0), ("\udc80", 0), ("b", 0)]
    without_b = {id: each for id, each in prints.items() if id != "b"}
    shop.notes.keep_features("v1", {key: feature("v1", key) for key in keys}, without_b | {"nobody": "pictures-1"})
    shop.notes.keep_suggestions({"nobody": {"colour": said("red")}}, {"nobody": "pictures-1"})
    assert shop.notes.features("v1", keys).keys() == {("a", 0)}
    assert shop.notes.summary().suggestions == {}


def test_features_that_are_no_table_are_refused(shop: Store) -> None:
    with pytest.raises(UsageError, match=r"\('a', 0\).*\(5,\)"):
        shop.notes.keep_features("v1", {("a", 0): np.zeros(5, np.float16)}, fingerprints(shop, ["a"]))


def test_a_commit_that_fails_deletes_no_item(shop: Store) -> None:
    note(shop, ("a", 0))
    with pytest.raises(UsageError):
        shop.commit([change("a", [axis(0)]), change("a", [axis(0)])], ["b"])
    assert shop.notes.features("v1", [("a", 0)]).keys() == {("a", 0)}


def test_what_lacks_notes_is_told(store: Store) -> None:
    store.commit([change(f"{number:04}", [axis(0), axis(1)]) for number in range(600)])
    assert list(store.notes.lacking_features("v1")) == list(store.ids())
    note(store, *((f"{number:04}", picture) for number in range(0, 600, 2) for picture in (0, 1)), ("0001", 1))
    odd = [f"{number:04}" for number in range(1, 600, 2)]
    assert list(store.notes.lacking_features("v1")) == odd
    assert list(store.notes.lacking_features("v2")) == list(store.ids())
    assert list(store.notes.lacking_suggestions("m@1")) == odd[1:]
    assert list(store.notes.lacking_suggestions("m@2")) == list(store.ids())


def test_what_is_noted_on_the_way_is_not_told_again(store: Store) -> None:
    store.commit([change(f"{number:04}", [axis(0)]) for number in range(700)])
    told = []
    for id in store.notes.lacking_features("v1"):
        told.append(id)
        if len(told) == 100:
            note(store, *((f"{number:04}", 0) for number in range(500, 700)))
    assert told == [f"{number:04}" for number in range(500)]


def test_another_opening_sees_and_deletes_them(shop: Store, store_factory: Factory, collection: Path) -> None:
    other = store_factory()
    assert other.notes.features("v1", [("a", 0)]) == {}
    note(shop, ("a", 0), ("b", 0))
    assert np.array_equal(other.notes.features("v1", [("a", 0)])["a", 0], feature("v1", ("a", 0)))
    other.commit([], ["a"])
    assert shop.notes.features("v1", [("a", 0), ("b", 0)]).keys() == {("b", 0)}
    assert orphans(collection) == []
    note(other, ("c", 0))
    assert shop.notes.suggestions(["a", "b", "c"]).keys() == {"b", "c"}


def test_the_two_versions_written_to_last_stay(shop: Store) -> None:
    for version in ("v1", "v2", "v1", "v3"):
        note(shop, ("a", 0), ("b", 0), version=version)
    assert list(shop.notes.summary().features) == ["v3", "v1", "v2"]
    shop.maintain()
    assert shop.notes.summary().features == {"v3": 2, "v1": 2}
    assert shop.notes.features("v2", [("a", 0)]) == {}
    assert shop.notes.features("v1", [("a", 0)]).keys() == {("a", 0)}


def test_space_is_given_back(store: Store, collection: Path) -> None:
    changes = random_changes(300, seed=1)
    store.commit(changes)
    note(store, *((each.item.id, 0) for each in changes), shape=(36, 256))
    store.maintain()
    full = store.notes.summary().bytes
    assert full == (collection / "notes.sqlite").stat().st_size > 300 * 36 * 256 * 2
    store.commit([], [each.item.id for each in changes[10:]])
    store.maintain()
    assert store.notes.summary().bytes == (collection / "notes.sqlite").stat().st_size < full / 10
    assert store.notes.summary().features == {"v1": 10}


def test_fifty_pictures_are_read_in_no_time(store: Store) -> None:
    changes = [change(f"{number:03}", [axis(0)]) for number in range(400)]
    store.commit(changes)
    note(store, *((each.item.id, 0) for each in changes), shape=(36, 256))
    taken = []
    for start in range(0, 350, 10):
        keys = [(f"{number:03}", 0) for number in range(start, start + 50)]
        began = time.perf_counter()
        assert len(store.notes.features("v1", keys)) == 50
        taken.append(time.perf_counter() - began)
    assert min(taken) < 0.003


def test_a_closed_store_has_no_notes(shop: Store, collection: Path) -> None:
    note(shop, ("a", 0))
    shop.close()
    assert shop.notes.features("v1", [("a", 0)]) == {}
    again = open_store(collection)
    assert again.notes.features("v1", [("a", 0)]).keys() == {("a", 0)}
    again.close()
