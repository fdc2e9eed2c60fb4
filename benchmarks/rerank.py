"""What a second look is worth: re-ranking, claims and sentences held against the catalogue, and what they cost.

    python -m benchmarks.rerank --data DIR [--vlm embedded] [--split test] [--tasks families,claims,...] [--json FILE]

The collection holds ids and pictures of one split of the fashion catalogue and nothing else, so the model must look.

* ``families``: judged queries of four families (:mod:`benchmarks.families`), the first stage on the unparsed text
  against the re-ranked order: nDCG@10 and precision@10 with paired intervals, orders changed, hits that break a
  negation among the first ten.
* ``claims``: kind, colour and wearer of every picture, a right and a wrong value each: area under the ROC curve; of the
  claims called yes, the share that is right, and the share of right claims that is called yes.
* ``sentences``: explained hits of the families' queries; those whose sentence asserts what the catalogue contradicts.
* ``speed``: re-ranking 50 candidates with features kept, and within 200 milliseconds.

``--fit --split validation --vlm FOLDER`` writes into the model's calibration what sentences may assert.
"""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.families import families
from benchmarks.gallery import Row, add_arguments, build, place, rows
from shelfsight.api.engine import Engine
from shelfsight.api.opening import open_engine
from shelfsight.core.protocols import Store
from shelfsight.core.questions import Subject, yes_no_question
from shelfsight.core.types import Claim, Hit
from shelfsight.core.vision import Calibrated, Reusable
from shelfsight.evaluation import EvaluationReport, JudgedQuery, compare
from shelfsight.models import open_encoder
from shelfsight.models.vlms.calibration import read_calibration, write_calibration
from shelfsight.stores import open_store
from shelfsight.training.vlm.validate import area_under_curve

TASKS = ("families", "claims", "sentences", "speed")
_DEPTH = 50
_EXPLAINED = 1000
_SURE = 0.985
"""Of the claims that sentences assert, so many are right on validation."""
_SURE_FEWEST = 30
_SPEED_QUERIES = 60
_FIELDS: dict[str, tuple[Subject, str, float]] = {
    "kind": ("kind", "article_type", 0.97),
    "colour": ("attribute", "colour", 0.92),
    "wearer": ("wearer", "gender", 0.80),
}


@dataclass(frozen=True)
class Bench:
    """An engine over one split, what the catalogue says of its items, and the queries.

    ``violating``: text -> ids of items that have what the query excludes.
    """

    engine: Engine
    store: Store
    known: dict[str, Row]
    queries: list[JudgedQuery]
    violating: Mapping[str, frozenset[str]]


def main(argv: Sequence[str] | None = None) -> None:
    arguments = _arguments(argv)
    path = arguments.data / "fashion"
    encoder = open_encoder(arguments.encoder)
    build(path, arguments.cache, encoder=encoder, kind=arguments.store, split=arguments.split).close()
    folder = place(path, arguments.cache, encoder=encoder, kind=arguments.store, split=arguments.split)
    known = {row.id: row for row in rows(path) if row.fields["split"] == arguments.split}
    asked = families([row.plain() for row in known.values()], seed=arguments.seed, most=arguments.queries)
    with open_engine(folder, vlm=arguments.vlm) as engine, closing(open_store(folder)) as store:
        engine.add_notes(features=True)
        queries = [query for family in asked.values() for query in family.queries]
        bench = Bench(engine, store, known, queries, asked["negations"].violating)
        if arguments.fit:
            fit_sure(bench, Path(arguments.vlm))
            return
        results = {task: _TASKS[task](bench) for task in arguments.tasks}
    if arguments.json:
        arguments.json.write_text(
            json.dumps({"vlm": arguments.vlm, "split": arguments.split, **results}, indent=2) + "\n"
        )


def _arguments(argv: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(description="What re-ranking and explaining are worth.")
    add_arguments(parser)
    parser.add_argument("--vlm", default="embedded", help="model that looks (default: %(default)s)")
    parser.add_argument("--split", choices=["validation", "test"], default="test")
    parser.add_argument("--queries", type=int, default=150, help="a family at most (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of queries (default: %(default)s)")
    parser.add_argument("--tasks", type=lambda text: text.split(","), default=TASKS, help=f"of {','.join(TASKS)}")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument(
        "--fit", action="store_true", help="fit what sentences may assert; with --split validation only"
    )
    arguments = parser.parse_args(argv)
    if unknown := set(arguments.tasks) - set(TASKS):
        parser.error(f"unknown tasks: {', '.join(sorted(unknown))}")
    if arguments.fit and arguments.split != "validation":
        parser.error("--fit is for --split validation")
    if arguments.data is None:
        parser.error("--data or SHELFSIGHT_DATA must name the folder of data sets")
    return arguments


def measure_families(bench: Bench) -> dict[str, Any]:
    """The first stage against the re-ranked order."""
    queries = bench.queries
    first = bench.engine.evaluate(queries, ks=(10,))
    second = bench.engine.evaluate(queries, ks=(10,), rerank=True, depth=_DEPTH)
    result: dict[str, Any] = {}
    for family, differences in compare(second, first).families.items():
        ndcg, precision = differences["ndcg@10"], differences["precision@10"]
        places = [place for place, query in enumerate(queries) if query.family == family]
        changed = float(np.mean([first.rankings[n] != second.rankings[n] for n in places]))
        broken = [_broken(bench, places, report) for report in (first, second)]
        result[family] = {
            "queries": len(places),
            "ndcg@10": ndcg.to_json(),
            "precision@10": precision.to_json(),
            "changed": changed,
            "broken": broken,
        }
        low, high = ndcg.interval.low, ndcg.interval.high
        print(
            f"{family:12} {len(places):4} queries  nDCG@10 {ndcg.b:.3f} -> {ndcg.a:.3f} "
            f"({ndcg.difference:+.3f} [{low:+.3f}, {high:+.3f}])  P@10 {precision.b:.3f} -> {precision.a:.3f}  "
            f"changed {changed:.0%}" + (f"  breaking {broken[0]:.3f} -> {broken[1]:.3f}" if any(broken) else "")
        )
    return result


def _broken(bench: Bench, places: Iterable[int], report: EvaluationReport) -> float:
    """Share of the first ten hits that show what the query excludes."""
    excluded = [bench.violating.get(bench.queries[n].text or "", frozenset()) for n in places]
    found = [report.rankings[n] for n in places]
    return float(np.mean([len(ids & set(hits)) / max(1, len(hits)) for ids, hits in zip(excluded, found, strict=True)]))


def measure_claims(bench: Bench) -> dict[str, Any]:
    """Verdicts from pixels alone against the catalogue."""
    random = np.random.default_rng(3)
    ids = sorted(bench.known)
    result: dict[str, Any] = {}
    for name, (subject, field, target) in _FIELDS.items():
        said = {id: str(bench.known[id].fields[field] or "").lower() for id in ids}
        usable = [id for id in ids if said[id] not in ("", "na", "unisex")]
        wrong = [_another([said[each] for each in usable], said[id], random) for id in usable]
        terms = [(id, said[id], True) for id in usable] + [
            (id, value, False) for id, value in zip(usable, wrong, strict=True)
        ]
        result[name] = _claims(bench, subject, terms) | {"target": target}
        print(f"claims: {name:7} {json.dumps(result[name])}")
    return result


def _claims(bench: Bench, subject: Subject, terms: Sequence[tuple[str, str, bool]]) -> dict[str, float]:
    vlm = bench.engine.vlm
    assert isinstance(vlm, Reusable)
    assert isinstance(vlm, Calibrated)
    kept = bench.store.notes.features(vlm.features_version, [(id, 0) for id, _, _ in terms])
    raw = vlm.score_features([(kept[id, 0], yes_no_question(subject, term)) for id, term, _ in terms])
    scale = vlm.calibration.scale(subject)
    probability = np.array([scale.probability(p) for p in raw])
    truth = np.array([right for _, _, right in terms])
    yes, no = probability >= scale.yes_from, probability < scale.no_below
    return {
        "claims": len(terms),
        "auc": round(area_under_curve(probability, truth), 4),
        "yes_right": round(float(truth[yes].mean()), 4),
        "right_called_yes": round(float(yes[truth].mean()), 4),
        "no_right": round(float((~truth[no]).mean()), 4),
        "decided": round(float((yes | no).mean()), 4),
        "yes_right_at_60": round(_precision_at(probability, truth, 0.6), 4),
        "calibration_error": round(_calibration_error(probability, truth), 4),
    }


def _precision_at(probability: np.ndarray, truth: np.ndarray, share: float) -> float:
    """The share of right ones among the surest claims that hold ``share`` of all right ones."""
    order = np.argsort(-probability, kind="stable")
    found = np.cumsum(truth[order])
    count = int(np.searchsorted(found, share * truth.sum())) + 1
    return float(found[count - 1] / count)


def _calibration_error(probability: np.ndarray, truth: np.ndarray) -> float:
    """Mean distance of probability and share of right ones over ten bins, weighted by their size."""
    bins = np.minimum((probability * 10).astype(int), 9)
    gaps = [abs(probability[bins == n].mean() - truth[bins == n].mean()) * (bins == n).sum() for n in set(bins)]
    return float(sum(gaps) / len(truth))


def _another(pool: Sequence[str], own: str, random: np.random.Generator) -> str:
    while (value := pool[int(random.integers(len(pool)))]) == own:
        pass
    return value


def measure_sentences(bench: Bench) -> dict[str, Any]:
    """Explained hits of re-ranked searches whose sentence asserts what the catalogue contradicts."""
    hits = contradicted = asserted = wrong = 0
    of_verdicts: list[bool] = []
    for hit in _explained(bench):
        agreed = [claim for claim in hit.explanation.claims if claim.verdict == "yes"] if hit.explanation else []
        told = [_contradicts(claim, hit, bench.known) for claim in agreed]
        of_verdicts += [not verdict for verdict in told if verdict is not None]
        verdicts = [_contradicts(claim, hit, bench.known) for claim in _asserted(hit)]
        judged = [verdict for verdict in verdicts if verdict is not None]
        hits += 1
        asserted, wrong = asserted + len(judged), wrong + sum(judged)
        contradicted += any(judged)
    result = {"hits": hits, "contradicted": contradicted, "share": contradicted / max(1, hits)}
    result |= {"asserted_claims": asserted, "wrong_claims": wrong}
    result |= {"yes_claims": len(of_verdicts), "yes_right": round(float(np.mean(of_verdicts)), 4)}
    print(f"sentences: {json.dumps(result)}")
    return result


def _explained(bench: Bench) -> Iterator[Hit]:
    """Explained hits of re-ranked searches, query by query, until there are enough."""
    count = 0
    for query in _shuffled(bench.queries):
        page = bench.engine.search(query.text, k=10, rerank=True, explain=10)
        explained = [hit for hit in page.hits if hit.explanation is not None]
        yield from explained
        count += len(explained)
        if count >= _EXPLAINED:
            return


def fit_sure(bench: Bench, folder: Path) -> None:
    """Write into the model's folder from which probability on a sentence may assert a claim: so that, of the claims
    on hits that searches of the validation split found, and the catalogue speaks of, enough are right."""
    odds: dict[str, list[tuple[float, bool]]] = {"kind": [], "attribute": []}
    for hit in _explained(bench):
        for claim in hit.explanation.claims if hit.explanation else ():
            wrong = _contradicts(claim, hit, bench.known)
            if wrong is not None and claim.kind in odds:
                odds[claim.kind].append((claim.probability, not wrong))
    bounds = {kind: _sure_bound(np.array(said)) for kind, said in odds.items()}
    print(f"sure from: {json.dumps(bounds)}")
    known = read_calibration(folder)
    of: dict[Subject, float] = {"attribute": bounds["attribute"], "wearer": bounds["attribute"]}
    scales = {name: replace(each, sure_from=of.get(name, bounds["kind"])) for name, each in known.scales.items()}
    write_calibration(folder, replace(known, scales=scales))


def _sure_bound(said: np.ndarray) -> float:
    """``float [n, 2]`` of probability and whether it is right: the least bound above which enough are."""
    order = np.argsort(-said[:, 0], kind="stable")
    right = np.cumsum(said[order, 1]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero((right >= _SURE) & (np.arange(len(order)) >= _SURE_FEWEST))
    return round(float(said[order[enough[-1]], 0]), 4) if len(enough) else 1.0


def _asserted(hit: Hit) -> list[Claim]:
    if hit.explanation is None:
        return []
    return [claim for claim in hit.explanation.claims if claim.verdict == "yes" and not claim.likely]


def _contradicts(claim: Claim, hit: Hit, known: Mapping[str, Row]) -> bool | None:
    """Whether the catalogue says otherwise; None where it does not speak of it."""
    fields = known[hit.id].fields
    term, negated = claim.atom.removeprefix("not ").lower(), claim.atom.startswith("not ")
    for field in ("article_type", "colour", "gender"):
        values = {str(row.fields[field] or "") for row in known.values()}
        meant = {value for value in values if term in _names(value)}
        if meant:
            return None if fields[field] in ("", "NA", "Unisex") else (fields[field] in meant) == negated
    return None


def _names(value: str) -> set[str]:
    """How a query may write a value: ``t-shirt``, ``t-shirts`` and ``tshirts`` for ``Tshirts``."""
    plain = value.lower()
    forms = {plain, plain.replace("tshirt", "t-shirt"), plain.split(" and ")[0]}
    return forms | {f"{form}s" for form in forms} | {form.removesuffix("s") for form in forms}


def measure_speed(bench: Bench) -> dict[str, Any]:
    """Re-ranking with features kept: 50 candidates without a bound, and with 200 milliseconds."""
    queries = _shuffled(bench.queries)[:_SPEED_QUERIES]
    bench.engine.search(queries[0].text, rerank=True, depth=_DEPTH)
    whole = [_timed(bench.engine, query, None) for query in queries]
    bound = [_timed(bench.engine, query, 200.0) for query in queries]
    result = {
        "p50_ms": _percentile([took for took, _ in whole], 50),
        "p95_ms": _percentile([took for took, _ in whole], 95),
        "budget_p95_ms": _percentile([took for took, _ in bound], 95),
        "budget_least_scored": min(scored for _, scored in bound),
    }
    print(f"speed: {json.dumps(result)}")
    return result


def _timed(engine: Engine, query: JudgedQuery, budget: float | None) -> tuple[float, int]:
    start = perf_counter()
    page = engine.search(query.text, rerank=True, depth=_DEPTH, budget_ms=budget)
    return (perf_counter() - start) * 1000, page.stages[0].scored


def _percentile(values: Sequence[float], percent: float) -> float:
    return round(float(np.percentile(values, percent)), 1)


def _shuffled(queries: Sequence[JudgedQuery]) -> list[JudgedQuery]:
    return [queries[n] for n in np.random.default_rng(4).permutation(len(queries))]


_TASKS: dict[str, Callable[[Bench], dict[str, Any]]] = {
    "families": measure_families,
    "claims": measure_claims,
    "sentences": measure_sentences,
    "speed": measure_speed,
}


if __name__ == "__main__":
    main()
