"""Searches with a second look, over a real store. The model is told what to say of each item; see ``looking``.

The shelf: red (1,0,0), green (0,1,0), blue (0,0,1), yellow (1,1,0), and pair with two pictures, blue and green.
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from colour_encoder import ColourEncoder
from looking import MemoryNotes, ReusableVlm, ScriptedVlm, numbered, until
from shelf import change

from shelfsight.core.atoms import Atom
from shelfsight.core.calibration import Calibration, Fusion
from shelfsight.core.errors import FilterError, ModelError, StoreError, UnknownField, UsageError
from shelfsight.core.protocols import Notes, Store
from shelfsight.core.settings import Settings
from shelfsight.core.types import Page, Query
from shelfsight.search import Searcher
from shelfsight.search.look import Look

MODEL_ALONE = Calibration(fusion=Fusion(model=1.0, negation=1.0, retrieval=0.0, floor=20.0, dead_zone=0.0))
CHANCES = {"red": 0.1, "green": 0.3, "blue": 0.9, "yellow": 0.7, "pair": 0.5}
NUMBERS = {id: number for number, id in enumerate(CHANCES)}

GREEN = Atom(kind="attribute", term="green", subject="attribute")
NOT_YELLOW = Atom(kind="attribute", term="yellow", negated=True, subject="attribute")
CHEAP = Atom(kind="limit", term="under 35", filter="price < 35")


def says(
    chances: Mapping[str, float] = CHANCES, kind: type[ScriptedVlm] = ScriptedVlm, **options: object
) -> ScriptedVlm:
    numbers = {number: chances[id] for id, number in NUMBERS.items()}
    return kind(lambda number, _: numbers[number], **{"calibration": MODEL_ALONE, **options})  # type: ignore[arg-type]


Looking = Callable[..., Searcher]


@pytest.fixture
def looking(store: Store, encoder: ColourEncoder, settings: Settings) -> Looking:
    def make(vlm: ScriptedVlm, notes: Notes | None = None) -> Searcher:
        look = Look(vlm=vlm, picture=lambda id, _: numbered(NUMBERS[id]), notes=notes)
        return Searcher(encoder, store, settings, look=lambda _seconds: look)

    return make


def ids(page: Page) -> list[str]:
    return [hit.id for hit in page.hits]


# --- the order, and what is told of it ---------------------------------------------------------------------------


def test_the_head_is_ordered_anew_and_every_hit_tells_where_it_stood(looking: Looking, searcher: Searcher) -> None:
    page = looking(says()).search(Query(text="red", rerank=True))
    plain = searcher.search(Query(text="red"))
    assert ids(page) == ["blue", "yellow", "pair", "green", "red"]
    assert [hit.rank for hit in page.hits] == [1, 2, 3, 4, 5]
    first = {hit.id: hit.rank for hit in plain.hits}
    assert {hit.id: hit.ranks for hit in page.hits} == {
        hit.id: {"retrieval": first[hit.id], "rerank": hit.rank} for hit in page.hits
    }
    assert {hit.id: hit.score for hit in page.hits} == {hit.id: hit.score for hit in plain.hits}
    # the log-odds are the logarithm of the chance, p, and so the probability is p / (1 + p)
    relevance = {id: chance / (1 + chance) for id, chance in CHANCES.items()}
    assert {hit.id: hit.relevance for hit in page.hits} == pytest.approx(relevance, abs=1e-5)
    assert not any(hit.graded for hit in page.hits)
    assert page.atoms is not None
    assert [atom.term for atom in page.atoms] == ["red"]
    (stage,) = page.stages
    assert (stage.name, stage.model, stage.candidates, stage.scored) == ("rerank", "scripted", 5, 5)
    assert (stage.moved, stage.ended) == (3, "complete")  # yellow and green stay where they were
    expected = ["parse", "understand", "encode", "retrieve", "items", "look", "rerank", "keep", "facets", "total"]
    assert list(page.trace) == expected
    assert (page.total, page.warnings) == (5, ())


def test_grades_in_words_are_told_as_such(looking: Looking) -> None:
    page = looking(says(graded=True)).search(Query(text="red", rerank=True, depth=5, k=5))
    assert all(hit.graded for hit in page.hits)


def test_a_plain_search_is_not_taken_apart_and_opens_no_model(
    store: Store, encoder: ColourEncoder, settings: Settings, searcher: Searcher
) -> None:
    def unwanted(_seconds: float | None) -> Look:
        raise AssertionError("nobody wanted to look")

    with_look = Searcher(encoder, store, settings, look=unwanted)
    page = with_look.search(Query(text="red not leather under 20"))
    assert (page.atoms, page.stages) == (None, ())
    assert page.hits == searcher.search(Query(text="red not leather under 20")).hits
    assert with_look.search(Query(text="red", atoms=(GREEN,))).atoms == (GREEN,)
    assert ids(with_look.similar("red")) == ids(searcher.similar("red"))


@pytest.fixture
def long_shelf(empty_store: Store) -> Store:
    """Sixty items ``00`` to ``59``, each a little less red than the one before."""
    empty_store.commit([change(f"{n:02}", [(1, 0.01 * n, 0)], price=n) for n in range(60)])
    return empty_store


@pytest.fixture
def along(long_shelf: Store, encoder: ColourEncoder, settings: Settings) -> Callable[[ScriptedVlm], Searcher]:
    def make(vlm: ScriptedVlm) -> Searcher:
        look = Look(vlm=vlm, picture=lambda id, _: numbered(int(id)))
        return Searcher(encoder, long_shelf, settings, look=lambda _seconds: look)

    return make


def test_pages_of_a_re_ranked_search_follow_one_another(along: Callable[[ScriptedVlm], Searcher]) -> None:
    vlm = ScriptedVlm(lambda number, _: (number * 7 % 20 + 1) / 22, calibration=MODEL_ALONE)
    searcher = along(vlm)
    query = {"text": "red", "rerank": True, "depth": 20}
    pages = [searcher.search(Query(**query, k=8, offset=offset)) for offset in range(0, 40, 8)]  # type: ignore[arg-type]
    hits = [hit for page in pages for hit in page.hits]
    assert [hit.rank for hit in hits] == list(range(1, 41))
    head = sorted(range(20), key=lambda number: -(number * 7 % 20))
    assert [hit.id for hit in hits] == [f"{number:02}" for number in (*head, *range(20, 40))]
    assert [hit.relevance is None for hit in hits] == [False] * 20 + [True] * 20
    assert hits[30].ranks == {"retrieval": 31, "rerank": 31}
    assert {page.stages[0].candidates for page in pages} == {20}


def test_a_page_larger_than_the_depth_is_looked_at_whole(along: Callable[[ScriptedVlm], Searcher]) -> None:
    searcher = along(ScriptedVlm(lambda number, _: (number + 1) / 62, calibration=MODEL_ALONE))
    page = searcher.search(Query(text="red", rerank=True, depth=3, k=30))
    assert page.stages[0].candidates == 30
    assert ids(page) == [f"{number:02}" for number in range(29, -1, -1)]
    assert searcher.search(Query(text="red", rerank=True, k=1)).stages[0].candidates == 50


# --- atoms -------------------------------------------------------------------------------------------------------


def test_limits_bound_the_hits_the_total_and_the_facets(looking: Looking) -> None:
    page = looking(says()).search(Query(text="red under 35", rerank=True, facets=("kind",), filter="price > 10"))
    assert sorted(ids(page)) == ["blue", "green"]
    assert (page.total, page.facets) == (2, {"kind": {"plain": 2}})
    assert page.atoms is not None
    assert [(atom.kind, atom.filter) for atom in page.atoms if atom.kind == "limit"] == [("limit", "price < 35")]


def test_a_negation_turns_retrieval_away_and_is_asked_of_the_model(looking: Looking, searcher: Searcher) -> None:
    vlm = says(dict.fromkeys(CHANCES, 0.5))
    page = looking(vlm).search(Query(text="green not yellow", rerank=True))
    minus = searcher.search(Query(text="green", negative=("yellow",)))
    assert ids(page) == ids(minus)
    assert [hit.score for hit in page.hits] == [hit.score for hit in minus.hits]
    asked = {question for call in vlm.calls for _, question in call}
    assert asked == {"Does this picture show green?", "Is the product yellow?"}


def test_minus_terms_beside_the_text_are_asked_too(looking: Looking) -> None:
    vlm = says()
    page = looking(vlm).search(Query(text="green -yellow", negative=("a  logo", "yellow"), rerank=True))
    asked = {question for call in vlm.calls for _, question in call}
    assert asked == {"Does this picture show green?", "Is the product yellow?", "Does this picture show a logo?"}
    assert page.atoms is not None
    assert [atom.text for atom in page.atoms] == ["green", "not yellow"]


def test_atoms_that_are_sent_replace_what_the_text_says(looking: Looking, searcher: Searcher) -> None:
    vlm, atoms = says(), (GREEN, NOT_YELLOW, CHEAP)
    page = looking(vlm).search(Query(text="red -blue", atoms=atoms, rerank=True))
    assert page.atoms == atoms
    expected = searcher.search(Query(text="green", negative=("yellow",), filter="price < 35"))
    assert {hit.id: hit.score for hit in page.hits} == {hit.id: hit.score for hit in expected.hits}
    asked = {question for call in vlm.calls for _, question in call}
    assert asked == {"Does this picture show green?", "Is the product yellow?"}
    alone = looking(vlm).search(Query(atoms=atoms, rerank=True))
    assert (ids(alone), alone.atoms) == (ids(page), atoms)


def test_atoms_bound_a_search_that_is_not_re_ranked(searcher: Searcher) -> None:
    page = searcher.search(Query(text="green", atoms=(GREEN, NOT_YELLOW, CHEAP)))
    assert page.hits == searcher.search(Query(text="green", negative=("yellow",), filter="price < 35")).hits
    assert (page.total, page.stages) == (3, ())


def test_a_query_of_negations_alone_looks_up_its_own_words(looking: Looking) -> None:
    vlm = says({"red": 0.9, "green": 0.1, "blue": 0.2, "yellow": 0.6, "pair": 0.3})
    page = looking(vlm).search(Query(text="not red", rerank=True))
    assert ids(page) == ["green", "blue", "pair", "yellow", "red"]
    assert {question for _, question in vlm.calls[0]} == {"Is the product red?"}


def test_parse_shows_the_atoms_of_a_text(searcher: Searcher) -> None:
    assert [atom.text for atom in searcher.parse("red, not yellow, under 35")] == ["red", "not yellow", "under 35"]
    with pytest.raises(UsageError, match="lone surrogate"):
        searcher.parse("red \ud800")
    with pytest.raises(UsageError, match="characters long"):
        searcher.parse("red" * 10_000)


def test_the_words_of_a_collection_follow_what_is_committed(looking: Looking, store: Store) -> None:
    searcher = looking(says())
    assert searcher.parse("gizmo")[0].field is None
    store.commit([change("new", [(1, 1, 1)], kind="gizmo")])
    assert (searcher.parse("gizmo")[0].field, searcher.parse("gizmo")[0].value) == ("kind", "gizmo")


# --- refusals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (Query(text="red", rerank=True, depth=0), "depth is 0"),
        (Query(text="red", rerank=True, depth=501), "depth is 501"),
        (Query(text="red", rerank=True, budget_ms=0.0), "budget_ms is 0"),
        (Query(text="red", rerank=True, budget_ms=float("nan")), "budget_ms is nan"),
        (Query(text="red", explain=-1), "explain is -1"),
        (Query(vector=np.ones(3, np.float32), rerank=True), "without words gives a model nothing to re-rank by"),
        (Query(vector=np.ones(3, np.float32), explain=3), "nothing to explain by"),
        (Query(text="  ", rerank=True), "the query is empty"),
        (Query(text="red", atoms=(Atom(kind="kind", term=" "),)), "no term"),
        (Query(text="red", atoms=(Atom(kind="kind", term="x"),) * 33), "33 atoms"),
    ],
)
def test_what_cannot_be_answered_is_refused(looking: Looking, query: Query, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        looking(says()).search(query)


def test_a_limit_that_cannot_be_used_is_refused(looking: Looking) -> None:
    searcher = looking(says())
    with pytest.raises(FilterError):
        searcher.search(Query(text="red", atoms=(Atom(kind="limit", term="cheap", filter="price <"),)))
    with pytest.raises(UnknownField):
        searcher.search(Query(text="red", atoms=(Atom(kind="limit", term="cheap", filter="cost < 3"),)))


def test_a_searcher_without_a_model_says_so(searcher: Searcher) -> None:
    for query in (Query(text="red", rerank=True), Query(text="red", explain=1)):
        with pytest.raises(UsageError, match="no vision-language model"):
            searcher.search(query)


def test_an_empty_collection_is_answered(empty_store: Store, encoder: ColourEncoder, settings: Settings) -> None:
    look = Look(vlm=says(), picture=lambda *_: numbered(0))
    searcher = Searcher(encoder, empty_store, settings, look=lambda _seconds: look)
    page = searcher.search(Query(text="red", rerank=True, explain=3))
    assert (page.hits, page.total, len(page.warnings)) == ((), 0, 1)


# --- degradation -------------------------------------------------------------------------------------------------


def _dies(_pairs: int) -> None:
    raise ModelError("the model is gone")


@pytest.mark.parametrize("budget_ms", [None, 2000.0])
def test_a_model_that_dies_leaves_the_first_stages_answer(
    looking: Looking, searcher: Searcher, budget_ms: float | None
) -> None:
    page = looking(says(before=_dies)).search(Query(text="red", rerank=True, budget_ms=budget_ms))
    assert page.hits == searcher.search(Query(text="red")).hits
    assert [stage.ended for stage in page.stages] == ["failed"]
    assert len(page.warnings) == 1
    assert "the model is gone" in page.warnings[0]


def test_a_model_that_cannot_be_had_leaves_the_first_stages_answer(
    store: Store, encoder: ColourEncoder, settings: Settings, searcher: Searcher
) -> None:
    asked: list[float | None] = []

    def refuse(seconds: float | None) -> Look:
        asked.append(seconds)
        raise ModelError("there is no such model")

    blind = Searcher(encoder, store, settings, look=refuse)
    page = blind.search(Query(text="red", rerank=True, budget_ms=100))
    assert page.hits == searcher.search(Query(text="red")).hits
    assert (page.stages[0].ended, page.stages[0].model) == ("failed", "")
    assert page.warnings == ("no vision-language model could look at the hits: there is no such model",)
    assert asked[0] is not None
    assert 0.05 < asked[0] <= 0.1
    with pytest.raises(ModelError, match="no such model"):
        blind.rank([Query(text="red", rerank=True)])


def test_a_budget_bounds_the_answer_of_a_slow_model(along: Callable[[ScriptedVlm], Searcher]) -> None:
    vlm = ScriptedVlm(
        lambda number, _: 0.9 if number == 7 else 0.2,
        calibration=MODEL_ALONE,
        before=lambda pairs: time.sleep(0.008 * pairs),
    )
    page = along(vlm).search(Query(text="red", rerank=True, depth=60, budget_ms=200))
    (stage,) = page.stages
    assert stage.ended == "budget"
    assert 10 <= stage.scored < 30
    assert page.hits[0].id == "07"
    assert stage.milliseconds < 350
    assert page.warnings == ()


# --- what is kept ------------------------------------------------------------------------------------------------


def test_pictures_are_encoded_once_a_collection(looking: Looking, store: Store) -> None:
    vlm = says(kind=ReusableVlm)
    searcher = looking(vlm, store.notes)
    first = searcher.search(Query(text="red", rerank=True))
    assert vlm.encoded == 5  # type: ignore[attr-defined]
    again = searcher.search(Query(text="red", rerank=True))
    assert vlm.encoded == 5  # type: ignore[attr-defined]
    assert [hit.relevance for hit in again.hits] == [hit.relevance for hit in first.hits]
    searcher.search(Query(text="shoe not green", rerank=True, explain=3))
    assert vlm.encoded == 5  # type: ignore[attr-defined]
    store.commit([change("red", [(1, 0, 0)], price=11)])  # the same pictures
    store.commit([], deletes=["blue"])
    assert set(store.notes.features("v1", [("red", 0), ("blue", 0)])) == {("red", 0)}


def test_what_cannot_be_kept_fails_no_search(looking: Looking) -> None:
    def full() -> None:
        raise StoreError("no space left")

    page = looking(says(kind=ReusableVlm), MemoryNotes(before=full)).search(Query(text="red", rerank=True))
    assert ids(page) == ["blue", "yellow", "pair", "green", "red"]
    assert page.warnings == ("what was seen of the pictures could not be kept: no space left",)


def test_a_search_does_not_wait_long_for_keeping(looking: Looking) -> None:
    notes = MemoryNotes(before=lambda: time.sleep(1.0))
    start = time.monotonic()
    page = looking(says(kind=ReusableVlm), notes).search(Query(text="red", rerank=True))
    assert time.monotonic() - start < 0.9
    assert page.warnings == ()
    assert until(lambda: "v1" in notes.kept)


# --- many queries, many threads ----------------------------------------------------------------------------------


def test_rank_gives_what_search_gives(looking: Looking) -> None:
    searcher = looking(says())
    queries = [
        Query(text="red", rerank=True, k=2),
        Query(text="red", k=2),
        Query(text="green under 35", rerank=True, k=3),
        Query(text="green", k=3, filter="price < 35"),
        Query(text="blue not green", rerank=True, k=2, offset=1),
        Query(text="blue", atoms=(GREEN, NOT_YELLOW), k=5),
    ]
    assert searcher.rank(queries) == [[(hit.id, hit.score) for hit in searcher.search(query).hits] for query in queries]


def test_rank_does_not_pass_off_the_first_stage_as_re_ranked(looking: Looking) -> None:
    searcher = looking(says(before=_dies))
    assert searcher.rank([Query(text="red", k=1)]) == [[("red", pytest.approx(1.0))]]
    with pytest.raises(ModelError, match="the model is gone"):
        searcher.rank([Query(text="red", k=1), Query(text="red", rerank=True)])


def test_threads_get_the_answers_of_one(looking: Looking) -> None:
    searcher = looking(says())
    queries = [Query(text=text, rerank=True, budget_ms=20_000) for text in ("red", "green", "blue", "yellow")] * 5
    alone = [searcher.search(query).hits for query in queries]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(searcher.search, queries))
    assert [page.hits for page in together] == alone


# --- explanations ------------------------------------------------------------------------------------------------


def test_the_first_hits_are_explained_with_what_was_seen_already(looking: Looking, store: Store) -> None:
    vlm = says(kind=ReusableVlm)
    page = looking(vlm, store.notes).search(Query(text="red not yellow", negative=("logo",), rerank=True, explain=2))
    explained = [hit.explanation for hit in page.hits]
    assert [explanation is not None for explanation in explained] == [True, True, False, False, False]
    assert explained[0] is not None
    assert [claim.atom for claim in explained[0].claims] == ["red", "not yellow", "not logo"]
    assert [stage.name for stage in page.stages] == ["rerank", "explain"]
    assert vlm.encoded == 5  # type: ignore[attr-defined]
    assert list(page.trace)[-5:] == ["rerank", "explain", "keep", "facets", "total"]


def test_a_budget_leaves_time_to_explain(along: Callable[[ScriptedVlm], Searcher]) -> None:
    vlm = ScriptedVlm(
        lambda number, _: (number + 1) / 62, calibration=MODEL_ALONE, before=lambda pairs: time.sleep(0.02 * pairs)
    )
    page = along(vlm).search(Query(text="red", rerank=True, explain=3, depth=60, budget_ms=1000))
    rerank, explain = page.stages
    assert (rerank.ended, explain.ended) == ("budget", "complete")
    assert [hit.explanation is not None for hit in page.hits[:4]] == [True, True, True, False]
