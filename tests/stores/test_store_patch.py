"""Fields of items change where they lie, and a commit made from an older state leaves what was written later."""

import threading
from typing import Any

import numpy as np
import pytest
from store_samples import axis, change, stored, update

from shelfsight.core.errors import Changed, UsageError
from shelfsight.core.protocols import Change, Store
from shelfsight.core.vectors import normalise


def test_a_patch_merges_and_null_removes(store: Store) -> None:
    store.commit([change("a", [axis(0)], {"price": 10, "brand": "Acme", "tags": ["x"]}, title="Shoe")])
    before = store.fingerprints(["a"])
    assert store.patch({"a": {"price": 8, "tags": None, "stock": 3}, "absent": {"price": 1}}) == {"a"}
    item = store.snapshot().items(["a", "absent"])["a"]
    assert (item.title, dict(item.metadata)) == ("Shoe", {"price": 8, "brand": "Acme", "stock": 3})
    assert store.fingerprints(["a", "absent"]) == before
    assert store.snapshot().count() == 1
    np.testing.assert_allclose(store.snapshot().vectors("a"), [axis(0)], atol=1e-6)


def test_a_patch_changes_the_title(store: Store) -> None:
    store.commit([change("a", [axis(0)], {"price": 10}, title="Shoe"), change("b", [axis(1)], title="Hat")])
    assert store.patch({"a": {"title": "Red shoe"}, "b": {"title": None}}) == {"a", "b"}
    items = store.snapshot().items(["a", "b"])
    assert [items["a"].title, items["b"].title] == ["Red shoe", None]
    assert dict(items["a"].metadata) == {"price": 10}


@pytest.mark.parametrize("fields", [{"title": 5}, {"price": object()}, {"": 1}])
def test_a_bad_patch_changes_nothing(store: Store, fields: Any) -> None:
    store.commit([change("a", [axis(0)], {"price": 10}), change("b", [axis(1)], {"price": 20})])
    with pytest.raises(UsageError, match="'b'"):
        store.patch({"a": {"price": 1}, "b": fields})
    assert store.snapshot().items(["a"])["a"].metadata == {"price": 10}


def test_patches_of_two_fields_at_the_same_time_both_survive(store: Store) -> None:
    store.commit([change("a", [axis(0)], {})])

    def write(name: str) -> None:
        for value in range(20):
            store.patch({"a": {f"{name}{value}": value}})

    threads = [threading.Thread(target=write, args=(name,)) for name in "xyz"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {f"{name}{value}": value for name in "xyz" for value in range(20)}
    assert store.snapshot().items(["a"])["a"].metadata == expected


def test_filters_and_facets_see_a_patch_at_once(store: Store) -> None:
    from shelfsight.core.filters import parse

    store.commit([change("a", [axis(0)], {"price": 10}), change("b", [axis(1)], {"price": 20})])
    assert store.snapshot().count(parse("price < 15")) == 1
    store.patch({"b": {"price": 12, "sale": "yes"}})
    assert store.snapshot().count(parse("price < 15")) == 2
    assert store.snapshot().facets(["sale"]) == {"sale": {"yes": 1}}


def test_a_token_names_the_state_without_reading_it(store: Store) -> None:
    first = store.token()
    assert first == store.snapshot().token
    store.commit([change("a", [axis(0)])])
    assert store.token() == store.snapshot().token != first


def test_what_was_deleted_later_is_not_brought_back(store: Store) -> None:
    store.commit([change("a", [axis(0)], {"price": 1}), change("b", [axis(1)], {"price": 1})])
    since = store.token()
    store.commit((), ["a"])
    store.commit([change("a", [axis(2)]), change("b", [axis(3)])], since=since)
    assert set(store.ids()) == {"b"}
    store.commit([update("a", {"price": 2}), update("b", {"price": 2})], since=since)
    assert store.snapshot().items(["a", "b"])["b"].metadata == {"price": 2}
    assert set(store.ids()) == {"b"}
    store.commit([change("a", [axis(2)])], since=store.token())
    assert set(store.ids()) == {"a", "b"}


def test_what_was_written_later_is_not_deleted(store: Store) -> None:
    store.commit([change("old", [axis(0)])])
    since = store.token()
    store.commit([change("new", [axis(1)])])
    assert store.commit((), ["old", "new"], since=since) == 1
    assert set(store.ids()) == {"new"}


def test_new_pictures_may_keep_the_fields(store: Store) -> None:
    store.commit([change("a", [axis(0)], {"price": 10}, title="Shoe")])
    store.patch({"a": {"price": 8}})
    vectors = normalise(np.asarray([axis(1), axis(2)], np.float32))
    newer = stored("a", {"price": 10}, pictures=2, title="Boot", version="2")
    unknown = stored("b", {"price": 5}, pictures=2, title="New", version="2")
    changes = [Change(item=each, vectors=vectors, keep_fields=True) for each in (newer, unknown)]
    store.commit(changes)
    items = store.snapshot().items(["a", "b"])
    assert (items["a"].title, dict(items["a"].metadata)) == ("Shoe", {"price": 8})
    assert items["a"].pictures == newer.pictures
    assert items["a"].fingerprints == newer.fingerprints
    assert (items["b"].title, dict(items["b"].metadata)) == ("New", {"price": 5})
    np.testing.assert_allclose(store.snapshot().vectors("a"), vectors, atol=1e-6)


def test_a_commit_that_wants_its_items_unchanged(store: Store) -> None:
    store.commit([change("a", [axis(0)]), change("b", [axis(1)])])
    since = store.token()
    store.commit([change("a", [axis(2)])], since=since, unchanged=True)
    for changes, deletes in (([change("a", [axis(3)])], []), ([], ["a"]), ([update("a", {"price": 1})], [])):
        with pytest.raises(Changed, match="'a'"):
            store.commit([*changes, change("c", [axis(3)])], [*deletes, "b"], since=since, unchanged=True)
    assert sorted(store.ids()) == ["a", "b"], "nothing of it is in"

    since = store.token()
    store.patch({"a": {"price": 2}})
    store.commit((), ["b"])
    store.commit([change("new", [axis(3)])])
    for id in ("a", "b", "new"):
        with pytest.raises(Changed, match=f"'{id}'"):
            store.commit([change(id, [axis(3)])], since=since, unchanged=True)
    assert store.commit([change("other", [axis(3)])], ["nobody"], since=since, unchanged=True) == 0
    assert store.commit((), ["a", "new"], since=store.token(), unchanged=True) == 2
    assert sorted(store.ids()) == ["other"]
