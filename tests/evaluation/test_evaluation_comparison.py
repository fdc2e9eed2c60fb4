"""Two reports held against each other."""

import json
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pytest

from shelfsight.core.errors import UsageError
from shelfsight.core.types import Query
from shelfsight.evaluation import (
    ClassifyReport,
    ClassScore,
    Comparison,
    EvaluationReport,
    Guess,
    Interval,
    JudgedQuery,
    compare,
    evaluate,
)

Places = Callable[[int], int]


def everything(ids: Iterable[str]) -> set[str]:
    return set(ids)


def report_of(
    places: Sequence[int], *, families: Sequence[str | None] = (), ks: Sequence[int] = (1, 5)
) -> EvaluationReport:
    """Query i has one relevant item, found at ``places[i]`` (from 1), or not at all where that is 0."""
    named = list(families) or [None] * len(places)
    queries = [
        JudgedQuery(text=f"query {i}", relevant={f"right-{i}": 1}, family=family) for i, family in enumerate(named)
    ]

    def answer(asked: Sequence[Query]) -> list[list[tuple[str, float]]]:
        answers = []
        for i, query in enumerate(asked):
            hits = [f"wrong-{rank}" for rank in range(1, query.k + 1)]
            if 0 < places[i] <= query.k:
                hits[places[i] - 1] = f"right-{i}"
            answers.append([(id, 0.0) for id in hits])
        return answers

    return evaluate(answer, queries, ks=ks, contains=everything)


def test_a_comparison_by_hand() -> None:
    comparison = compare(report_of([1, 1, 2, 1]), report_of([2, 1, 1, 0]))
    found = comparison.metrics["recall@1"]  # A: 1 1 0 1, B: 0 1 1 0
    assert (found.a, found.b, found.difference) == (0.75, 0.5, 0.25)
    assert (found.wins, found.ties, found.losses) == (2, 1, 1)
    assert found.p == 1.0  # of + + - every one of the eight patterns has |sum| >= 1
    found = comparison.metrics["recall@5"]  # only the last differs
    assert (found.difference, found.p, found.better) == (0.25, 1.0, None)
    assert found.interval.low <= 0.25 <= found.interval.high
    assert comparison.verdicts["recall@5"].startswith("no significant difference on recall@5: A - B is 0.250 [")


def test_a_known_difference_is_told_in_plain_words() -> None:
    better, worse = report_of([1] * 30), report_of([1] * 10 + [0] * 20)
    forward = compare(better, worse).metrics["recall@5"]
    assert forward.difference == pytest.approx(20 / 30)
    # 20 differences, all on one side: of 2**20 patterns two are as far, fewer than are drawn
    assert forward.p == 1 / 10_000
    assert forward.p_holm == pytest.approx(10 / 10_000)  # five metrics at two depths
    assert forward.better == "A"
    backward = compare(worse, better)
    told = backward.verdicts["recall@5"]
    low, high = forward.interval.low, forward.interval.high
    assert told == f"B is better on recall@5 by 0.667 [{low:.3f}, {high:.3f}], p = 0.001"


def test_the_same_report_on_both_sides_is_all_ties() -> None:
    report = report_of([1, 0, 3], families=["x", "y", "y"])
    comparison = compare(report, report)
    for each in (*comparison.metrics.values(), *comparison.families["x"].values()):
        assert (each.difference, each.p, each.p_holm, each.better) == (0.0, 1.0, 1.0, None)
        assert (each.wins, each.losses) == (0, 0)
    assert comparison.metrics["recall@1"].ties == 3
    assert comparison.families["x"]["recall@1"].ties == 1
    assert comparison.extremes(10) == ([], [])


def test_one_query_proves_nothing() -> None:
    found = compare(report_of([1]), report_of([0])).metrics["recall@5"]
    assert (found.difference, found.p, found.better) == (1.0, 1.0, None)


def test_families_are_corrected_over_all_of_their_tests() -> None:
    families = ["many"] * 12 + ["one"]
    comparison = compare(report_of([1] * 13, families=families), report_of([0] * 12 + [1], families=families))
    many = comparison.families["many"]["ndcg@5"]
    assert many.p == 2 / 2**12
    assert many.p_holm == pytest.approx(2 / 2**12 * 20)  # two families of ten metrics; ten are equal and least
    assert comparison.families["one"]["ndcg@5"].p == 1.0


def test_many_families_do_not_hide_a_difference_however_large() -> None:
    # 20 questions a family, all won: 2 of 2**20 patterns are as far, and the least p of 9,999 drawn ones is 1/10,000
    families = [f"family {number}" for number in range(60) for _ in range(20)]
    comparison = compare(report_of([1] * 1200, families=families), report_of([0] * 1200, families=families))
    found = [each for metrics in comparison.families.values() for each in metrics.values()]
    assert len(found) / 10_000 > 0.05  # 600 tests
    assert {(each.p < 0.05 / 600, each.better) for each in found} == {(True, "A")}


def test_extremes_are_the_worst_losses_and_the_best_wins() -> None:
    #             +        --       =        -        ++
    a, b = report_of([1, 0, 1, 2, 1]), report_of([2, 1, 1, 1, 0])
    comparison = compare(a, b)
    assert comparison.extremes(10) == ([1, 3], [4, 0])
    assert comparison.extremes(3) == ([1, 3], [4])
    assert comparison.extremes(1) == ([1], [])
    assert comparison.extremes(0) == ([], [])
    lopsided = compare(report_of([0, 0, 0, 1]), report_of([1, 2, 3, 2]))
    assert lopsided.extremes(4) == ([0, 1, 2], [3])  # what wins leave free, losses fill


def test_the_document_is_json_and_a_s_report_is_where_it_was() -> None:
    a, b = report_of([1, 2], families=["x", "x"]), report_of([2, 2], families=["x", "x"])
    comparison = compare(a, b)
    document = json.loads(json.dumps(comparison.to_json(worst=1)))
    assert {key: document[key] for key in ("queries", "absent", "metrics")} == {
        "queries": 2,
        "absent": 0,
        "metrics": dict(a.metrics),
    }
    assert document["against"]["metrics"] == dict(b.metrics)
    assert document["comparison"]["metrics"]["recall@1"]["difference"] == 0.5
    assert document["comparison"]["families"]["x"]["recall@1"]["wins"] == 1
    assert set(document["comparison"]["verdicts"]) == {
        "recall@1", "recall@5", "precision@5", "mrr@5", "ndcg@5",
    }  # fmt: skip
    assert (document["comparison"]["correction"], document["comparison"]["tests"]) == ("holm", 10)
    assert [row["query"] for row in document["worst"]] == ["query 1"]
    first = next(iter(comparison.rows()))
    assert first["ranking"][0] == "right-0"
    assert first["against"]["ranking"][1] == "right-0"
    assert first["metrics"]["mrr@5"] == 1.0
    assert first["against"]["metrics"]["mrr@5"] == 0.5


def test_reports_about_other_things_are_refused() -> None:
    report = report_of([1, 2])
    for other in (report_of([1]), report_of([1, 2], ks=(1,)), report_of([1, 2], families=["x", "x"])):
        with pytest.raises(UsageError, match="same queries and depths"):
            compare(report, other)
    with pytest.raises(UsageError, match="cannot be compared"):
        compare(report, guesses_of({"a": "xx"}))  # type: ignore[call-overload]


def test_without_a_difference_few_comparisons_call_one() -> None:
    """Holm's promise: on two equal systems all ten metrics together raise an alarm at most one time in twenty."""
    random = np.random.default_rng(11)
    alarms = 0
    for _ in range(60):
        places = random.integers(0, 8, size=(2, 25))
        comparison: Comparison = compare(report_of(list(places[0])), report_of(list(places[1])))
        alarms += any(each.better is not None for each in comparison.metrics.values())
    assert alarms <= 8  # of 60 at 5 %: more than that once in a hundred times


def guesses_of(pairs: dict[str, str], field: str = "kind") -> ClassifyReport:
    """``{"id": "xy"}``: an item whose value is x and was taken for y."""
    guesses = {id: Guess(pair[0], pair[1]) for id, pair in pairs.items()}
    right = float(np.mean([guess.right for guess in guesses.values()]))
    return ClassifyReport(
        field=field,
        classes=2,
        items=len(guesses),
        skipped=0,
        top1=right,
        interval=Interval(right, right),
        per_class={"x": ClassScore(len(guesses), right)},
        guesses=guesses,
    )


def test_guesses_are_compared_on_what_both_have() -> None:
    a = guesses_of({"1": "xx", "2": "xx", "3": "yy", "4": "xy", "only-a": "xy", "moved": "xx"})
    b = guesses_of({"1": "xx", "2": "xy", "3": "yx", "4": "xx", "moved": "yy", "only-b": "yy"})
    comparison = compare(a, b)
    assert (comparison.common, comparison.only_a, comparison.only_b) == (("1", "2", "3", "4"), 2, 2)
    top1 = comparison.top1
    assert (top1.a, top1.b, top1.difference) == (0.75, 0.5, 0.25)
    assert (top1.wins, top1.ties, top1.losses, top1.p) == (2, 1, 1, 1.0)
    assert comparison.extremes() == (["4"], ["2", "3"])
    document = json.loads(json.dumps(comparison.to_json()))
    assert (document["top1"], document["against"]["top1"]) == (a.top1, b.top1)
    assert document["comparison"]["top1"]["difference"] == 0.25
    rows = {row["id"]: row for row in comparison.rows()}
    assert rows["2"] == {
        "id": "2", "value": "x", "guess": "x", "right": True, "against": {"guess": "y", "right": False},
    }  # fmt: skip
    assert rows["only-a"]["against"] is None


def test_a_better_classifier_is_told() -> None:
    a = guesses_of({str(i): "xx" for i in range(20)})
    b = guesses_of({str(i): "xx" if i < 12 else "xy" for i in range(20)})
    assert compare(a, b).top1.p == 2 / 2**8
    assert compare(b, a).verdicts["top-1"].startswith("B is better on top-1 by 0.400 [")
    assert compare(b, a).verdicts["top-1"].endswith("p = 0.008")


def test_guesses_with_nothing_in_common_are_refused() -> None:
    with pytest.raises(UsageError, match="no item is in both"):
        compare(guesses_of({"1": "xx"}), guesses_of({"2": "xx"}))
    with pytest.raises(UsageError, match="different fields"):
        compare(guesses_of({"1": "xx"}), guesses_of({"1": "xx"}, field="colour"))


def test_confusions_are_counted_by_pair() -> None:
    report = guesses_of({"1": "xy", "2": "xy", "3": "yx", "4": "xx", "5": "ax"})
    assert report.confusions() == [("x", "y", ["1", "2"]), ("a", "x", ["5"]), ("y", "x", ["3"])]


def test_families_have_counts_and_intervals_and_the_worst_come_first() -> None:
    report = report_of([1, 0, 2, 0], families=["x", "x", "x", "y"])
    assert report.family_queries == {"x": 3, "y": 1}
    assert report.families["x"]["recall@5"] == pytest.approx(2 / 3)
    inside = report.family_intervals["x"]["recall@5"]
    assert 0 <= inside.low < 2 / 3 < inside.high <= 1
    assert report.family_intervals["y"]["recall@5"] == Interval(0, 0)
    assert report.worst(3) == [1, 3, 2]
    document = report.to_json(worst=2)
    assert document["family_queries"] == {"x": 3, "y": 1}
    assert document["worst"][1] == {
        "query": "query 3", "family": "y", "metric": "ndcg@5", "value": 0.0, "relevant": 1, "found": 0,
    }  # fmt: skip
