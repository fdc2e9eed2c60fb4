"""Words found by Milvus's full text: the answers of the index in SQLite, whatever is looked at for them."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from milvus_samples import Opener, milvus
from store_samples import SPEC
from words_shop import QUERIES, SHOP, answers, found, ids_found, ids_of, item, plain, turn

from shelfsight.core.errors import Conflict, UsageError
from shelfsight.core.filters import parse
from shelfsight.core.listing import WordQuery
from shelfsight.core.protocols import Store
from shelfsight.stores import create_store
from shelfsight.stores.milvus import MilvusPlace
from shelfsight.stores.milvus.fulltext import NO_WORDS, match_all, match_any, text_of, tokens
from shelfsight.stores.milvus.schema import LONGEST_TEXT
from shelfsight.stores.milvus.store import MilvusStore
from shelfsight.stores.milvus.words import FullText
from shelfsight.stores.shadow import Changes, create_standby, discard, migrating, switch
from shelfsight.stores.versions import MAIN
from shelfsight.stores.words.document import KEY, document

__all__ = ["milvus"]

Pair = tuple[Store, MilvusStore]


def searching(store: MilvusStore, head: int = 8) -> MilvusStore:
    """Milvus is asked however few items there are, and for few rows at first."""
    store._words.close()
    store._words = FullText(store.folder, few=0, head=head)
    store._snapshot = None
    return store


@pytest.fixture
def pair(tmp_path: Path, milvus: Opener) -> Iterator[Pair]:
    """The oracle, whose words are in SQLite, and a collection whose words are Milvus's."""
    with closing(create_store(tmp_path / "oracle", kind="exact", encoder=SPEC)) as oracle:
        yield oracle, searching(milvus("remote", words="server"))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A pair with two hundred items, some written out and some in Lite's log."""
    folder = tmp_path_factory.mktemp("words")
    place = MilvusPlace(words="server")
    oracle = create_store(folder / "oracle", kind="exact", encoder=SPEC)
    remote = create_store(folder / "remote", kind="milvus", encoder=SPEC, place=place)
    with closing(oracle), closing(remote):
        assert isinstance(remote, MilvusStore)
        for store in (oracle, searching(remote)):
            for number in range(12):
                store.commit(*turn(5, number))
                if number == 6:
                    store.maintain()
            store.commit(SHOP)
        yield oracle, remote


ASKED = (
    *QUERIES,
    "AB-100.7",
    "ms 10",
    "running shoes puma",
    "gini and jony",
    "t shirt girls",
    "runing sheos",
    "redshirt",
    "blue han",
    '"red blue"',
    "the",
    "",
    "nothing like it",
    "日本",
)


@pytest.mark.parametrize("text", ASKED)
def test_answers_are_those_of_the_index_in_sqlite(shop: Pair, text: str) -> None:
    oracle, remote = (found(store.snapshot(), text, 100) for store in shop)
    assert remote == oracle


@pytest.mark.parametrize("where", ['brand == "Puma"', "price > 5", 'not (brand == "Nike")', 'title like "%red%"'])
def test_filters_exclusions_and_what_must_not_be_there(shop: Pair, where: str) -> None:
    for text in QUERIES:
        query = WordQuery(text=text, negative=("hat",), synonyms={"shoe": ("boots",)})
        asked = [store.snapshot().words(query, 60, where=parse(where), exclude=["item-7"]) for store in shop]
        assert plain(asked[:1]) == plain(asked[1:])
        among = [f"item-{n}" for n in range(0, 60, 3)]
        asked = [store.snapshot().words(query, 60, among=among) for store in shop]
        assert plain(asked[:1]) == plain(asked[1:])


def test_more_rows_are_asked_for_until_enough_pass(pair: Pair) -> None:
    """Five of ninety pass, and Milvus, asked for eight, likes others better."""
    oracle, remote = pair
    changes = [item(f"a{n:02}", "red red hat") for n in range(85)] + [
        item(f"b{n}", "hat", description="a warm hat that is red and goes with everything") for n in range(5)
    ]
    for store in pair:
        store.commit(changes)
    query = WordQuery(text="hat", negative=("red hat",))
    few = [store.snapshot().words(query, 2) for store in (oracle, remote)]
    assert [match.id for match in few[1].matches] == ["b0", "b1"]
    assert few[0] == few[1]


def test_where_milvus_finds_too_few_all_that_may_be_found_are_looked_at(pair: Pair) -> None:
    """It is asked for sixteen rows at most, and none of them is among those that may come."""
    oracle, remote = pair
    remote._words.close()
    remote._words = FullText(remote.folder, few=0, head=4, most=16)
    changes = [item(f"a{n:02}", "red red hat") for n in range(60)]
    changes += [item(f"b{n}", "hat", description="a warm hat that goes with everything") for n in range(5)]
    for store in pair:
        store.commit(changes)
    found = [
        store.snapshot().words(WordQuery(text="hat"), 4, among=[f"b{n}" for n in range(5)])
        for store in (oracle, remote)
    ]
    assert [match.id for match in found[1].matches] == ["b0", "b1", "b2", "b3"]
    assert found[0] == found[1]


def test_a_history_is_told_alike_and_so_is_its_past(pair: Pair) -> None:
    past = []
    for number in range(5):
        for store in pair:
            store.commit(*turn(11, number))
        oracle, remote = (store.snapshot() for store in pair)
        assert answers(remote) == answers(oracle)
        past.append((ids_found(remote), remote))
    assert [ids_found(snapshot) for _, snapshot in past] == [found for found, _ in past]


def test_exact_names_come_first_though_milvus_likes_others_better(pair: Pair) -> None:
    for store in pair:
        store.commit([item(f"x{n:03}", "Nike nike nike shoe", description="nike " * 9) for n in range(40)])
        store.commit([item("zz", "Plain trousers of a very long name indeed", brand="Nike"), item("nike", None)])
    oracle, remote = (ids_of(store.snapshot(), "nike", k=3) for store in pair)
    assert remote[:2] == ["nike", "zz"]
    assert remote == oracle


def test_spelling_follows_what_others_commit_and_forgets_nothing_it_needs(milvus: Opener, tmp_path: Path) -> None:
    uri = str(tmp_path / "both.db")
    one = searching(milvus("one", uri=uri, collection="c", words="server"))
    other = searching(milvus("two", uri=uri, collection="c", words="server", follow_seconds=0.0))
    one.commit([item("a", "Striped scarf")])
    assert dict(found(other.snapshot(), "srtiped").corrections) == {"srtiped": "striped"}
    one.commit([item("b", "Checked jacket")])
    assert dict(found(other.snapshot(), "jakcet").corrections) == {"jakcet": "jacket"}
    one.commit([], ["a"])
    assert found(other.snapshot(), "srtiped").matches == ()
    assert found(other.snapshot(), "srtiped").corrections == {}, "no item has the word any more"


def test_a_version_that_is_removed_takes_its_vocabulary_along(milvus: Opener, tmp_path: Path) -> None:
    store = searching(milvus(words="server"))
    store.commit([item("a", "Striped scarf")])
    assert ids_of(store.snapshot(), "srtiped") == ["a"]
    store.close()
    path = tmp_path / "shop"
    with migrating(path):
        standby = create_standby(path, "milvus", replace(SPEC, revision="r2"))
        with Changes(path) as changes, changes.frozen():
            switch(path, standby, changes)
        assert [*path.glob("spelling.sqlite*")] != []
        discard(path, MAIN)
    assert [*path.glob("spelling*")] == []


def test_a_damaged_vocabulary_is_made_again(milvus: Opener, tmp_path: Path) -> None:
    store = searching(milvus(words="server"))
    store.commit([item("a", "Striped scarf")])
    assert ids_of(store.snapshot(), "srtiped") == ["a"]
    store._words.close()
    file = tmp_path / "shop/spelling.sqlite"
    for beside in tmp_path.glob("shop/spelling.sqlite-*"):
        beside.unlink()
    file.write_bytes(b"nonsense" * 1000)
    assert ids_of(searching(store).snapshot(), "srtiped") == ["a"]
    assert not (tmp_path / "shop/words.sqlite").exists(), "there is no index of words beside Milvus's"


def test_patches_and_more_pictures_are_found(pair: Pair) -> None:
    for store in pair:
        store.commit(SHOP)
        store.patch({"tee": {"colour": "Turquoise"}})
    assert [ids_of(store.snapshot(), "turquoise") for store in pair] == [["tee"], ["tee"]]


def test_a_collection_without_the_field_is_not_joined_for_its_words(milvus: Opener, tmp_path: Path) -> None:
    uri = str(tmp_path / "shared.db")
    milvus("one", uri=uri, collection="plain")
    with pytest.raises(Conflict, match="'plain' was made without the field") as caught:
        milvus("two", uri=uri, collection="plain", words="server")
    assert "--milvus-words" in str(caught.value.hint)


def test_whoever_looks_words_up_locally_writes_them_for_the_others(milvus: Opener, tmp_path: Path) -> None:
    uri = str(tmp_path / "shared.db")
    reader = searching(milvus("one", uri=uri, collection="c", words="server", follow_seconds=0.0))
    milvus("two", uri=uri, collection="c").commit([item("a", "Striped scarf")])
    assert ids_of(reader.snapshot(), "scarf") == ["a"]


def test_words_of_another_version_are_looked_up_in_the_directory(
    milvus: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    store = milvus(words="server")
    store.commit([item("a", "Striped scarf")])
    note = store._journal.note("tenant")
    assert note is not None
    store._journal.write_note("tenant", {**note, "words": 1})
    store.close()
    assert caplog.text == ""
    again = milvus()
    assert "the words in Milvus are of another version" in caplog.text
    assert ids_of(again.snapshot(), "srtiped") == ["a"]
    assert (store.folder / "words.sqlite").exists()


def test_a_way_of_finding_words_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'elsewhere' cannot find words"):
        create_store(tmp_path / "c", kind="milvus", encoder=SPEC, place=MilvusPlace(words="elsewhere"))


def test_what_milvus_is_given() -> None:
    made = document("MS-10", "Red T-Shirt", {"brand": "H&M", "text": " ".join(f"word{n}" for n in range(9))})
    text = text_of(made).split()
    assert [text.count(word) for word in ("red", "shirt", "tshirt", "hm", "word3")] == [3, 3, 3, 2, 1]
    assert {"kkk1ms10", "kkk0ms10", "kkk0hm", "kkk0redtshirt"} <= set(text)
    assert text_of(document("-", None, {})) in (NO_WORDS, "kkk1")
    long = document("id", "hat", {str(n): " ".join(f"w{n}x{m}" for m in range(1000)) for n in range(30)})
    assert len(text_of(long).encode()) <= LONGEST_TEXT
    assert text_of(long).split()[-1] in {word for column in long.columns for word in column.split()}, "no half word"


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (match_all("red shirt"), "text_match(words, 'red') and text_match(words, 'shirt')"),
        (match_any(["red", "blue"]), "text_match(words, 'red blue')"),
        (match_any([KEY + "ms10"]), "text_match(words, 'kkk0ms10')"),
        (
            match_any(["red", "polka dot"]),
            "(text_match(words, 'red') or text_match(words, 'polka') and text_match(words, 'dot'))",
        ),
    ],
)
def test_expressions(made: str, expected: str) -> None:
    assert made == expected


@settings(max_examples=50, deadline=None)
@given(text=st.text(max_size=40))
def test_no_sign_gets_into_an_expression(text: str) -> None:
    made: Callable[[str], list[str]] = tokens
    assert all(token.isalnum() for token in made(text))
