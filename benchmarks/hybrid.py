"""Words and vectors together against either alone: nDCG@10 and recall@10 by family of queries.

    python -m benchmarks.hybrid --data DIR [--split validation|test] [--fit] [--queries 150] [--json FILE]

The queries and shelves are those of :mod:`benchmarks.hybrid_queries`. Each query is asked four ways of the same
collection: by ``vector``, by ``words`` (items without any come last), by reciprocal rank fusion (``rrf``; names first
and what is excluded last as in the product), and as the product fuses (``hybrid``). All of them look up what is left of
a sentence, as the product does; of mistyped words the encoder reads what the index took them for, but by ``vector``
alone, which knows of no index. ``--fit`` looks on the validation split for the weights of the last, coordinate by
coordinate, with the greatest mean nDCG@10 over shelves and families, and prints them beside rrf's figure: the better
goes into ``shelfsight/search/hybrid/fusion.py``. Without it the figures of a split are printed: those of ``test`` are
the ones to report. The embedded encoder was trained on pictures of the train split only.
"""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.gallery import Row, add_arguments, build, rows
from benchmarks.hybrid_queries import SHELVES, Shelf, fashion_queries, sportswear_queries
from shelfsight.core.atoms import Atom
from shelfsight.core.protocols import Change, Encoder, Store
from shelfsight.core.settings import Settings
from shelfsight.core.types import Query
from shelfsight.evaluation import EvaluationReport, JudgedQuery, compare, evaluate
from shelfsight.models import open_encoder
from shelfsight.search.embedding import QueryEmbedder
from shelfsight.search.hybrid import spelt
from shelfsight.search.hybrid.fusion import FUSION, WordFusion, reciprocal_ranks
from shelfsight.search.hybrid.pool import Pool, pool
from shelfsight.search.planning import plan_of
from shelfsight.search.vectors import vectors_of
from shelfsight.stores import create_store

_STEPS = {
    "share": (0.0, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0),
    "part": (0.0, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0),
    "score": (0.0, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0),
    "silent": (0.0, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 16.0, 20.0, 24.0, 32.0, 40.0),
}
_ROUNDS = 3
_BATCH = 256


@dataclass(frozen=True, slots=True)
class Asked:
    """One query on one shelf, what both ways found of it, and the ids of the ten nearest to it as it was typed."""

    shelf: str
    query: JudgedQuery
    pool: Pool
    nearest: list[str]


Arm = Callable[[Asked], list[str]]


def main(argv: Sequence[str] | None = None) -> None:
    arguments = _arguments(argv)
    encoder = open_encoder(arguments.encoder)
    asked = list(_asked(arguments, encoder))
    if arguments.fit:
        _fit(asked)
        return
    document = {}
    for shelf in dict.fromkeys(each.shelf for each in asked):
        part = [each for each in asked if each.shelf == shelf]
        reports = {name: _report(part, arm) for name, arm in _ARMS.items()}
        _print(shelf, reports)
        document[shelf] = {name: report.to_json(worst=0) for name, report in reports.items()}
        for other in ("vector", "words", "rrf"):
            comparison = compare(reports["hybrid"], reports[other])
            document[shelf][f"hybrid - {other}"] = comparison.to_json(worst=0)["comparison"]
    if arguments.json:
        arguments.json.write_text(json.dumps({"split": arguments.split, "shelves": document}, indent=2) + "\n")


def _arguments(argv: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(description="Hybrid search against words alone and vectors alone.")
    add_arguments(parser)
    parser.add_argument("--split", choices=["validation", "test"], default="test", help="default: %(default)s")
    parser.add_argument("--fit", action="store_true", help="look for weights on the validation split")
    parser.add_argument("--queries", type=int, default=150, help="a family at most (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="write all figures with their intervals to this file")
    arguments = parser.parse_args(argv)
    if arguments.data is None:
        print("no --data and no SHELFSIGHT_DATA: nothing to measure with", file=sys.stderr)
        raise SystemExit(0)
    if arguments.fit:
        arguments.split = "validation"
    return arguments


def _asked(arguments: Namespace, encoder: Encoder) -> Iterator[Asked]:
    seed = 1 if arguments.split == "validation" else 2
    split = arguments.split
    path = arguments.data / "fashion"
    known = [row for row in rows(path) if row.fields["split"] == split]
    queries = fashion_queries(known, seed=seed, most=arguments.queries)
    with closing(build(path, arguments.cache, encoder=encoder, kind="exact", split=split)) as pictures:
        for shelf in SHELVES:
            yield from _on_shelf(f"fashion, {shelf.name}", shelf, known, queries, pictures, encoder)
    path = arguments.data / "sportswear" / "catalog.csv"
    known = rows(path)
    queries = sportswear_queries(known, split, seed=seed)
    with closing(build(path, arguments.cache, encoder=encoder, kind="exact")) as pictures:
        yield from _on_shelf("sportswear", SHELVES[0], known, queries, pictures, encoder)


def _on_shelf(
    name: str, shelf: Shelf, known: Sequence[Row], queries: Sequence[JudgedQuery], pictures: Store, encoder: Encoder
) -> Iterator[Asked]:
    with (
        TemporaryDirectory() as folder,
        closing(create_store(Path(folder) / "c", kind="exact", encoder=encoder.spec)) as store,
    ):
        _fill(store, shelf, known, pictures)
        snapshot, settings = store.snapshot(), Settings()
        embedder = QueryEmbedder(encoder, settings)
        for start in range(0, len(queries), _BATCH):
            batch = queries[start : start + _BATCH]
            plans = [plan_of(_query(each), settings.search, _whole) for each in batch]
            read = [spelt(plan, snapshot) for plan in plans]
            vectors = zip(vectors_of(plans, embedder), vectors_of(read, embedder), strict=True)
            for query, plan, (typed, vector) in zip(batch, read, vectors, strict=True):
                near = snapshot.search(typed[np.newaxis], 10, where=plan.where, exclude=plan.query.exclude)[0]
                yield Asked(name, query, pool(snapshot, plan, vector, 10), [match.id for match in near])


def _whole(_: str) -> tuple[Atom, ...]:
    """Nothing is re-ranked here, so no query is taken apart."""
    return ()


def _query(judged: JudgedQuery) -> Query:
    return replace(judged.ask(10), mode="hybrid")


def _fill(store: Store, shelf: Shelf, known: Sequence[Row], pictures: Store) -> None:
    """The items of ``pictures`` with their words."""
    snapshot = pictures.snapshot()
    stored = snapshot.items([row.id for row in known])
    changes = []
    for row in known:
        if row.id in stored:
            title, metadata = shelf.words(row)
            item = replace(stored[row.id], title=title, metadata=metadata)
            changes.append(Change(item=item, vectors=snapshot.vectors(row.id)))
    for start in range(0, len(changes), 500):
        store.commit(changes[start : start + 500])


def _report(asked: Sequence[Asked], arm: Arm) -> EvaluationReport:
    rankings = [[(id, 0.0) for id in arm(each)[:10]] for each in asked]
    return evaluate(lambda _: rankings, [each.query for each in asked], ks=(10,), contains=lambda ids: set(ids))


def _ranked(found: Pool, order: Sequence[float]) -> list[str]:
    ids = [match.id for match in found.matches]
    return [ids[i] for i in sorted(range(len(ids)), key=lambda i: (-order[i], ids[i]))]


def _by_vector(asked: Asked) -> list[str]:
    return asked.nearest


def _by_words(asked: Asked) -> list[str]:
    found = asked.pool
    ids = sorted(found.word_ranks, key=found.word_ranks.__getitem__)
    return [*ids, *(match.id for match in found.matches if match.id not in found.word_ranks)]


def _by_ranks(asked: Asked) -> list[str]:
    found = asked.pool
    ids = [match.id for match in found.matches]
    vector, words = ([ranks.get(id) for id in ids] for ranks in (found.vector_ranks, found.word_ranks))
    return _ranked(found, found.arranged(reciprocal_ranks(vector, words)))


def _fused(fusion: WordFusion) -> Arm:
    return lambda asked: _ranked(asked.pool, asked.pool.arranged(fusion.order(asked.pool.readings)))


_ARMS: dict[str, Arm] = {"vector": _by_vector, "words": _by_words, "rrf": _by_ranks, "hybrid": _fused(FUSION)}


def _fit(asked: Sequence[Asked]) -> None:
    best = FUSION
    reached = _figure(asked, _fused(best))
    for _ in range(_ROUNDS):
        before = best
        for name, steps in _STEPS.items():
            for step in steps:
                tried = WordFusion(**{**asdict(best), name: step})
                figure = _figure(asked, _fused(tried))
                if figure > reached + 1e-6:
                    best, reached = tried, figure
        if best == before:
            break
    for name, arm in _ARMS.items():
        print(f"{name:10} {_figure(asked, arm):.4f}")
    print(f"fitted     {reached:.4f}  {best}")


def _figure(asked: Sequence[Asked], arm: Arm) -> float:
    """Mean nDCG@10 over shelves and families."""
    groups: dict[tuple[str, str | None], list[float]] = {}
    for each in asked:
        groups.setdefault((each.shelf, each.query.family), []).append(_ndcg(each, arm))
    return float(np.mean([np.mean(values) for values in groups.values()]))


def _ndcg(each: Asked, arm: Arm) -> float:
    gains = np.array([id in each.query.wanted for id in arm(each)[:10]], np.float64)
    ideal = (1 / np.log2(np.arange(2, min(10, len(each.query.wanted)) + 2))).sum()
    return float((gains / np.log2(np.arange(2, len(gains) + 2))).sum() / ideal)


def _print(shelf: str, reports: dict[str, EvaluationReport]) -> None:
    print(f"\n{shelf}: nDCG@10 (recall@10)\n{'':12}" + "".join(f"{name:>22}" for name in reports))
    first = next(iter(reports.values()))
    for family in first.families:
        cells = (report.families[family] for report in reports.values())
        line = "".join(f"{each['ndcg@10']:15.3f} ({each['recall@10']:.2f})" for each in cells)
        print(f"{family:12}{line}   {first.family_queries[family]} queries")
    for metric in ("ndcg@10", "recall@10"):
        spans = ((each.metrics[metric], each.intervals[metric]) for each in reports.values())
        print(
            f"{metric:12}" + "".join(f" {mean:.3f} [{span.low:.2f},{span.high:.2f}]".rjust(22) for mean, span in spans)
        )


if __name__ == "__main__":
    main()
