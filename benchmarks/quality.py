"""How well pictures alone are found: the figures of the README's table, each by the product's own search and metrics.

    python -m benchmarks.quality --data DIR [--encoder embedded] [--tasks titles,phrases,...] [--json FILE]

Tasks. Every collection holds ids and pictures only; words are used for judging.

* ``titles``: all fashion pictures; queries are the titles of one split, everything with that title is relevant.
* ``phrases``: the same pictures; colour + article type in lower case, and each alone, where at least 10 items fit.
* ``minus``: article type minus a colour, against the same phrase without the minus term (the baseline); relevant
  are items of the type and not of the colour, for types where the colour is at least a fifth.
* ``sportswear``: colour + last part of the category in lower case, where at least 5 items fit; and where any does.
* ``grocery``, ``clothing``: pictures of one split given to the nearest of 81 product names, of 17 labels.
* ``demo``: the phrases that come with the demo catalogue; each fits at least 5 items.
"""

import json
from argparse import ArgumentParser, Namespace
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.gallery import Row, add_arguments, build, rows
from shelfsight.catalog.demo import write_catalogue
from shelfsight.core.protocols import Encoder, Store
from shelfsight.core.settings import Settings
from shelfsight.core.types import Query
from shelfsight.evaluation import (
    ClassifyReport,
    EvaluationReport,
    Interval,
    JudgedQuery,
    classify,
    evaluate,
    load_queries,
)
from shelfsight.models import open_encoder
from shelfsight.search import Searcher

TASKS = ("titles", "phrases", "minus", "sportswear", "grocery", "clothing", "demo")
LABELS = {"grocery": ("grocery", "product", 0.65), "clothing": ("clothing/catalog.csv", "label", 0.75)}
KS = (1, 5, 10)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: a set of queries, the metric that counts, and what it must reach."""

    name: str
    queries: list[JudgedQuery]
    targets: dict[str, float | None]


def main(argv: Sequence[str] | None = None) -> None:
    arguments = _arguments(argv)
    encoder = open_encoder(arguments.encoder)
    results: dict[str, Any] = {}
    for task in arguments.tasks:
        if task in LABELS:
            results[task] = _classify(task, arguments, encoder).to_json()
            continue
        for figure, report in _run(task, arguments, encoder):
            _print(figure, report)
            results[figure.name] = report.to_json(worst=0)
    if arguments.json:
        document = {"encoder": encoder.spec.name, "revision": encoder.spec.revision, "split": arguments.split}
        arguments.json.write_text(json.dumps({**document, "figures": results}, indent=2) + "\n")


def _arguments(argv: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(description="Search quality on pictures alone.")
    add_arguments(parser)
    parser.add_argument("--split", choices=["validation", "test"], default="test", help="whose titles are asked")
    parser.add_argument("--tasks", type=lambda text: text.split(","), default=TASKS, help=f"of {','.join(TASKS)}")
    parser.add_argument("--json", type=Path, help="write all metrics with their intervals to this file")
    arguments = parser.parse_args(argv)
    if unknown := set(arguments.tasks) - set(TASKS):
        parser.error(f"unknown tasks: {', '.join(sorted(unknown))}")
    if arguments.data is None and set(arguments.tasks) != {"demo"}:
        parser.error("--data or SHELFSIGHT_DATA must name the folder of data sets")
    return arguments


def _run(task: str, arguments: Namespace, encoder: Encoder) -> Iterator[tuple[Figure, EvaluationReport]]:
    if task == "demo":
        path = write_catalogue(arguments.cache / "demo-catalogue")
        figures = [Figure("demo: phrases", load_queries(path.parent / "queries.jsonl"), {"precision@5": 0.85})]
        hidden: tuple[str, ...] = ()
    elif task == "sportswear":
        path, hidden = arguments.data / "sportswear" / "catalog.csv", ()
        figures = sportswear(rows(path))
    else:
        path = arguments.data / "fashion"
        items = rows(path)
        figures = _FASHION[task](items, arguments.split)
        # Choices made on validation must not be steered by test pictures, not even by their colours.
        hidden = tuple(row.id for row in items if arguments.split == "validation" and row.fields["split"] == "test")
    store = build(path, arguments.cache, encoder=encoder, kind=arguments.store)
    yield from ((figure, _measure(figure, store, encoder, hidden)) for figure in figures)
    store.close()


def _classify(task: str, arguments: Namespace, encoder: Encoder) -> ClassifyReport:
    place, label, target = LABELS[task]
    path, split = arguments.data / place, arguments.split
    store = build(path, arguments.cache, encoder=encoder, kind=arguments.store, split=split, label=label)
    report = classify(store, encoder, label)
    store.close()
    _print_line(
        f"{task}: {report.classes} {label}s of {split}",
        f"{report.items} items",
        "top-1",
        report.top1,
        report.interval,
        target,
    )
    return report


def _measure(figure: Figure, store: Store, encoder: Encoder, hidden: tuple[str, ...]) -> EvaluationReport:
    searcher = Searcher(encoder, store, Settings())

    def answer(queries: Sequence[Query]) -> list[list[tuple[str, float]]]:
        return searcher.rank([replace(query, exclude=hidden) for query in queries])

    queries = [_without(query, set(hidden)) for query in figure.queries] if hidden else figure.queries
    return evaluate(answer, queries, ks=KS, contains=store.snapshot().contains)


def _without(query: JudgedQuery, hidden: set[str]) -> JudgedQuery:
    return replace(query, relevant={id: grade for id, grade in query.relevant.items() if id not in hidden})


def titles(items: Iterable[Row], split: str) -> list[Figure]:
    same: dict[str, list[Row]] = defaultdict(list)
    for row in items:
        same[row.title or ""].append(row)
    asked = {title: found for title, found in same.items() if any(row.fields["split"] == split for row in found)}
    queries = [JudgedQuery(text=title, relevant={row.id: 1 for row in found}) for title, found in asked.items()]
    targets = {"recall@10": 0.40, "recall@1": 0.12, "mrr@10": 0.20, "ndcg@10": None}
    return [Figure(f"fashion: titles of {split}", queries, targets)]


def phrases(items: Iterable[Row], split: str) -> list[Figure]:
    judged = [row for row in items if split != "validation" or row.fields["split"] != "test"]
    kinds = {
        "colour + article type": (("colour", "article_type"), 0.65),
        "article type": (("article_type",), 0.85),
        "colour": (("colour",), 0.70),
    }
    return [
        Figure(f"fashion: {name}", _combinations(judged, fields, at_least=10), {"precision@10": target})
        for name, (fields, target) in kinds.items()
    ]


def minus(items: Iterable[Row], split: str) -> list[Figure]:
    by_type: dict[str, list[Row]] = defaultdict(list)
    for row in items:
        if split != "validation" or row.fields["split"] != "test":
            by_type[str(row.fields["article_type"])].append(row)
    plain, negated = [], []
    for kind, members in sorted(by_type.items()):
        colours = Counter(str(row.fields["colour"]) for row in members)
        for colour, count in sorted(colours.items()):
            if count < len(members) / 5 or len(members) - count < 10:
                continue
            relevant = {row.id: 1 for row in members if row.fields["colour"] != colour}
            plain.append(JudgedQuery(text=kind.lower(), relevant=relevant))
            negated.append(JudgedQuery(text=kind.lower(), negative=(colour.lower(),), relevant=relevant))
    return [
        Figure("fashion: article type, no minus (baseline)", plain, {"precision@10": None}),
        Figure("fashion: article type - colour", negated, {"precision@10": None}),
    ]


_FASHION: dict[str, Callable[[Iterable[Row], str], list[Figure]]] = {
    "titles": titles,
    "phrases": phrases,
    "minus": minus,
}


def sportswear(items: Iterable[Row]) -> list[Figure]:
    judged = [
        replace(row, fields={**row.fields, "last": str(row.fields["category"]).rsplit("/", 1)[-1]}) for row in items
    ]
    fields = ("colour", "last")
    return [
        Figure(
            "sportswear: colour + category, 5 items or more", _combinations(judged, fields, 5), {"precision@5": 0.60}
        ),
        Figure("sportswear: colour + category, any", _combinations(judged, fields, 1), {"precision@5": None}),
    ]


def _combinations(items: Iterable[Row], fields: Sequence[str], at_least: int) -> list[JudgedQuery]:
    """One query for each combination of values that enough items have; items without one of them are left out."""
    groups: dict[str, list[str]] = defaultdict(list)
    for row in items:
        values = [row.fields.get(field) for field in fields]
        if all(values):
            groups[" ".join(map(str, values)).lower()].append(row.id)
    return [
        JudgedQuery(text=text, relevant=dict.fromkeys(ids, 1))
        for text, ids in sorted(groups.items())
        if len(ids) >= at_least
    ]


def _print(figure: Figure, report: EvaluationReport) -> None:
    for metric, target in figure.targets.items():
        asked = f"{report.queries} queries"
        _print_line(figure.name, asked, metric, report.metrics[metric], report.intervals[metric], target)


def _print_line(name: str, asked: str, metric: str, value: float, interval: Interval, target: float | None) -> None:
    found = f"{value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
    verdict = "" if target is None else f"at least {target}: {'yes' if value >= target else 'NO'}"
    print(f"{name:<48} {asked:>13}  {metric:<13} {found:<22} {verdict}", flush=True)


if __name__ == "__main__":
    main()
