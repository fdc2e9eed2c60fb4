"""More like these items, less like those: by geometry worked out by hand, and over a real store.

The shelf: red (1,0,0), green (0,1,0), blue (0,0,1), yellow (1,1,0), and pair with two pictures, blue and green.
"""

import math
from typing import Any

import numpy as np
import pytest
from colour_encoder import ColourEncoder
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from shelf import SHELF

from shelfsight.core.errors import NotFound, UsageError
from shelfsight.core.protocols import Store
from shelfsight.core.settings import Settings
from shelfsight.core.types import Example, Page, Query
from shelfsight.core.vectors import normalise
from shelfsight.search import Searcher
from shelfsight.search.compose import UNLIKE_WEIGHT, together, turned_from

DIRECTIONS = arrays(np.float32, 6, elements=st.floats(-1, 1, width=32)).filter(lambda v: float(np.linalg.norm(v)) > 0.1)


def unit(*numbers: float) -> Any:
    return normalise(np.array(numbers, np.float32))


def ids(page: Page) -> list[str]:
    return [hit.id for hit in page.hits]


# --- the formula ---------------------------------------------------------------------------------------------------


def test_liked_pictures_add_up_by_weight() -> None:
    assert together([]) is None
    np.testing.assert_array_equal(together([(unit(1, 2), 0.1)]), unit(1, 2))
    np.testing.assert_allclose(together([(unit(1, 0), 3.0), (unit(0, 1), 4.0)]), (0.6, 0.8), atol=1e-6)


def test_pictures_that_cancel_out_are_refused() -> None:
    with pytest.raises(UsageError, match="cancel each other out"):
        together([(unit(1, 0), 1.0), (unit(-1, 0), 1.0)])
    with pytest.raises(UsageError, match="should not look like"):
        # the part beside the query is all there is to push along, and float32 holds no more
        turned_from(np.zeros(2, np.float32), [(unit(0, 1e-9), 1e-9)])


def test_the_query_turns_from_what_is_beside_it_only() -> None:
    query = unit(1, 0, 0)
    assert turned_from(query, []) is query
    np.testing.assert_allclose(turned_from(query, [(unit(1, 0, 0), 1.0)]), query, atol=1e-6)
    # (0.6, 0.8, 0) has 0.8 along the second axis beside the query
    expected = np.array((1.0, -0.8 * UNLIKE_WEIGHT, 0.0))
    np.testing.assert_allclose(
        turned_from(query, [(unit(0.6, 0.8, 0), 1.0)]), expected / np.linalg.norm(expected), atol=1e-6
    )
    # two that have nothing in common push as far together as one alone, each by its part; a weight scales its own
    pushed = np.array((1.0, -2.0 * UNLIKE_WEIGHT / math.sqrt(2), -1.0 * UNLIKE_WEIGHT / math.sqrt(2)))
    np.testing.assert_allclose(
        turned_from(query, [(unit(0, 1, 0), 2.0), (unit(0, 0, 1), 1.0)]), pushed / np.linalg.norm(pushed), atol=1e-6
    )


@given(query=DIRECTIONS, unliked=DIRECTIONS)
def test_less_like_is_never_more_like(query: Any, unliked: Any) -> None:
    q, n = normalise(query), normalise(unliked)
    turned = turned_from(q, [(n, 1.0)])
    assert float(turned @ n) <= float(q @ n) + 1e-5
    assert float(np.linalg.norm(turned)) == pytest.approx(1.0, abs=1e-5)
    assert float(turned @ q) >= math.cos(math.atan(UNLIKE_WEIGHT)) - 1e-5  # as far as it ever turns


# --- over a collection ---------------------------------------------------------------------------------------------


def test_what_is_liked_is_looked_for_and_is_no_hit(searcher: Searcher) -> None:
    page = searcher.search(Query(like=(Example("red"),)))
    # cosines with (1,0,0): yellow 1/sqrt(2), the others 0, by id
    assert ids(page) == ["yellow", "blue", "green", "pair"]
    assert page.hits[0].score == pytest.approx(1 / math.sqrt(2))
    assert page.total == 4
    assert page.hits == searcher.similar("red").hits


def test_several_are_looked_for_together_by_weight(searcher: Searcher) -> None:
    both = searcher.search(Query(like=(Example("red"), Example("green", 0.5))))
    direction = unit(1, 0.5, 0)
    expected = {"yellow": direction @ unit(1, 1, 0), "pair": direction @ unit(0, 1, 0), "blue": 0.0}
    assert {hit.id: hit.score for hit in both.hits} == pytest.approx(expected, abs=1e-6)
    assert ids(both) == ["yellow", "pair", "blue"]


def test_they_are_pictures_beside_a_text(searcher: Searcher) -> None:
    page = searcher.search(Query(text="blue", like=(Example("red"),), image_weight=0.25))
    direction = unit(0.25, 0, 0.75)
    assert page.hits[0].id == "blue"
    assert page.hits[0].score == pytest.approx(float(direction[2]))
    assert {hit.id: hit.score for hit in page.hits}["yellow"] == pytest.approx(float(direction[0]) / math.sqrt(2))


def test_what_is_unliked_sinks_with_all_that_looks_like_it(searcher: Searcher) -> None:
    plain = searcher.search(Query(text="white"))
    less = searcher.search(Query(text="white", unlike=(Example("red"),)))
    before = {hit.id: hit.score for hit in plain.hits}
    after = {hit.id: hit.score for hit in less.hits}
    assert "red" not in after
    assert after["yellow"] < before["yellow"]
    assert after["green"] > before["green"]
    assert after["blue"] == pytest.approx(after["green"])
    white = unit(1, 1, 1)
    turned = white - UNLIKE_WEIGHT * (unit(1, 0, 0) - (white[0]) * white)
    assert after["yellow"] == pytest.approx(float(normalise(turned) @ unit(1, 1, 0)), abs=1e-6)


def test_the_main_picture_counts(searcher: Searcher) -> None:
    assert searcher.search(Query(like=(Example("pair"),))).hits[0].id == "blue"  # its second is green


def test_facets_and_totals_are_without_them(searcher: Searcher) -> None:
    page = searcher.search(Query(text="white", like=(Example("red"),), unlike=(Example("pair"),), facets=("kind",)))
    assert page.total == 3
    assert page.facets == {"kind": {"plain": 2, "mixed": 1}}


def test_pages_and_many_queries_at_once_agree(searcher: Searcher) -> None:
    query = Query(text="white", like=(Example("green"),), unlike=(Example("red"),))
    page = searcher.search(query)
    [ranked] = searcher.rank([query])
    assert [id for id, _ in ranked] == ids(page)
    assert [score for _, score in ranked] == pytest.approx([hit.score for hit in page.hits])


@pytest.mark.parametrize(
    ("query", "error", "said"),
    [
        (Query(like=(Example("nobody"),)), NotFound, "nobody"),
        (Query(text="red", unlike=(Example("nobody"),)), NotFound, "nobody"),
        (Query(unlike=(Example("red"),)), UsageError, "only says what it should not show"),
        (Query(like=(Example("red"),), unlike=(Example("red"),)), UsageError, "should look like item 'red'"),
        (Query(like=(Example("red", 0.0),)), UsageError, "weight"),
        (Query(like=(Example("red", math.nan),)), UsageError, "weight"),
        (Query(like=(Example("red", math.inf),)), UsageError, "weight"),
        (Query(like=tuple(Example(str(n)) for n in range(101))), UsageError, "101 items"),
        (Query(like=(Example("red"),), rerank=True), UsageError, "vision-language"),
    ],
    ids=str,
)
def test_what_cannot_be_asked(searcher: Searcher, query: Query, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        searcher.search(query)


def test_an_empty_collection_has_none_of_them(empty_store: Store, encoder: ColourEncoder, settings: Settings) -> None:
    with pytest.raises(NotFound):
        Searcher(encoder, empty_store, settings).search(Query(like=(Example(SHELF[0].item.id),)))
