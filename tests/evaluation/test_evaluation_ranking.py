"""Reports over many queries."""

import json
from collections.abc import Iterable, Sequence

import pytest

from shelfsight.core.errors import UsageError
from shelfsight.core.types import Query
from shelfsight.evaluation import JudgedQuery, evaluate

COLLECTION = ["a", "b", "c", "d", "e"]


def contains(ids: Iterable[str]) -> set[str]:
    return set(ids) & set(COLLECTION)


def alphabetical(queries: Sequence[Query]) -> list[list[tuple[str, float]]]:
    """Answers every query with the collection in the order of ids, all scores equal."""
    return [[(id, 0.5) for id in COLLECTION[: query.k]] for query in queries]


def test_a_report_by_hand() -> None:
    queries = [
        JudgedQuery(text="first", relevant={"a": 1}, family="one"),
        JudgedQuery(text="third", relevant={"c": 1, "gone": 1}, family="one"),
        JudgedQuery(text="absent", relevant={"gone": 1, "lost": 1, "a": 0}, family="two"),
    ]
    report = evaluate(alphabetical, queries, ks=(3, 1), contains=contains)
    assert report.queries == 3
    assert report.absent == 2
    assert report.metrics == pytest.approx(
        {
            "recall@1": (1 + 0 + 0) / 3,
            "recall@3": (1 + 1 / 2 + 0) / 3,
            "precision@1": (1 + 0 + 0) / 3,
            "precision@3": (1 / 3 + 1 / 3 + 0) / 3,
            "mrr@1": (1 + 0 + 0) / 3,
            "mrr@3": (1 + 1 / 3 + 0) / 3,
            # third: 1/log2(4) = 0.5 of 1 + 1/log2(3) = 1.630930
            "ndcg@1": (1 + 0 + 0) / 3,
            "ndcg@3": (1 + 0.306574 + 0) / 3,
            "success@1": (1 + 0 + 0) / 3,
            "success@3": (1 + 1 + 0) / 3,
        },
        abs=1e-6,
    )
    assert report.families["one"]["recall@3"] == pytest.approx(0.75)
    assert report.families["two"]["recall@3"] == 0.0
    interval = report.intervals["recall@3"]
    assert 0 <= interval.low <= report.metrics["recall@3"] <= interval.high <= 1


def test_the_report_is_json() -> None:
    report = evaluate(alphabetical, [JudgedQuery(text="x", relevant={"b": 1})], ks=(10,), contains=contains)
    document = json.loads(json.dumps(report.to_json()))
    assert document["queries"] == 1
    assert document["absent"] == 0
    assert document["metrics"] == pytest.approx(
        {"recall@10": 1.0, "precision@10": 0.1, "mrr@10": 0.5, "ndcg@10": 0.630930, "success@10": 1.0}, abs=1e-6
    )
    assert document["intervals"]["mrr@10"] == [0.5, 0.5]
    assert document["seconds"] >= 0


def test_all_queries_are_asked_at_once_for_the_greatest_depth() -> None:
    asked: list[tuple[int, list[int]]] = []

    def answer(queries: Sequence[Query]) -> list[list[tuple[str, float]]]:
        asked.append((len(queries), [query.k for query in queries]))
        return alphabetical(queries)

    evaluate(answer, [JudgedQuery(text="x", relevant={"b": 1})] * 3, ks=(1, 4), contains=contains)
    assert asked == [(3, [4, 4, 4])]


def test_nothing_to_evaluate_is_refused() -> None:
    with pytest.raises(UsageError, match="nothing to evaluate"):
        evaluate(alphabetical, [], contains=contains)
    for ks in ((), (0,), (5, -1)):
        with pytest.raises(UsageError, match="k is"):
            evaluate(alphabetical, [JudgedQuery(text="x", relevant={"b": 1})], ks=ks, contains=contains)
