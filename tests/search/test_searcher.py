"""Search over a real exact store, against answers worked out by hand.

The shelf: red (1,0,0), green (0,1,0), blue (0,0,1), yellow (1,1,0), and pair with two pictures, blue and green.
"""

import io
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from colour_encoder import ColourEncoder
from PIL import Image
from shelf import change

from shelfsight.core.errors import FilterError, NotFound, PictureError, Reason, UnknownField, UsageError
from shelfsight.core.protocols import Store
from shelfsight.core.settings import Settings
from shelfsight.core.types import Page, Query
from shelfsight.core.vectors import normalise
from shelfsight.search import Searcher

HALF = 0.70710678


def png(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (20, 30), colour).save(buffer, "PNG")
    return buffer.getvalue()


def scores(page: Page) -> dict[str, float]:
    return {hit.id: pytest.approx(hit.score, abs=1e-5) for hit in page.hits}


def ids(page: Page) -> list[str]:
    return [hit.id for hit in page.hits]


def test_text_ranks_by_cosine_and_ties_by_id(searcher: Searcher) -> None:
    page = searcher.search(Query(text="red"))
    assert scores(page) == {"red": 1.0, "yellow": HALF, "blue": 0.0, "green": 0.0, "pair": 0.0}
    assert ids(page) == ["red", "yellow", "blue", "green", "pair"]
    assert [hit.rank for hit in page.hits] == [1, 2, 3, 4, 5]
    assert page.total == 5
    assert page.warnings == ()


def test_a_hit_says_which_picture_is_best_and_what_the_item_is(searcher: Searcher) -> None:
    pair = searcher.search(Query(text="green")).hits[1]
    assert (pair.id, pair.picture, pair.picture_index, pair.title) == ("pair", "pair-1.jpg", 1, "The pair one")
    assert pair.score == pytest.approx(1.0)
    assert dict(pair.metadata) == {"price": 50, "kind": "mixed"}
    assert pair.ranks == {"retrieval": 2}
    assert (pair.relevance, pair.explanation) == (None, None)


@pytest.mark.parametrize("as_file", [True, False])
def test_a_picture_finds_its_like(searcher: Searcher, tmp_path: Path, as_file: bool) -> None:
    path = tmp_path / "query.png"
    path.write_bytes(png("yellow"))
    page = searcher.search(Query(image=path if as_file else png("yellow"), k=3))
    assert ids(page) == ["yellow", "green", "pair"]
    assert page.hits[0].score == pytest.approx(1.0, abs=1e-5)
    assert page.hits[1].score == pytest.approx(HALF, abs=1e-5)


@pytest.mark.parametrize(
    ("weight", "best"),
    [(0.0, {"red": 1.0}), (0.5, {"yellow": 1.0}), (1.0, {"green": 1.0}), (0.9, {"green": 0.993884})],
)
def test_text_and_picture_share_the_query_by_weight(searcher: Searcher, weight: float, best: dict[str, float]) -> None:
    # at 0.9 the query is (0.1, 0.9, 0) / sqrt(0.82)
    page = searcher.search(Query(text="red", image=png("#00ff00"), image_weight=weight, k=1))
    assert scores(page) == best


def test_a_minus_term_sinks_what_shows_it(searcher: Searcher) -> None:
    plain = {hit.id: hit.score for hit in searcher.search(Query(text="yellow")).hits}
    typed = searcher.search(Query(text="yellow -red"))
    minus = {hit.id: hit.score for hit in typed.hits}
    assert plain["red"] == pytest.approx(plain["green"])
    assert minus["red"] < plain["red"] < minus["green"]
    assert minus["blue"] == pytest.approx(0)
    assert searcher.search(Query(text="yellow", negative=("red",))).hits == typed.hits


def test_a_ready_vector_stands_for_a_picture(searcher: Searcher) -> None:
    page = searcher.search(Query(vector=np.array([0, 0, 7], np.float32), k=2))
    assert scores(page) == {"blue": 1.0, "pair": 1.0}
    both = searcher.search(Query(text="red", vector=np.array([0, 1, 0], np.float32), k=1))
    assert ids(both) == ["yellow"]


@pytest.mark.parametrize("vector", [(1, 2), (0, 0, 0), (1, 2, np.nan), ((1, 2, 3),)])
def test_a_vector_that_cannot_be_used_is_refused(searcher: Searcher, vector: tuple[float, ...]) -> None:
    with pytest.raises(UsageError, match="the query's vector"):
        searcher.search(Query(vector=np.array(vector, np.float32)))


def test_a_filter_decides_who_is_ranked_counted_and_faceted(searcher: Searcher) -> None:
    page = searcher.search(Query(text="red", filter="price >= 20", k=2, facets=("kind",)))
    assert ids(page) == ["yellow", "blue"]
    assert page.total == 4
    assert page.facets == {"kind": {"mixed": 2, "plain": 2}}
    nothing = searcher.search(Query(text="red", filter="price > 100", facets=("kind",)))
    assert (nothing.hits, nothing.total, nothing.facets) == ((), 0, {"kind": {}})


def test_pages_follow_one_another_without_gap_or_repeat(searcher: Searcher) -> None:
    whole = searcher.search(Query(text="red", k=5)).hits
    parts = [searcher.search(Query(text="red", k=2, offset=offset)).hits for offset in (0, 2, 4, 6)]
    assert [len(part) for part in parts] == [2, 2, 1, 0]
    assert sum(parts, ()) == whole


def test_more_hits_than_items_gives_them_all(searcher: Searcher) -> None:
    assert len(searcher.search(Query(text="red", k=100)).hits) == 5


def test_excluded_items_do_not_come(searcher: Searcher) -> None:
    assert ids(searcher.search(Query(text="red", exclude=("red", "nobody"), k=1))) == ["yellow"]


def test_the_trace_names_every_stage_in_order(searcher: Searcher) -> None:
    trace = searcher.search(Query(text="red")).trace
    assert list(trace) == ["understand", "encode", "retrieve", "items", "facets", "total"]
    assert all(milliseconds >= 0 for milliseconds in trace.values())
    assert sum(trace.values()) - trace["total"] <= trace["total"]


def test_similar_looks_for_the_main_picture_and_leaves_the_item_out(searcher: Searcher) -> None:
    page = searcher.similar("pair", k=2)
    assert ids(page) == ["blue", "green"]
    assert scores(page) == {"blue": 1.0, "green": 0.0}
    assert ids(searcher.similar("pair", k=10, offset=1, filter='kind == "plain"')) == ["green", "red"]


def test_an_item_left_out_is_not_counted(searcher: Searcher) -> None:
    page = searcher.similar("red", facets=["kind"])
    assert (page.total, page.facets) == (4, {"kind": {"mixed": 2, "plain": 2}})
    page = searcher.similar("red", filter="price >= 20", facets=["kind"])
    assert (page.total, page.facets) == (4, {"kind": {"mixed": 2, "plain": 2}})
    page = searcher.similar("red", filter="price < 20", facets=["kind"])
    assert (page.hits, page.total, page.facets) == ((), 0, {"kind": {}})


def test_similar_to_an_unknown_item_is_not_found(searcher: Searcher) -> None:
    with pytest.raises(NotFound, match="nobody"):
        searcher.similar("nobody")


@pytest.mark.parametrize("k", [0, 101])
def test_similar_keeps_the_same_limits(searcher: Searcher, k: int) -> None:
    with pytest.raises(UsageError, match=f"k is {k}"):
        searcher.similar("red", k=k)


def test_what_cannot_be_answered_is_refused(searcher: Searcher) -> None:
    with pytest.raises(UsageError, match="empty"):
        searcher.search(Query(text=""))
    with pytest.raises(FilterError, match="position"):
        searcher.search(Query(text="red", filter="price <"))
    with pytest.raises(UnknownField, match="weight"):
        searcher.search(Query(text="red", filter="weight < 5"))
    with pytest.raises(UnknownField, match="weight"):
        searcher.search(Query(text="red", facets=("weight",)))


@pytest.mark.parametrize(
    ("image", "reason"),
    [(b"", Reason.EMPTY_FILE), (b"GIF?", Reason.NOT_A_PICTURE), (Path("no.jpg"), Reason.MISSING_FILE)],
)
def test_a_picture_that_cannot_be_read_is_named(searcher: Searcher, image: bytes | Path, reason: Reason) -> None:
    with pytest.raises(PictureError, match=r"query's picture '(no\.jpg|\(uploaded\))'") as caught:
        searcher.search(Query(image=image))
    assert caught.value.reason is reason


def test_an_empty_collection_gives_an_empty_page_that_says_so(
    empty_store: Store, encoder: ColourEncoder, settings: Settings
) -> None:
    searcher = Searcher(encoder, empty_store, settings)
    page = searcher.search(Query(text="red", filter="price < 5", facets=("kind",)))
    assert (page.hits, page.total, page.facets) == ((), 0, {"kind": {}})
    assert page.warnings == ("the collection is empty; index a catalogue into it first",)
    assert searcher.rank([Query(text="red")]) == [[]]
    with pytest.raises(FilterError):
        searcher.search(Query(text="red", filter="price <"))


def test_a_commit_is_seen_by_the_next_search(searcher: Searcher, store: Store) -> None:
    store.commit([change("rose", [(1, 0, 0.01)])], deletes=["red"])
    assert ids(searcher.search(Query(text="red", k=1))) == ["rose"]


def test_a_text_is_encoded_once_for_all_queries_of_a_call(searcher: Searcher, encoder: ColourEncoder) -> None:
    searcher.rank([Query(text="blue"), Query(text="green -blue"), Query(text="green")])
    assert encoder.texts_seen == ["blue", "green"]


def test_rank_gives_what_search_gives_for_many_queries_at_once(searcher: Searcher) -> None:
    queries = [
        Query(text="red", k=3),
        Query(text="green", k=100, offset=1),
        Query(text="yellow -red", k=4, filter="price < 45"),
        Query(image=png("blue"), k=2),
        Query(text="blue", k=5, filter="price < 45", exclude=("blue",)),
        Query(text="red", image=png("#00ff00"), image_weight=0.3, k=5, filter="price < 45"),
        Query(vector=np.array([0, 1, 1], np.float32), k=1),
    ]
    ranked = searcher.rank(queries)
    for query, pairs in zip(queries, ranked, strict=True):
        assert [(id, pytest.approx(score, abs=1e-6)) for id, score in pairs] == [
            (hit.id, hit.score) for hit in searcher.search(query).hits
        ]
    assert searcher.rank([]) == []
    with pytest.raises(UsageError, match="k is 0"):
        searcher.rank([Query(text="red"), Query(text="red", k=0)])


def test_rank_over_many_queries_agrees_with_brute_force(
    empty_store: Store, encoder: ColourEncoder, settings: Settings
) -> None:
    random = np.random.default_rng(3)
    items = {f"i{n:03}": normalise(random.normal(size=(random.integers(1, 4), 3))) for n in range(200)}
    empty_store.commit([change(id, vectors) for id, vectors in items.items()])
    asked = normalise(random.normal(size=(300, 3)))
    ranked = Searcher(encoder, empty_store, settings).rank([Query(vector=vector, k=20) for vector in asked])
    for vector, pairs in zip(asked, ranked, strict=True):
        truth = {id: float((vectors @ vector).max()) for id, vectors in items.items()}
        best = sorted(truth.values(), reverse=True)[:20]
        assert [score for _, score in pairs] == pytest.approx(best, abs=1e-5)
        assert all(truth[id] == pytest.approx(score, abs=1e-5) for id, score in pairs)
        assert all((-one[1], one[0]) <= (-two[1], two[0]) for one, two in pairwise(pairs))


def test_threads_get_the_answers_of_one(searcher: Searcher) -> None:
    queries = [Query(text=text, k=3) for text in ("red", "green", "blue", "yellow", "white", "red green -blue")] * 10
    alone = [searcher.search(query).hits for query in queries]
    with ThreadPoolExecutor(8) as pool:
        together = [page.hits for page in pool.map(searcher.search, queries)]
    assert together == alone
