"""A search told step by step: what its events add up to, what comes before a model looks, and who stops it.

The shelf: red (1,0,0), green (0,1,0), blue (0,0,1), yellow (1,1,0), and pair with two pictures, blue and green.
"""

from collections.abc import Callable
from dataclasses import replace
from threading import Event, Thread

import pytest
from colour_encoder import ColourEncoder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from looking import ScriptedVlm, numbered, until

from shelfsight.core.calibration import Calibration, Fusion
from shelfsight.core.errors import FilterError, ModelError, UsageError
from shelfsight.core.listing import SortKey
from shelfsight.core.protocols import Store
from shelfsight.core.settings import SearchSettings, Settings
from shelfsight.core.streaming import HitExplained, HitsFound, OrderChanged, SearchDone, joined
from shelfsight.core.types import Page, Query
from shelfsight.search import Searcher
from shelfsight.search.look import Look

MODEL_ALONE = Calibration(fusion=Fusion(model=1.0, negation=1.0, retrieval=0.0, floor=20.0, dead_zone=0.0))
CHANCES = {"red": 0.1, "green": 0.3, "blue": 0.9, "yellow": 0.7, "pair": 0.5}
NUMBERS = {id: number for number, id in enumerate(CHANCES)}
BY_NUMBER = [*CHANCES.values()]


def says(**options: object) -> ScriptedVlm:
    return ScriptedVlm(lambda number, _: BY_NUMBER[number], **{"calibration": MODEL_ALONE, **options})  # type: ignore[arg-type]


def searcher_of(store: Store, vlm: ScriptedVlm) -> Searcher:
    look = Look(vlm=vlm, picture=lambda id, _: numbered(NUMBERS[id]))
    limits = Settings(search=SearchSettings(max_k=100, max_window=1000))
    return Searcher(ColourEncoder(), store, limits, look=lambda _seconds: look)


@pytest.fixture
def looking(store: Store) -> Callable[[ScriptedVlm], Searcher]:
    return lambda vlm: searcher_of(store, vlm)


def timeless(page: Page) -> Page:
    """All of a page but the time that it took."""
    return replace(page, trace={}, stages=tuple(replace(stage, milliseconds=0.0) for stage in page.stages))


QUERIES = st.builds(
    Query,
    text=st.sampled_from(["red", "green -yellow", "plain blue under 45", "white one"]),
    k=st.integers(1, 6),
    offset=st.integers(0, 3),
    filter=st.sampled_from([None, "price < 45", "price > 99"]),
    mode=st.sampled_from(["vector", "hybrid"]),
    facets=st.sampled_from([(), ("kind",)]),
    histograms=st.sampled_from([(), ("price",)]),
    sort=st.sampled_from([(), (SortKey("price", True),)]),
    group_by=st.sampled_from([None, "kind"]),
    duplicates=st.sampled_from([None, 0.7]),
    diversity=st.sampled_from([0.0, 0.5]),
    rerank=st.booleans(),
    depth=st.sampled_from([None, 2]),
    explain=st.integers(0, 4),
)


@given(query=QUERIES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_events_add_up_to_what_the_search_answers(store: Store, query: Query) -> None:
    searcher = searcher_of(store, says())
    events = list(searcher.stream(query))
    whole = searcher.search(query)
    assert timeless(joined(events)) == timeless(whole)
    assert timeless(events[-1].page) == timeless(whole)  # type: ignore[union-attr]
    # and the first of them is what the search would answer if nobody looked again
    first = events[0]
    assert isinstance(first, HitsFound)
    unlooked = searcher.search(replace(query, rerank=False, explain=0, atoms=first.page.atoms))
    assert [(hit.id, hit.rank, hit.score) for hit in first.page.hits] == [
        (hit.id, hit.rank, hit.score) for hit in unlooked.hits
    ]
    assert (first.page.total, first.page.facets) == (unlooked.total, unlooked.facets)


def test_the_order_of_events_and_what_each_holds(looking: Callable[[ScriptedVlm], Searcher]) -> None:
    events = list(looking(says()).stream(Query(text="red", rerank=True, explain=2)))
    found, changed, *explained, done = events
    assert isinstance(found, HitsFound)
    assert [hit.id for hit in found.page.hits] == ["red", "yellow", "blue", "green", "pair"]
    assert found.page.stages == ()
    assert isinstance(changed, OrderChanged)
    assert [hit.id for hit in changed.page.hits] == ["blue", "yellow", "pair", "green", "red"]
    assert [stage.name for stage in changed.page.stages] == ["rerank"]
    assert [(each.id, each.rank) for each in explained if isinstance(each, HitExplained)] == [
        ("blue", 1),
        ("yellow", 2),
    ]
    assert isinstance(done, SearchDone)
    assert [stage.name for stage in done.page.stages] == ["rerank", "explain"]
    assert done.page.stages[1].scored == 2


def test_nothing_is_looked_at_before_it_is_asked_for(looking: Callable[[ScriptedVlm], Searcher]) -> None:
    vlm = says()
    events = looking(vlm).stream(Query(text="red", rerank=True, explain=3))
    next(events)
    assert vlm.calls == []
    next(events)
    reranked = len(vlm.calls)
    assert reranked >= 1
    next(events)
    assert len(vlm.calls) == reranked + 1  # the first explanation, and no other
    assert len({number for number, _ in vlm.calls[-1]}) == 1


def test_a_search_without_a_second_look_is_two_events(searcher: Searcher) -> None:
    found, done = searcher.stream(Query(text="red", k=2))
    assert isinstance(found, HitsFound)
    assert isinstance(done, SearchDone)
    assert found.page.hits == done.page.hits


def test_an_empty_collection_says_so(empty_store: Store) -> None:
    events = list(searcher_of(empty_store, says()).stream(Query(text="red", rerank=True, explain=1)))
    assert [type(event) for event in events] == [HitsFound, SearchDone]
    assert joined(events).total == 0


@pytest.mark.parametrize(
    ("query", "error"), [(Query(), UsageError), (Query(text="red", filter="price <"), FilterError)], ids=str
)
def test_what_is_wrong_is_raised_with_the_first_event(searcher: Searcher, query: Query, error: type) -> None:
    events = searcher.stream(query)
    with pytest.raises(error):
        next(events)


def test_a_model_that_fails_degrades_and_the_stream_ends_well(looking: Callable[[ScriptedVlm], Searcher]) -> None:
    def fail(_pairs: int) -> None:
        raise ModelError("out of memory")

    query = Query(text="red", rerank=True, explain=2)
    searcher = looking(says(before=fail))
    events = list(searcher.stream(query))
    assert timeless(joined(events)) == timeless(searcher.search(query))
    assert any("out of memory" in warning for warning in joined(events).warnings)


def test_whoever_closes_it_ends_the_look_at_the_next_batch(looking: Callable[[ScriptedVlm], Searcher]) -> None:
    """The model is asked about hits one by one; it is closed from another thread while it looks at the second."""
    asked, going_on = Event(), Event()
    vlm = says()

    def wait(_pairs: int) -> None:
        if len(vlm.calls) == 1:
            asked.set()
            assert going_on.wait(10)

    vlm = says(before=wait)
    events = looking(vlm).stream(Query(text="red", explain=5))
    told: list[object] = []
    listener = Thread(target=lambda: told.extend(events))
    listener.start()
    assert asked.wait(10)
    events.close()
    going_on.set()
    assert until(lambda: not listener.is_alive())
    assert len(vlm.calls) == 2
    assert [type(event) for event in told] == [HitsFound, HitExplained]
    assert list(events) == []
