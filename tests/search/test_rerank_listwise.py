"""Re-ranking by comparison, with models that favour places."""

import random
import time
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from looking import ComparingVlm, numbered

from shelfsight.core.atoms import Atom
from shelfsight.core.calibration import Calibration, Fusion
from shelfsight.core.errors import NotFound
from shelfsight.core.protocols import Match
from shelfsight.search.look import Look, Viewing
from shelfsight.search.patience import Budget, Patience
from shelfsight.search.rerank import Inquiry, Reranked, rerank
from shelfsight.search.rerank.listwise import windows

MODEL_ALONE = Calibration(fusion=Fusion(model=1.0, retrieval=0.0, dead_zone=0.01))


def liking(number: int) -> float:
    """Different for all numbers below 97."""
    return (number * 53 % 97) / 10


def run(
    vlm: ComparingVlm,
    candidates: list[Match],
    atoms: tuple[Atom, ...] = (),
    *,
    budget_ms: float | None = None,
    broken: tuple[str, ...] = (),
) -> Reranked:
    def picture(id: str, _index: int) -> object:
        if id in broken:
            raise NotFound(f"{id} is gone")
        return numbered(int(id))

    look = Look(vlm=vlm, picture=picture, listwise=True)  # type: ignore[arg-type]
    inquiry = Inquiry.of("red shoe", atoms, vlm.calibration)
    return rerank(candidates, inquiry, Viewing(look, {}), window=10, budget=Budget(budget_ms), patience=Patience())


def candidates(count: int) -> list[Match]:
    return [Match(f"{number:02}", 0.5 - 0.001 * number, 0) for number in range(count)]


def ids(done: Reranked) -> list[str]:
    return [match.id for match in done.matches]


@pytest.mark.parametrize(("most", "bias"), [(2, 12.0), (3, 6.0), (8, 2.0), (50, 0.3)])
def test_a_model_with_a_strong_bias_for_places_still_gives_the_right_order(most: int, bias: float) -> None:
    vlm = ComparingVlm(lambda number, _: liking(number), most_pictures=most, bias=bias, calibration=MODEL_ALONE)
    done = run(vlm, candidates(50))
    assert ids(done) == sorted(ids(done), key=lambda id: -liking(int(id)))
    assert (done.report.scored, done.report.ended) == (50, "complete")
    assert dict(done.relevance) == {}
    assert len(vlm.calls) == 1


def test_the_order_given_does_not_matter() -> None:
    # likings that no scale of utilities explains: it depends on who is beside whom
    vlm = ComparingVlm(
        lambda number, _: (number * number * 31 % 17) / 5, most_pictures=4, bias=2.0, calibration=MODEL_ALONE
    )
    first = run(vlm, candidates(23))
    for seed in range(3):
        assert run(vlm, random.Random(seed).sample(candidates(23), 23)).matches == first.matches


def test_retrieval_has_its_say_and_the_gate_closes() -> None:
    flat = ComparingVlm(lambda number, _: 0.001 * number, most_pictures=4)
    assert run(flat, candidates(9)).report.ended == "gate"
    fused = Calibration(fusion=Fusion(model=0.1, retrieval=5.0, dead_zone=0.0))
    weak = ComparingVlm(lambda number, _: 0.5 * number, most_pictures=4, calibration=fused)
    assert ids(run(weak, candidates(5))) == ["00", "01", "02", "03", "04"]


def test_what_is_sought_says_what_is_not() -> None:
    vlm = ComparingVlm(lambda number, _: liking(number), most_pictures=4)
    run(vlm, candidates(4), (Atom(kind="attribute", term="leather", negated=True),))
    assert {sought for _, sought in vlm.calls[0]} == {"red shoe, not leather"}


def test_pictures_that_cannot_be_opened_are_left_out_of_the_comparison() -> None:
    vlm = ComparingVlm(lambda number, _: liking(number), most_pictures=4, calibration=MODEL_ALONE)
    done = run(vlm, candidates(7), broken=("03",))
    assert done.report.scored == 6
    assert len(done.warnings) == 1
    looked = [id for id in ids(done) if id != "03"]
    assert looked == sorted(looked, key=lambda id: -liking(int(id)))
    assert ids(run(vlm, candidates(1))) == ["00"]
    nothing = run(vlm, candidates(3), broken=("00", "01", "02"))
    assert (ids(nothing), nothing.report.ended) == (["00", "01", "02"], "gate")


def test_a_budget_bounds_how_many_are_compared() -> None:
    vlm = ComparingVlm(
        lambda number, _: liking(number),
        most_pictures=4,
        calibration=MODEL_ALONE,
        before=lambda lists: time.sleep(0.01 * lists),
    )
    done = run(vlm, candidates(90), budget_ms=500)
    assert done.report.ended == "budget"
    assert 4 <= done.report.scored < 30
    assert run(vlm, candidates(10), budget_ms=5000).report.ended == "complete"


@pytest.mark.parametrize(
    "shares", [np.array([0.5, 0.5, 0.5], np.float32), np.array([np.nan] * 3, np.float32), np.array([1.0], np.float32)]
)
def test_shares_that_are_none_leave_the_first_stages_order(shares: np.ndarray) -> None:
    class Nonsense(ComparingVlm):
        def choose(self, lists: object) -> list[np.ndarray]:  # type: ignore[override]
            return [shares for _ in lists]  # type: ignore[attr-defined]

    done = run(Nonsense(lambda *_: 0.0, most_pictures=3), candidates(3))
    assert (ids(done), done.report.ended, len(done.warnings)) == (["00", "01", "02"], "failed", 1)


@given(count=st.integers(0, 70), width=st.integers(2, 9))
def test_windows_link_all_candidates(count: int, width: int) -> None:
    groups = windows(count, width)
    assert all(2 <= len(group) <= width for group in groups)
    pairs = {pair for group in groups for pair in combinations(group, 2)}
    assert sum(len(group) * (len(group) - 1) // 2 for group in groups) == len(pairs)  # no pair twice
    reached, new = set(), {0} if count else set()
    while new:
        reached |= new
        new = {b for a, b in [*pairs, *((b, a) for a, b in pairs)] if a in reached} - reached
    assert reached == set(range(count))
