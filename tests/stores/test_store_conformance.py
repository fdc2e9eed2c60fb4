"""What every store promises, compared with the oracle."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from store_oracle import Oracle
from store_samples import DIMENSION, SPEC, axis, change, random_changes, stored, update

from shelfsight.core.errors import NotFound, UsageError
from shelfsight.core.filters import Comparison, FieldPath, parse
from shelfsight.core.protocols import Change, Fingerprints, Match, Store
from shelfsight.core.types import Value
from shelfsight.core.vectors import FloatArray

Factory = Callable[..., Store]


def queries(count: int, *, seed: int, dimension: int = DIMENSION) -> FloatArray:
    return np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)


def filled(store: Store, count: int, *, seed: int = 0) -> Oracle:
    oracle = Oracle()
    changes = random_changes(count, seed=seed)
    for start in range(0, count, 97):
        store.commit(changes[start : start + 97])
    oracle.commit(changes)
    return oracle


def test_answers_worked_out_by_hand(store: Store) -> None:
    store.commit(
        [
            change("b", [axis(0)]),
            change("a", [axis(1), axis(0)]),
            change("c", [[3, 4, 0, 0, 0, 0, 0, 0]]),
            change("d", [[-1, 0, 0, 0, 0, 0, 0, 0]]),
        ]
    )
    found = store.snapshot().search(np.array([axis(0)], np.float32), 10)
    assert [(m.id, m.picture_index) for m in found[0]] == [("a", 1), ("b", 0), ("c", 0), ("d", 0)]
    assert [m.score for m in found[0]] == pytest.approx([1.0, 1.0, 0.6, -1.0], abs=1e-6)


@pytest.mark.parametrize("k", [1, 10, 350, 1000])
def test_search_agrees_with_the_oracle(store: Store, k: int) -> None:
    oracle = filled(store, 400)
    asked = queries(7, seed=1)
    for query, found in zip(asked, store.snapshot().search(asked, k), strict=True):
        oracle.check(found, query, k)


def test_a_batch_is_answered_as_its_queries_alone(kind: str, store: Store) -> None:
    filled(store, 800 if kind == "milvus" else 3000)
    asked = queries(20, seed=2)
    snapshot = store.snapshot()
    assert snapshot.search(asked, 10) == [snapshot.search(query[None], 10)[0] for query in asked]


def test_the_length_of_a_query_does_not_matter(store: Store) -> None:
    oracle = filled(store, 50)
    query = queries(1, seed=3)
    found = store.snapshot().search(query * 1000, 5)[0]
    oracle.check(found, query[0], 5)
    assert [m.id for m in found] == [m.id for m in store.snapshot().search(query, 5)[0]]


def test_ties_are_broken_by_id_even_at_the_edge_of_k(store: Store) -> None:
    """3,000 equal vectors, committed in shuffled order: the five smallest ids have to come, in order."""
    order = np.random.default_rng(4).permutation(3000)
    store.commit([change(f"{i:04d}", [axis(2, tilt=0.3)]) for i in order])
    store.commit([change("best", [axis(2)])])
    found = store.snapshot().search(np.array([axis(2)], np.float32), 6)[0]
    assert [m.id for m in found] == ["best", "0000", "0001", "0002", "0003", "0004"]
    assert len({m.score for m in found[1:]}) == 1


def test_an_item_with_very_many_pictures_takes_one_place(store: Store) -> None:
    store.commit([change("many", [axis(0, tilt=i / 1000) for i in range(500)])])
    store.commit([change(f"one-{i}", [axis(0, tilt=0.6 + i / 10)]) for i in range(5)])
    found = store.snapshot().search(np.array([axis(0)], np.float32), 3)[0]
    assert [(m.id, m.picture_index) for m in found] == [("many", 0), ("one-0", 0), ("one-1", 0)]


def test_of_equal_pictures_the_first_is_named(store: Store) -> None:
    store.commit([change("a", [axis(1), axis(0), axis(0), axis(0)]), change("b", [axis(0), axis(0)])])
    found = store.snapshot().search(np.array([axis(0)], np.float32), 2)[0]
    assert [(m.id, m.picture_index) for m in found] == [("a", 1), ("b", 0)]


def test_all_kinds_give_the_same_matches(tmp_path_factory: pytest.TempPathFactory) -> None:
    from shelfsight.stores import KINDS, create_store

    answers: list[list[list[Match]]] = []
    for kind in KINDS:
        opened = create_store(tmp_path_factory.mktemp("kinds") / kind, kind=kind, encoder=SPEC)
        filled(opened, 2500)
        snapshot = opened.snapshot()
        answers.append(
            snapshot.search(queries(10, seed=5), 20)
            + snapshot.search(queries(10, seed=6), 20, where=parse('price < 70 or brand == "Acme"'))
        )
        opened.close()
    assert all(answer == answers[0] for answer in answers[1:])


def test_an_empty_store_answers_nothing(store: Store) -> None:
    snapshot = store.snapshot()
    assert snapshot.search(queries(2, seed=0), 10) == [[], []]
    assert snapshot.count() == 0
    assert snapshot.fields() == {}
    assert snapshot.items(["a"]) == {}
    assert snapshot.contains(["a"]) == set()
    assert list(store.ids()) == []
    assert store.fingerprints(["a"]) == {}
    assert (store.manifest.items, store.manifest.pictures) == (0, 0)


def test_no_queries_no_answers(store: Store) -> None:
    filled(store, 5)
    assert store.snapshot().search(np.zeros((0, DIMENSION), np.float32), 3) == []


@pytest.mark.parametrize("where", [None, "price < 50", "price == 7", 'brand == "Umbra" and price >= 20'])
def test_excluded_ids_never_come(store: Store, where: str | None) -> None:
    oracle = filled(store, 1500)
    query = queries(1, seed=7)
    tree = parse(where) if where else None
    first = [m.id for m in store.snapshot().search(query, 5, where=tree)[0]]
    exclude = [*first[:3], "absent"]
    found = store.snapshot().search(query, 20, where=tree, exclude=exclude)[0]
    oracle.check(found, query[0], 20, where=tree, exclude=exclude)
    assert not set(exclude) & {m.id for m in found}


def test_upsert_replaces_pictures_vectors_and_metadata(store: Store) -> None:
    store.commit([change("a", [axis(0), axis(1)], {"price": 1}), change("b", [axis(3)])])
    store.commit([change("a", [axis(2)], {"colour": "red"}, title="New", version="2")])
    snapshot = store.snapshot()
    found = snapshot.search(np.array([axis(0), axis(2)], np.float32), 2)
    assert [m.id for m in found[0]] == ["a", "b"]
    assert found[0][0].score == 0.0
    assert found[1][0] == Match("a", 1.0, 0)
    item = snapshot.items(["a"])["a"]
    assert (item.title, item.metadata, len(item.pictures)) == ("New", {"colour": "red"}, 1)
    assert item.fingerprints == Fingerprints(pictures="pictures-2", metadata="metadata-2")
    assert snapshot.count() == 2
    assert "price" not in snapshot.fields()
    assert (store.manifest.items, store.manifest.pictures) == (2, 2)


def test_a_metadata_change_keeps_pictures_and_vectors(store: Store) -> None:
    store.commit([change("a", [axis(0), axis(1)], {"price": 1}, title="Old"), change("b", [axis(4)], {"price": 9})])
    before = store.snapshot().vectors("a")
    store.commit([update("a", {"price": 2}, title="New")])
    snapshot = store.snapshot()
    item = snapshot.items(["a"])["a"]
    assert (item.title, item.metadata) == ("New", {"price": 2})
    assert [p.name for p in item.pictures] == ["a-0.jpg", "a-1.jpg"]
    assert item.fingerprints == Fingerprints(pictures="pictures-1", metadata="metadata-2")
    assert np.array_equal(snapshot.vectors("a"), before)
    assert snapshot.search(np.array([axis(1)], np.float32), 1)[0] == [Match("a", 1.0, 1)]
    assert snapshot.count(parse("price == 2")) == 1
    assert snapshot.count(parse("price == 1")) == 0


def test_a_metadata_change_of_an_absent_item_is_refused_whole(store: Store) -> None:
    with pytest.raises(NotFound, match="absent"):
        store.commit([change("a", [axis(0)]), update("absent", {})])
    assert store.snapshot().count() == 0


def test_delete_counts_those_that_were_there(store: Store) -> None:
    store.commit([change("a", [axis(0)]), change("b", [axis(1)])])
    assert store.commit([], ["a", "a", "absent"]) == 1
    assert store.commit([], ["a"]) == 0
    snapshot = store.snapshot()
    assert snapshot.contains(["a", "b"]) == {"b"}
    assert [m.id for m in snapshot.search(np.array([axis(0)], np.float32), 5)[0]] == ["b"]
    with pytest.raises(NotFound, match="'a'"):
        snapshot.vectors("a")


def test_a_deleted_item_comes_back_as_new(store: Store) -> None:
    store.commit([change("a", [axis(0)], {"x": 1})])
    store.snapshot()
    store.commit([], ["a"])
    store.commit([change("a", [axis(5)], {"x": 2})])
    assert store.snapshot().search(np.array([axis(5)], np.float32), 1)[0] == [Match("a", 1.0, 0)]
    assert store.snapshot().items(["a"])["a"].metadata == {"x": 2}


def test_erased_items_are_gone_and_the_others_answer_as_before(store: Store) -> None:
    oracle = filled(store, 120)
    old = store.snapshot()
    before = old.search(queries(3, seed=3), 200)
    erased = store.erase(["item-00003", "absent", "item-00077", "item-00003"])
    assert (erased.ids, erased.absent, erased.later) == (("item-00003", "item-00077"), ("absent",), ())
    oracle.commit([], ["item-00003", "item-00077"])
    asked = queries(3, seed=3)
    for query, found in zip(asked, store.snapshot().search(asked, 200), strict=True):
        oracle.check(found, query, 200)
    assert store.manifest.items == 118
    assert old.search(asked, 200) == before
    store.commit([change("item-00003", [axis(0)])])
    assert store.snapshot().search(np.array([axis(0)], np.float32), 1)[0] == [Match("item-00003", 1.0, 0)]


def test_an_id_in_changes_and_deletes_is_deleted(store: Store) -> None:
    assert store.commit([change("a", [axis(0)])], ["a"]) == 1
    assert store.snapshot().count() == 0


def test_items_come_back_as_they_went_in(store: Store) -> None:
    metadata: dict[str, Value] = {
        "text": 'quotes " and \\ and ü and 日本 and \x00',
        "number": 3.5,
        "large": 2**70,
        "flag": False,
        "nothing": None,
        "list": ["a", 1, None],
        "object": {"size": {"eu": 42}},
    }
    item = replace(stored("ü/1 '", metadata, pictures=2, previews=[b"\x89PNG", None]), title="Tïtle")
    vectors = np.eye(2, DIMENSION, dtype=np.float32)
    store.commit([Change(item=item, vectors=vectors)])
    got = store.snapshot().items([item.id])[item.id]
    assert got == replace(item, pictures=tuple(replace(p, preview=None) for p in item.pictures))
    assert np.array_equal(store.snapshot().vectors(item.id), vectors)
    assert store.preview(item.id, 0) == b"\x89PNG"
    assert store.preview(item.id, 1) is None


def test_a_number_that_is_not_finite_is_null(store: Store) -> None:
    store.commit([change("a", [axis(0)], {"x": float("nan"), "deep": [float("inf"), 1.5]})])
    assert store.snapshot().items(["a"])["a"].metadata == {"x": None, "deep": [None, 1.5]}


def test_a_file_name_that_is_no_text_survives(store: Store) -> None:
    item = stored("a")
    odd = replace(item.pictures[0], path="/shop/\udcff.jpg")
    store.commit([Change(item=replace(item, pictures=(odd,)), vectors=np.eye(1, DIMENSION, dtype=np.float32))])
    assert store.snapshot().items(["a"])["a"].pictures == (odd,)


def test_texts_and_names_of_fields_that_utf8_cannot_say_are_kept_and_filtered_by(store: Store) -> None:
    odd = {"brand": "\udc80x", "fi\udc80eld": 1, "nested": {"\udc80": "\udc80"}}
    store.commit([change("a", [axis(0)], odd, title="\udc80"), change("b", [axis(1)], {"brand": "x", "price": 2})])
    snapshot = store.snapshot()
    assert snapshot.items(["a"])["a"].metadata == odd
    for tree, ids in {
        Comparison(FieldPath("brand"), "==", "\udc80x"): ["a"],
        Comparison(FieldPath("brand"), ">", "y"): ["a"],
        Comparison(FieldPath("fi\udc80eld"), "==", 1): ["a"],
        Comparison(FieldPath("price"), "==", 2): ["b"],
    }.items():
        (found,) = snapshot.search(np.array([axis(0)], np.float32), 5, where=tree)
        assert [match.id for match in found] == ids


def test_previews_follow_their_pictures(store: Store) -> None:
    vectors = np.eye(2, DIMENSION, dtype=np.float32)
    store.commit([Change(item=stored("a", pictures=2, previews=[b"one", b"two"]), vectors=vectors)])
    store.commit([update("a", {"x": 1})])
    assert [store.preview("a", i) for i in (0, 1)] == [b"one", b"two"]
    store.commit([Change(item=stored("a", pictures=1, previews=[b"three"]), vectors=vectors[:1])])
    assert store.preview("a", 0) == b"three"
    for index in (1, -1, 2**64, -(2**64)):
        with pytest.raises(NotFound, match=f"no picture {index}"):
            store.preview("a", index)
    with pytest.raises(NotFound, match="no item"):
        store.preview("b", 0)


def test_ids_and_fingerprints(store: Store) -> None:
    changes = random_changes(1200, seed=3)
    store.commit(changes[::-1])
    expected = sorted(c.item.id for c in changes)
    assert list(store.ids()) == expected
    assert store.fingerprints([*expected, "absent"]) == {c.item.id: c.item.fingerprints for c in changes}


def test_ids_are_ordered_as_python_orders_them(store: Store) -> None:
    names = ["b", "B", "é", "z", "日本", "\U0001f600", "\uffee", "a b", "10", "9"]
    store.commit([change(name, [axis(0)]) for name in names])
    assert list(store.ids()) == sorted(names)
    assert [m.id for m in store.snapshot().search(np.array([axis(0)], np.float32), 20)[0]] == sorted(names)


@pytest.mark.parametrize("sealed", [False, True])
def test_reopen_equals(store_factory: Factory, sealed: bool) -> None:
    store = store_factory()
    oracle = filled(store, 300)
    for c in random_changes(40, seed=9, start=100):
        store.commit([c])
        oracle.commit([c])
    store.commit([], ["item-00001", "item-00250"])
    oracle.commit([], ["item-00001", "item-00250"])
    if sealed:
        store.maintain()
    asked = queries(5, seed=8)
    before = store.snapshot().search(asked, 30)
    again = store_factory()
    after = again.snapshot().search(asked, 30)
    assert after == before
    for query, found in zip(asked, after, strict=True):
        oracle.check(found, query, 30)
    assert again.snapshot().items(list(again.ids())) == {id: item for id, (item, _) in oracle.items.items()}
    assert again.manifest == store.manifest
    assert again.manifest.encoder == SPEC
    assert again.manifest.metric == "cosine"


def test_maintenance_changes_no_answer(store: Store) -> None:
    oracle = Oracle()
    asked = queries(3, seed=11)
    for turn in range(12):
        changes = random_changes(40, seed=turn, start=30 * turn)
        gone = [f"item-{i:05d}" for i in range(30 * turn - 15, 30 * turn - 5)]
        store.commit(changes, gone)
        oracle.commit(changes, gone)
        store.maintain()
        for query, found in zip(asked, store.snapshot().search(asked, 25), strict=True):
            oracle.check(found, query, 25)


@pytest.mark.parametrize(
    "vectors",
    [np.eye(1, DIMENSION + 1), np.zeros((1, DIMENSION)), np.full((1, DIMENSION), np.nan), np.eye(2, DIMENSION)],
    ids=["dimension", "zero", "nan", "too many"],
)
def test_wrong_vectors_are_refused_whole(store: Store, vectors: FloatArray) -> None:
    with pytest.raises(UsageError, match="'bad'"):
        store.commit([change("good", [axis(0)]), Change(item=stored("bad"), vectors=vectors.astype(np.float32))])
    assert store.snapshot().count() == 0


@pytest.mark.parametrize("id", ["", "\udcff"])
def test_ids_that_are_none_are_refused(store: Store, id: str) -> None:
    with pytest.raises(UsageError, match="id"):
        store.commit([change(id, [axis(0)])])


def test_an_id_that_none_can_be_is_absent(store: Store) -> None:
    store.commit([change("a", [axis(0)])])
    assert store.commit([], ["\udcff", "a"]) == 1
    assert store.fingerprints(["\udcff"]) == {}
    assert store.snapshot().contains(["\udcff"]) == set()
    with pytest.raises(NotFound, match="no item"):
        store.preview("\udcff", 0)


def test_an_id_twice_in_a_commit_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="twice"):
        store.commit([change("a", [axis(0)]), change("a", [axis(1)])])


@pytest.mark.parametrize(
    ("asked", "k", "message"),
    [
        (np.ones((1, DIMENSION + 1)), 3, "shape"),
        (np.ones(DIMENSION), 3, "shape"),
        (np.zeros((1, DIMENSION)), 3, "direction"),
        (np.ones((1, DIMENSION)), 0, "k is 0"),
    ],
)
def test_wrong_questions_are_refused(store: Store, asked: FloatArray, k: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        store.snapshot().search(asked.astype(np.float32), k)


def test_a_commit_of_nothing_is_no_new_state(store: Store) -> None:
    store.commit([change("a", [axis(0)])])
    before = store.snapshot()
    assert store.commit([]) == 0
    assert store.snapshot() is before
