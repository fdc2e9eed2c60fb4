"""Re-ranking one candidate at a time, against orders and probabilities worked out by hand."""

import math
import random
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from looking import MemoryNotes, ReusableVlm, ScriptedVlm, numbered

from shelfsight.core.atoms import Atom
from shelfsight.core.calibration import Calibration, Fusion, Scale
from shelfsight.core.errors import ModelError, PictureError, Reason
from shelfsight.core.protocols import Fingerprints, Match, StoredItem, StoredPicture
from shelfsight.search.look import Look, Viewing
from shelfsight.search.patience import Budget, Patience
from shelfsight.search.rerank import Inquiry, Reranked, rerank
from shelfsight.search.rerank.fusion import fused, order, says_nothing, standardised

RED = Atom(kind="attribute", term="red", subject="attribute")
SHOE = Atom(kind="kind", term="shoe", subject="kind")
NOT_LEATHER = Atom(kind="attribute", term="leather", negated=True, subject="attribute")
CHEAP = Atom(kind="limit", term="under 50", filter="price < 50")


def odds(probability: float) -> float:
    return math.log(probability / (1 - probability))


def log_chance(log_odds: float) -> float:
    """The logarithm of the probability that has these log-odds."""
    return -math.log(1 + math.exp(-log_odds))


def matches(scores: list[float]) -> list[Match]:
    """Candidates ``00``, ``01`` ...; the number of the picture is that of the candidate."""
    return [Match(f"{number:02}", score, 0) for number, score in enumerate(scores)]


def falling(count: int) -> list[Match]:
    return matches([0.5 - 0.001 * place for place in range(count)])


def item(id: str) -> StoredItem:
    return StoredItem(
        id=id,
        title=None,
        metadata={},
        pictures=(StoredPicture(name=id, path=None),),
        fingerprints=Fingerprints(pictures=f"p{id}", metadata=""),
    )


def viewing(vlm: ScriptedVlm, *, notes: MemoryNotes | None = None, broken: set[str] = frozenset()) -> Viewing:  # type: ignore[assignment]
    def picture(id: str, _index: int) -> object:
        if id in broken:
            raise PictureError(Reason.TRUNCATED, f"{id} breaks off")
        return numbered(int(id))

    look = Look(vlm=vlm, picture=picture, notes=notes)  # type: ignore[arg-type]
    return Viewing(look, {id: item(id) for id in map("{:02}".format, range(100))})


def run(
    vlm: ScriptedVlm,
    candidates: list[Match],
    atoms: tuple[Atom, ...] = (),
    *,
    positive: str | None = "red shoe",
    window: int = 1000,
    budget_ms: float | None = None,
    patience: Patience | None = None,
    **seeing: object,
) -> Reranked:
    return rerank(
        candidates,
        Inquiry.of(positive, atoms, vlm.calibration),
        viewing(vlm, **seeing),  # type: ignore[arg-type]
        window=window,
        budget=Budget(budget_ms),
        patience=patience or Patience(),
    )


def ids(done: Reranked) -> list[str]:
    return [match.id for match in done.matches]


def calibration(**fusion: float) -> Calibration:
    return Calibration(fusion=Fusion(**{"model": 1.0, "negation": 1.0, "dead_zone": 0.0, **fusion}))


# --- fusion ------------------------------------------------------------------------------------------------------


def test_relevance_is_the_logistic_of_what_model_and_retrieval_say() -> None:
    known = Calibration(
        scales={"whole": Scale(slope=0.5, intercept=0.2), "attribute": Scale(slope=2.0)},
        fusion=Fusion(bias=-0.3, model=0.7, negation=0.4, retrieval=0.2, dead_zone=0.0),
    )
    said = {"Does this picture show red shoe?": [0.2, 0.9], "Is the product leather?": [0.6, 0.3]}
    vlm = ScriptedVlm(lambda number, question: said[question][number], calibration=known)
    done = run(vlm, matches([0.4, 0.2]), (RED, SHOE, NOT_LEATHER, CHEAP))
    # z is +1 and -1; the log-odds of "not leather" are those of leather, negative; the weight of atoms is 0
    whole = [log_chance(0.5 * odds(0.2) + 0.2), log_chance(0.5 * odds(0.9) + 0.2)]
    no_leather = [log_chance(-2 * odds(0.6)), log_chance(-2 * odds(0.3))]
    log_odds = [-0.3 + 0.7 * w + 0.4 * n + 0.2 * z for w, n, z in zip(whole, no_leather, (1, -1), strict=True)]
    expected = {f"0{place}": 1 / (1 + math.exp(-value)) for place, value in enumerate(log_odds)}
    assert dict(done.relevance) == pytest.approx(expected, abs=1e-5)
    assert ids(done) == ["01", "00"]
    assert (done.report.candidates, done.report.scored, done.report.moved) == (2, 2, 2)
    assert (done.report.name, done.report.model, done.report.ended) == ("rerank", "scripted", "complete")
    assert done.warnings == ()


def test_atoms_are_asked_one_by_one_where_they_weigh_something() -> None:
    said = {"red shoe": 0.5, "red": 0.9, "shoe": 0.3}
    vlm = ScriptedVlm(
        lambda _, statement: said[statement], generates=False, calibration=calibration(atoms=0.8, retrieval=0.0)
    )
    done = run(vlm, matches([0.4, 0.2]), (RED, SHOE, CHEAP))
    evidence = math.log(0.5) + 0.8 * (math.log(0.9) + math.log(0.3))
    assert done.relevance["00"] == pytest.approx(1 / (1 + math.exp(-evidence)), abs=1e-5)
    assert sorted({statement for _, statement in vlm.calls[0]}) == ["red", "red shoe", "shoe"]


def test_without_wanted_atoms_the_whole_query_stands_for_them() -> None:
    vlm = ScriptedVlm(lambda *_: 0.8, calibration=calibration(atoms=0.5, retrieval=0.0))
    done = run(vlm, matches([0.4, 0.2]))
    assert done.relevance["00"] == pytest.approx(1 / (1 + math.exp(-1.5 * math.log(0.8))), abs=1e-5)


def test_what_is_right_does_not_make_up_for_what_is_wrong() -> None:
    said = {"red": [0.99, 0.5], "shoe": [0.2, 0.5], "red shoe": [0.5, 0.5]}
    known = calibration(atoms=1.0, retrieval=0.0)
    vlm = ScriptedVlm(lambda number, statement: said[statement][number], generates=False, calibration=known)
    assert odds(0.99) + odds(0.2) > 2 * odds(0.5)  # the mean log-odds would keep the order
    assert ids(run(vlm, matches([0.4, 0.2]), (RED, SHOE))) == ["01", "00"]  # 0.99 * 0.2 < 0.5 * 0.5


def test_one_answer_counts_for_no_less_than_the_floor() -> None:
    known = calibration(retrieval=0.0, floor=2.0)
    done = run(ScriptedVlm(lambda *_: 0.0, calibration=known), falling(1))
    assert done.relevance["00"] == pytest.approx(1 / (1 + math.exp(2.0)), abs=1e-5)
    vlm = ScriptedVlm(lambda number, _: [0.0, 1.0][number], calibration=known)
    done = run(vlm, matches([0.4, 0.39]), (NOT_LEATHER,), positive=None)
    assert done.relevance == pytest.approx({"00": 0.5, "01": 1 / (1 + math.exp(2.0))}, abs=1e-5)


def test_a_negation_alone_is_asked_alone() -> None:
    vlm = ScriptedVlm(lambda number, _: [0.9, 0.1][number], calibration=calibration())
    assert ids(run(vlm, matches([0.4, 0.39]), (NOT_LEATHER,), positive=None)) == ["01", "00"]
    assert {question for _, question in vlm.calls[0]} == {"Is the product leather?"}


def test_equal_candidates_stay_as_retrieval_has_them_and_all_questions_of_a_chunk_go_in_one_call() -> None:
    def swapped(number: int, statement: str) -> float:
        return {"red": 0.2, "shoe": 0.9}.get(statement, 0.5) if number in (3, 5) else 0.9 if statement == "red" else 0.2

    vlm = ScriptedVlm(swapped, generates=False, calibration=calibration(atoms=1.0, model=0.0, retrieval=0.0))
    done = run(vlm, falling(8), (RED, SHOE))
    assert ids(done) == ["00", "01", "02", "03", "04", "05", "06", "07"]  # 0.2 * 0.9 is 0.9 * 0.2
    assert [len(call) for call in vlm.calls] == [16]
    vlm = ScriptedVlm(lambda number, _: 0.9 if number in (3, 5) else 0.2, calibration=calibration(retrieval=0.0))
    assert ids(run(vlm, falling(8))) == ["03", "05", "00", "01", "02", "04", "06", "07"]


def test_an_item_is_judged_by_the_picture_that_retrieval_liked() -> None:
    opened: list[tuple[str, int]] = []

    def picture(id: str, index: int) -> object:
        opened.append((id, index))
        return numbered(index)

    vlm = ScriptedVlm(lambda number, _: [0.1, 0.5, 0.9][number], calibration=calibration())
    seen = Viewing(Look(vlm=vlm, picture=picture), {})  # type: ignore[arg-type]
    found = [Match("a", 0.3, 0), Match("b", 0.2, 2), Match("c", 0.1, 1)]
    inquiry = Inquiry.of("shoe", (), vlm.calibration)
    done = rerank(found, inquiry, seen, window=3, budget=Budget(None), patience=Patience())
    assert sorted(opened) == [("a", 0), ("b", 2), ("c", 1)]
    assert done.matches[0] == found[1]


def test_the_order_given_does_not_matter() -> None:
    vlm = ScriptedVlm(lambda number, _: (number * 37 % 50 + 1) / 52)
    candidates = [Match(f"{number:02}", 0.3 + 0.01 * (number % 7), 0) for number in range(50)]
    first = run(vlm, candidates)
    shuffled = random.Random(1).sample(candidates, 50)
    again = run(vlm, shuffled)
    assert (again.matches, again.relevance) == (first.matches, first.relevance)


# --- the gate ----------------------------------------------------------------------------------------------------


def test_a_model_that_says_the_same_of_all_changes_nothing() -> None:
    done = run(ScriptedVlm(lambda *_: 0.5), matches([0.3, 0.3, 0.2]))
    assert ids(done) == ["00", "01", "02"]
    assert (done.report.ended, done.report.moved, done.report.scored) == ("complete", 0, 3)


def test_a_model_that_objects_to_nothing_changes_nothing() -> None:
    known = Calibration(fusion=Fusion(model=1.0, dead_zone=0.11))
    vlm = ScriptedVlm(lambda number, _: 0.9 + 0.01 * number, calibration=known)  # the logarithm of 0.9 is -0.105
    done = run(vlm, matches([0.3, 0.3, 0.3]))
    assert ids(done) == ["00", "01", "02"]
    assert (done.report.ended, done.report.moved, done.report.scored) == ("gate", 0, 3)
    assert set(done.relevance) == {"00", "01", "02"}


def test_a_query_without_a_question_changes_nothing_and_costs_nothing() -> None:
    vlm = ScriptedVlm(lambda *_: 1.0)
    done = run(vlm, falling(3), (CHEAP,), positive=None)
    assert (ids(done), done.report.ended, done.report.scored, vlm.calls) == (["00", "01", "02"], "gate", 0, [])


def test_no_candidates_are_no_problem() -> None:
    assert run(ScriptedVlm(lambda *_: 1.0), []).matches == ()


# --- features ----------------------------------------------------------------------------------------------------


def test_features_are_made_once_and_kept_with_the_pictures_they_are_of() -> None:
    notes = MemoryNotes()
    vlm = ReusableVlm(lambda number, _: (number + 1) / 40)
    seen = viewing(vlm, notes=notes)
    inquiry = Inquiry.of("red shoe", (NOT_LEATHER,), vlm.calibration)
    first = rerank(falling(30), inquiry, seen, window=30, budget=Budget(None), patience=Patience())
    assert (vlm.encoded, notes.kept) == (30, {})
    seen.keep()
    assert set(notes.kept["v1"]) == {(f"{number:02}", 0) for number in range(30)}
    assert notes.fingerprints["07"] == "p07"
    again = run(vlm, falling(33), (NOT_LEATHER,), notes=notes, broken={f"{number:02}" for number in range(30)})
    assert vlm.encoded == 33
    assert again.warnings == ()  # what is kept need not be opened
    plain = run(ScriptedVlm(lambda number, _: (number + 1) / 40), falling(30), (NOT_LEATHER,))
    assert (first.matches, first.relevance) == (plain.matches, plain.relevance)


def test_features_of_a_model_that_talks_nonsense_are_not_kept() -> None:
    notes = MemoryNotes()
    vlm = ReusableVlm(lambda *_: math.nan)
    seen = viewing(vlm, notes=notes)
    inquiry = Inquiry.of("red shoe", (), vlm.calibration)
    rerank(falling(3), inquiry, seen, window=3, budget=Budget(None), patience=Patience())
    seen.keep()
    assert notes.kept == {}


# --- what goes wrong ---------------------------------------------------------------------------------------------


def _dies(_pairs: int) -> None:
    raise ModelError("the model is out of memory")


def _crashes(_pairs: int) -> None:
    raise RuntimeError("CUDA error")


class _Miscounting(ScriptedVlm):
    def score(self, pairs: object) -> np.ndarray:
        return super().score(pairs)[:-1]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("vlm", "reason"),
    [
        (ScriptedVlm(lambda *_: 0.5, before=_dies), "out of memory"),
        (ScriptedVlm(lambda *_: 0.5, before=_crashes), "RuntimeError: CUDA error"),
        (ScriptedVlm(lambda number, _: math.nan if number == 20 else 0.1 * (number % 9)), "no probabilities"),
        (ScriptedVlm(lambda *_: 1.5), "no probabilities"),
        (ScriptedVlm(lambda *_: -0.1), "no probabilities"),
        (_Miscounting(lambda *_: 0.5), "did not give"),
    ],
)
@pytest.mark.parametrize("budget_ms", [None, 5000.0])
def test_a_model_that_fails_leaves_the_first_stages_order_and_a_warning(
    vlm: ScriptedVlm, reason: str, budget_ms: float | None
) -> None:
    done = run(vlm, falling(30), budget_ms=budget_ms)
    assert done.matches == tuple(falling(30))
    assert (done.report.ended, done.report.scored, done.report.moved) == ("failed", 0, 0)
    assert dict(done.relevance) == {}
    assert len(done.warnings) == 1
    assert reason in done.warnings[0]


def test_pictures_that_cannot_be_opened_are_told_once_and_take_what_can_be_expected() -> None:
    chances = [0.5, 0.1, 0.99, 0.5, 0.02, 0.97]
    vlm = ScriptedVlm(lambda number, _: chances[number], calibration=calibration(retrieval=0.0))
    done = run(vlm, falling(6), broken={"00", "03"})
    # those unseen stand at the median of the evidence, between the logarithms of 0.97 and 0.1
    assert ids(done) == ["02", "05", "00", "03", "01", "04"]
    assert set(done.relevance) == {"01", "02", "04", "05"}
    assert done.report.scored == 4
    assert done.warnings == (
        "2 of 6 pictures could not be opened and were not looked at, that of item '00' because: 00 breaks off",
    )


# --- time --------------------------------------------------------------------------------------------------------


def _takes(seconds_a_pair: float) -> ScriptedVlm:
    return ScriptedVlm(
        lambda number, _: 0.95 if number == 9 else 0.3 + 0.01 * (number % 5),
        before=lambda pairs: time.sleep(seconds_a_pair * pairs),
        calibration=calibration(),
    )


def test_a_budget_ends_with_the_best_order_so_far() -> None:
    vlm, start = _takes(0.005), time.monotonic()
    done = run(vlm, falling(400), budget_ms=200)
    assert time.monotonic() - start < 0.6  # all of them would take 2 seconds
    assert done.report.ended == "budget"
    assert 10 <= done.report.scored < 60
    assert len(done.relevance) == done.report.scored
    assert ids(done)[0] == "09"
    assert set(ids(done)) == {match.id for match in falling(400)}
    unseen = [id for id in ids(done) if id not in done.relevance]
    assert unseen == sorted(unseen, key=int)  # retrieval alone decides between them
    assert done.warnings == ()


def test_time_enough_is_no_limit() -> None:
    done = run(_takes(0.0), falling(100), budget_ms=10_000)
    assert (done.report.ended, done.report.scored) == ("complete", 100)


def test_what_was_found_as_fit_as_most_never_falls_behind_what_nobody_looked_at() -> None:
    vlm = _takes(0.004)
    done = run(vlm, falling(300), budget_ms=500)
    chance = {f"{number:02}": 0.95 if number == 9 else 0.3 + 0.01 * (number % 5) for number in range(300)}
    place = {id: rank for rank, id in enumerate(ids(done))}
    first_unseen = min(place[id] for id in place if id not in done.relevance)
    usual = sorted(chance[id] for id in done.relevance)[len(done.relevance) // 2]
    assert all(place[id] < first_unseen for id in done.relevance if chance[id] >= usual)


def test_a_model_that_hangs_is_given_up_and_left_alone_until_it_is_back() -> None:
    hanging, calls = [True], []

    def hang(_pairs: int) -> None:
        calls.append(1)
        while hanging[0]:
            time.sleep(0.005)

    vlm, patience = ScriptedVlm(lambda number, _: 0.1 * (number % 9), before=hang), Patience()
    start = time.monotonic()
    done = run(vlm, falling(20), budget_ms=100, patience=patience)
    assert time.monotonic() - start < 1.0
    assert (done.matches, done.report.ended) == (tuple(falling(20)), "failed")
    assert "did not answer within" in done.warnings[0]
    for budget_ms in (50.0, None):  # without a budget it waits until the call has been late for a second
        later = run(vlm, falling(20), budget_ms=budget_ms, patience=patience)
        assert (later.matches, later.report.ended) == (tuple(falling(20)), "failed")
        assert "still busy" in later.warnings[0]
    start = time.monotonic()
    run(vlm, falling(20), budget_ms=5000, patience=patience)
    assert time.monotonic() - start < 1.0  # it is held for stuck, and not waited for
    assert len(calls) == 1  # one thread hangs, however many searches came
    hanging[0] = False
    time.sleep(0.05)
    assert run(vlm, falling(20), budget_ms=5000, patience=patience).report.ended == "complete"


# --- early exit --------------------------------------------------------------------------------------------------


def test_it_ends_when_the_page_can_no_longer_change() -> None:
    narrow = Calibration(scales={"other": Scale(slope=0.05)}, fusion=Fusion(model=1.0, retrieval=3.0, dead_zone=0.0))
    vlm = ScriptedVlm(lambda number, _: (number * 7 % 11) / 11, calibration=narrow)
    candidates = falling(20) + [Match(f"{number}", 0.1, 0) for number in range(20, 100)]
    done = run(vlm, candidates, window=10)
    assert done.report.ended == "settled"
    assert done.report.scored < 100
    assert ids(done)[:10] == ids(run(vlm, candidates, window=100))[:10]


def _kept(numbers: set[int]) -> MemoryNotes:
    """Features of the pictures of ``numbers``: nothing is left to be opened."""
    notes, vlm = MemoryNotes(), ReusableVlm(lambda *_: 0.5)
    features = vlm.picture_features([numbered(number) for number in sorted(numbers)])
    notes.keep_features("v1", {(f"{n:02}", 0): each for n, each in zip(sorted(numbers), features, strict=True)}, {})
    return notes


@settings(max_examples=100, deadline=None)
@given(
    chances=st.lists(st.sampled_from([0.0, 0.02, 0.3, 0.5, 0.55, 0.9, 1.0]), min_size=30, max_size=90),
    slope=st.sampled_from([0.02, 0.05, 0.2]),
    step=st.sampled_from([0.0, 0.001, 0.05]),
    window=st.integers(1, 12),
    spread=st.sampled_from([0.0, 0.0, 0.03]),
    broken=st.sets(st.integers(0, 89), max_size=1),
    late=st.integers(16, 60),
)
def test_the_page_is_that_of_the_full_run(
    chances: list[float], slope: float, step: float, window: int, spread: float, broken: set[int], late: int
) -> None:
    known = Calibration(scales={"other": Scale(slope=slope)}, fusion=Fusion(retrieval=2.0, dead_zone=spread))
    vlm, notes = ReusableVlm(lambda number, _: chances[number], calibration=known), _kept(set(range(90)) - broken)
    scores = [0.5 - step * place - (0.4 if place >= late else 0.0) for place in range(len(chances))]
    unopened = {f"{number:02}" for number in broken}
    early = run(vlm, matches(scores), (NOT_LEATHER,), window=window, broken=unopened, notes=notes)
    full = run(vlm, matches(scores), (NOT_LEATHER,), window=len(chances), broken=unopened, notes=notes)
    assert full.report.ended in ("complete", "gate")
    assert ids(early)[:window] == ids(full)[:window]
    assert all(early.relevance.get(id) == full.relevance.get(id) for id in ids(early)[:window])


def test_one_extreme_answer_opens_the_gate_for_nobody_else() -> None:
    """Forty-nine pictures to which the model hardly objects, and one to which it does."""
    retrieval = standardised(np.linspace(1.0, 0.5, 50))
    mild = np.where(np.arange(50) % 2, 0.0, -0.2)
    shouting = np.where(np.arange(50) == 7, -40.0, mild)
    gate = Fusion(model=1.0, retrieval=0.05, dead_zone=0.25)
    assert says_nothing(mild, gate)
    assert not says_nothing(shouting, gate)
    assert order(fused(mild, retrieval, gate)) == list(range(50))
    assert order(fused(shouting, retrieval, gate)) == [*range(7), *range(8, 50), 7]
