"""Calibrated relevance: the arithmetic by hand, the file, and what a search makes of it."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from colour_encoder import ColourEncoder
from hypothesis import given
from hypothesis import strategies as st

from shelfsight.core.errors import ModelError, UsageError
from shelfsight.core.listing import Match
from shelfsight.core.protocols import Store
from shelfsight.core.relevance import Curve, RelevanceScale, Standing, log_odds_of
from shelfsight.core.relevance_file import RELEVANCE_FILE, read_relevance, write_relevance
from shelfsight.core.settings import Settings
from shelfsight.core.types import Query
from shelfsight.core.vectors import normalise
from shelfsight.search import Searcher
from shelfsight.search.candidates import Candidate
from shelfsight.search.relevance import EXACT, asked_for, judge, meaning, open_judge, require_judge

# Cosines with red: 1, 0, 0, 0: mean 0.25, standard deviation sqrt(3) / 4.
BACKGROUND = np.array([(1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0.6, 0.8)], np.float32)
HITS = Curve(bias=-4.0, standing=0.5, cosine=4.0, familiarity=1.0)
BEST = Curve(bias=-1.0, standing=0.0, cosine=1.0, familiarity=2.0)
RED = np.array([1, 0, 0], np.float32)


def scale(**changes: object) -> RelevanceScale:
    given_ = {
        "source": "by hand",
        "revision": "1",
        "hits": {"text": HITS},
        "best": {"text": BEST},
        "nothing_below": {"text": 0.6},
        "cutoff": 0.3,
        "words": 2.0,
        "pictures": BACKGROUND,
        "vocabulary": frozenset(("red", "dress")),
    }
    return RelevanceScale(**{**given_, **changes})  # type: ignore[arg-type]


def logistic(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def test_probability_by_hand() -> None:
    by = open_judge(scale(), RED, "text", "a red lamp")
    assert by is not None
    assert (by.standing.mean, by.standing.deviation) == pytest.approx((0.25, math.sqrt(3) / 4))
    assert by.standing.familiarity == 0.5  # of red and lamp, red is known
    stands = (0.8 - 0.25) / (math.sqrt(3) / 4)
    expected = -4 + 0.5 * stands + 4 * 0.8 + 0.5
    assert by.probability(0.8) == pytest.approx(logistic(expected))
    assert by.probability(0.8, share=0.5) == pytest.approx(logistic(expected + 1))
    assert by.nothing_matches(0.1) is (logistic(-1 + 0.1 + 2 * 0.5) < 0.6)
    assert by.nothing_matches(0.1)
    assert not by.nothing_matches(0.9)
    assert not by.nothing_matches(None)


def test_what_the_encoder_never_read_matches_nothing() -> None:
    known, unknown = (open_judge(scale(), RED, "text", text) for text in ("red", "qwx"))
    assert known is not None
    assert unknown is not None
    assert not known.nothing_matches(0.6)
    assert unknown.nothing_matches(0.6)
    assert known.probability(0.6) > unknown.probability(0.6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I want the Red DRESSES, please", ("red", "dress")),
        ("show me something", ()),
        ("boots -leather size 42", ("boot",)),
        ("", ()),
    ],
)
def test_words_that_mean_something(text: str, words: tuple[str, ...]) -> None:
    assert meaning(text) == words


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0.001, 0.999))
def test_the_cosine_of_a_probability_is_its_inverse(cosine: float, share: float, probability: float) -> None:
    by = open_judge(scale(), RED, "text", "red")
    assert by is not None
    assert by.probability(by.cosine_at(probability, share), share) == pytest.approx(probability)
    assert by.cosine_at(by.probability(cosine, share), share) == pytest.approx(cosine, abs=1e-6)
    assert (by.cosine_at(0.0), by.cosine_at(1.0)) == (-math.inf, math.inf)


def test_a_curve_that_does_not_look_at_the_cosine_passes_all_or_none() -> None:
    flat = Curve(bias=0.0, standing=0.0, cosine=0.0)
    at = Standing(mean=0.0, deviation=1.0)
    assert flat.cosine_at(at, log_odds_of(0.4)) == -math.inf
    assert flat.cosine_at(at, log_odds_of(0.6)) == math.inf


def test_a_background_without_spread_is_no_division_by_zero() -> None:
    by = open_judge(scale(pictures=BACKGROUND[:1]), RED, "text", "red")
    assert by is not None
    assert 0.0 <= by.probability(0.5) <= 1.0


def test_candidates_are_judged_in_their_order() -> None:
    by = open_judge(scale(), RED, "text", "red")
    assert by is not None
    plain = Candidate(match=Match("a", 0.2, 0), order=0.2)
    worded = Candidate(match=Match("b", 0.2, 0), order=0.2, share=1.0)
    exact = Candidate(match=Match("c", -0.9, 0), order=0.2, exact="sku")
    judged = judge((exact, plain, worded), by)
    assert [each.match.id for each in judged] == ["c", "a", "b"]
    assert [each.relevance for each in judged] == [EXACT, by.probability(0.2), by.probability(0.2, 1.0)]
    assert judge((plain,), None) == (plain,)


def test_kinds_of_queries() -> None:
    assert asked_for(text=True, picture=False) == "text"
    assert asked_for(text=False, picture=True) == "picture"
    assert [asked_for(text=True, picture=True, image_weight=w) for w in (0.05, 0.5, 0.95)] == [
        "text",
        "both",
        "picture",
    ]
    assert asked_for(text=True, picture=False, minus=True) == "minus"
    assert asked_for(text=True, picture=True, minus=True) == "both"
    assert open_judge(scale(), RED, "picture") is None
    assert open_judge(None, RED, "text") is None
    with pytest.raises(UsageError, match="min_relevance needs") as refused:
        require_judge(None)
    assert "--calibrate" in (refused.value.hint or "")


def test_a_search_counts_facets_and_hits_above_a_cutoff(store: Store, settings: Settings) -> None:
    searcher = Searcher(ColourEncoder(), store, settings, scale=scale())
    page = searcher.search(Query(text="red", facets=("kind",)))
    by = open_judge(scale(), RED, "text", "red")
    assert by is not None
    assert [hit.relevance for hit in page.hits] == pytest.approx([by.probability(hit.score) for hit in page.hits])
    assert not page.nothing_matches
    cut = searcher.search(Query(text="red", facets=("kind",), min_relevance=by.probability(0.7)))
    assert [hit.id for hit in cut.hits] == ["red", "yellow"]
    assert (cut.total, cut.facets) == (2, {"kind": {"mixed": 1, "plain": 1}})
    none = searcher.search(Query(text="red", min_relevance=by.probability(1.1)))
    assert (none.hits, none.total) == ((), 0)


def test_a_search_says_that_nothing_matches(store: Store, settings: Settings) -> None:
    strict = scale(nothing_below={"text": 0.95})
    page = Searcher(ColourEncoder(), store, settings, scale=strict).search(Query(text="red"))
    assert page.nothing_matches
    assert [hit.id for hit in page.hits] == ["red", "yellow", "blue", "green", "pair"]
    assert "nothing" in page.warnings[0]


def test_without_a_scale_nobody_judges(searcher: Searcher) -> None:
    page = searcher.search(Query(text="red"))
    assert not page.nothing_matches
    assert {hit.relevance for hit in page.hits} == {None}
    with pytest.raises(UsageError, match="min_relevance needs"):
        searcher.search(Query(text="red", min_relevance=0.5))


def test_the_file_gives_back_what_was_written(tmp_path: Path) -> None:
    written = scale(pictures=normalise(np.random.default_rng(0).standard_normal((5, 3))))
    write_relevance(tmp_path, written)
    read = read_relevance(tmp_path, "1")
    assert read is not None
    same = ("source", "revision", "hits", "best", "nothing_below", "cutoff", "words", "vocabulary")
    assert {name: getattr(read, name) for name in same} == {name: getattr(written, name) for name in same}
    assert np.einsum("nd,nd->n", read.pictures, written.pictures).min() > 0.9999
    assert read_relevance(tmp_path, "2") is None
    assert read_relevance(tmp_path / "none", "1") is None
    assert [path.name for path in tmp_path.iterdir()] == [RELEVANCE_FILE]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("cutoff", 1.5),
        ("words", "many"),
        ("nothing_below", {}),
        ("hits", {"sound": {"bias": 0, "standing": 1, "cosine": 1}}),
        ("hits", {"text": {"bias": 0, "standing": -1, "cosine": 1}}),
        ("hits", {"text": {"slope": 1}}),
        ("hits", {"text": 5}),
        ("hits", ["text"]),
        ("cutoff", 10**400),
        ("pictures", {"rows": 2, "base64": "AAAA"}),
        ("pictures", {"rows": 0, "base64": ""}),
        ("pictures", {"rows": 1, "base64": "?"}),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, key: str, value: object) -> None:
    write_relevance(tmp_path, scale())
    path = tmp_path / RELEVANCE_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(ModelError, match="is no scale of relevance"):
        read_relevance(tmp_path, "1")
