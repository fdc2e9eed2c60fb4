"""What the embedded encoder's probabilities of relevance are worth, and how often "nothing matches" is right.

    python -m benchmarks.relevance --data DIR fit    # on validation pictures: writes relevance.json beside the weights
    python -m benchmarks.relevance --data DIR test   # on test pictures, and on sportswear, which nothing was fitted on

Collections hold ids and pictures only. What is asked is in :mod:`benchmarks.asked` and :mod:`benchmarks.absent`; absent
things asked for on validation and on test have no word in common. ``test`` prints

* calibration: over the first 10 and 50 hits of the queries that have an answer, the mean probability, the share that is
  relevant, and the calibration error (mean distance of the two in ten bins of probability);
* the cutoff: precision and recall of hits at the suggested ``min_relevance``;
* nothing matches: area under the ROC curve of the best hit's probability, queries with an answer against those without;
  of the first, the share that is wrongly told so; of the second, the share that is rightly told.
"""

import json
from argparse import ArgumentParser, Namespace
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import get_args

import numpy as np
import numpy.typing as npt

from benchmarks.asked import Question, absent_from, questions
from benchmarks.gallery import Row, add_arguments, build, rows
from shelfsight.catalog.demo.assortment import spec
from shelfsight.core.protocols import Encoder, Snapshot, Store
from shelfsight.core.relevance import Asked, RelevanceScale, ScalesRelevance
from shelfsight.core.relevance_file import RELEVANCE_FILE, write_relevance
from shelfsight.core.vectors import FloatArray
from shelfsight.models import open_encoder
from shelfsight.models.encoders.names import EMBEDDED_FOLDER
from shelfsight.search.compose import blend, subtract
from shelfsight.search.relevance import Judge, Judgement, fit_relevance, meaning, open_judge
from shelfsight.search.relevance.fitting import HITS

CATALOGUES = {"fashion": "fashion", "grocery": "grocery", "clothing": "clothing/catalog.csv"}
STRANGERS = {
    "fashion": ("grocery",),
    "clothing": ("grocery",),
    "sportswear": ("grocery",),
    "grocery": ("fashion", "clothing"),
}
"""Catalogues that sell nothing of what each sells: clothes are in three of them."""
BACKGROUND = {"fashion": 160, "grocery": 48, "clothing": 48}
FEWEST = 3
"""Train items that a word stands in, for the encoder to know it."""
RENDERED, RENDERED_SEED = 2400, 1000
"""Pictures of the demo catalogue's renderer that the encoder was trained with."""
Judged = list[tuple[Question, Judgement]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Catalogues of one split, open: their rows, and collections of their pictures."""

    encoder: Encoder
    split: str
    rows: Mapping[str, list[Row]]
    stores: Mapping[str, Store]

    def snapshot(self, name: str) -> Snapshot:
        return self.stores[name].snapshot()


def main(argv: Sequence[str] | None = None) -> None:
    arguments = _arguments(argv)
    encoder = open_encoder(arguments.encoder)
    if arguments.task == "fit":
        _fit(arguments, encoder)
    else:
        _test(arguments, encoder)


def _arguments(argv: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(description="Calibrated relevance: fit it, or hold it against the truth.")
    add_arguments(parser)
    parser.add_argument("task", choices=["fit", "test"])
    parser.add_argument("--out", type=Path, default=EMBEDDED_FOLDER, help="folder that fit writes into")
    parser.add_argument("--json", type=Path, help="write test's figures to this file")
    arguments = parser.parse_args(argv)
    if arguments.data is None:
        parser.error("--data or SHELFSIGHT_DATA must name the folder of data sets")
    return arguments


def _open(arguments: Namespace, encoder: Encoder, split: str) -> Bench:
    known, stores = {}, {}
    paths = {**CATALOGUES, **({"sportswear": "sportswear/catalog.csv"} if split == "test" else {})}
    for name, place in paths.items():
        path = arguments.data / place
        part = None if name == "sportswear" else split
        stores[name] = build(path, arguments.cache, encoder=encoder, kind=arguments.store, split=part)
        known[name] = [row for row in rows(path) if part is None or row.fields["split"] == part]
    return Bench(encoder=encoder, split=split, rows=known, stores=stores)


def _fit(arguments: Namespace, encoder: Encoder) -> None:
    bench = _open(arguments, encoder, "validation")
    judged = [
        judgement
        for name in CATALOGUES
        for question, judgement in _ask(bench, name)
        if question.without is None  # the hardest, kept for the test
    ]
    scale = fit_relevance(
        judged,
        pictures=_background(bench),
        vocabulary=_vocabulary(arguments),
        source="judged queries on validation pictures of fashion, grocery and clothing catalogues",
        revision=encoder.spec.revision,
    )
    write_relevance(arguments.out, scale)
    print(f"{len(judged)} queries; {arguments.out / RELEVANCE_FILE}")
    for kind, curve in scale.hits.items():
        print(f"{kind}: {curve}\n    best: {scale.best[kind]}, nothing below {scale.nothing_below[kind]:.3f}")
    print(f"suggested min_relevance: {scale.cutoff}")


def _background(bench: Bench) -> FloatArray:
    random = np.random.default_rng(0)
    chosen = []
    for name, count in BACKGROUND.items():
        ids = [row.id for row in bench.rows[name]]
        drawn = [ids[n] for n in random.permutation(len(ids))[:count]]
        chosen.append(np.stack([bench.snapshot(name).vectors(id)[0] for id in drawn]))
    return np.concatenate(chosen)


def _vocabulary(arguments: Namespace) -> frozenset[str]:
    """Words of the texts that the embedded encoder was trained with."""
    counts: Counter[str] = Counter()
    fields = {"fashion": ("article_type", "colour", "gender", "usage"), "grocery": ("product", "kind")}
    for name, place in CATALOGUES.items():
        for row in rows(arguments.data / place):
            if row.fields["split"] == "train":
                said = [row.title, *(row.fields.get(field) for field in fields.get(name, ("label",)))]
                counts.update(set(meaning(" ".join(str(each) for each in said if each))))
    for number in range(RENDERED):
        shown = spec(RENDERED_SEED, number)
        words = (shown.title, shown.colour, shown.pattern, shown.kind.name, shown.kind.category)
        counts.update(set(meaning(" ".join(words))))
    return frozenset(word for word, count in counts.items() if count >= FEWEST)


def _ask(bench: Bench, name: str) -> Iterator[tuple[Question, Judgement]]:
    """All that is asked of a catalogue, with its first hits."""
    others = {other: bench.rows[other] for other in STRANGERS[name]}
    asked = [*questions(name, bench.rows[name]), *absent_from(others, bench.split)]
    fields = {row.id: row.fields for row in bench.rows[name]}
    snapshot = bench.snapshot(name)
    texts = list(dict.fromkeys(term for each in asked for term in (each.text, *each.negative) if term))
    words = dict(zip(texts, bench.encoder.encode_texts(texts), strict=True))
    for question in asked:
        vector = _vector(question, words, bench)
        left_out = _left_out(question, name, fields)
        hits = snapshot.search(vector[None], HITS, exclude=left_out)[0]
        yield (
            question,
            Judgement(
                asked=question.asked,
                vector=vector,
                cosines=np.array([hit.score for hit in hits]),
                relevant=np.array([hit.id in question.relevant for hit in hits]),
                words=meaning(question.text or ""),
                answerable=bool(question.relevant),
            ),
        )


def _vector(question: Question, words: Mapping[str, FloatArray], bench: Bench) -> FloatArray:
    text = None if question.text is None else words[question.text]
    shown = None if question.picture is None else bench.snapshot(question.picture[0]).vectors(question.picture[1])[0]
    return subtract(blend(text, shown, 0.5), [words[term] for term in question.negative])


def _left_out(question: Question, name: str, fields: Mapping[str, Mapping[str, object]]) -> list[str]:
    if question.without is not None:
        field, value = question.without
        return [id for id, known in fields.items() if known.get(field) == value]
    return [question.picture[1]] if question.picture is not None and question.picture[0] == name else []


def _test(arguments: Namespace, encoder: Encoder) -> None:
    if not isinstance(encoder, ScalesRelevance) or (scale := encoder.relevance) is None:
        print(f"{arguments.encoder}: no scale of relevance; fit one first")
        return
    bench = _open(arguments, encoder, "test")
    figures = {}
    for name in (*CATALOGUES, "sportswear"):
        asked = [pair for pair in _ask(bench, name) if pair[1].asked in scale.hits]
        for kind in get_args(Asked):
            part = [pair for pair in asked if pair[1].asked == kind]
            if part:
                figures[f"{name}: {kind}"] = _report(f"{name}: {kind}", part, scale)
    _print_time(scale, bench)
    if arguments.json:
        arguments.json.write_text(json.dumps({"encoder": arguments.encoder, "figures": figures}, indent=2) + "\n")


def _report(title: str, asked: Judged, scale: RelevanceScale) -> dict[str, object]:
    print(f"\n{title}: {sum(each.answerable for _, each in asked)} queries with an answer")
    found: dict[str, object] = {}
    families: dict[str, Judged] = defaultdict(list)
    for pair in asked:
        families[pair[0].family].append(pair)
    answerable = [pair for pair in asked if pair[1].answerable]
    groups = {name: part for name, part in families.items() if part[0][1].answerable}
    for name, part in {"all": answerable, **(groups if len(groups) > 1 else {})}.items():
        found[name] = _calibration(name, part, scale)
    found["nothing"] = _nothing(
        answerable, {name: part for name, part in families.items() if name not in groups}, scale
    )
    return found


def _calibration(name: str, part: Judged, scale: RelevanceScale) -> dict[str, float]:
    result: dict[str, float] = {"queries": len(part)}
    for depth in (10, HITS):
        probability, truth = _hits(part, scale, depth)
        result |= {
            f"mean@{depth}": float(probability.mean()),
            f"relevant@{depth}": float(truth.mean()),
            f"ece@{depth}": _calibration_error(probability, truth),
        }
    kept = probability >= scale.cutoff
    result["precision at cutoff"] = float(truth[kept].mean()) if kept.any() else float("nan")
    result["recall at cutoff"] = float(truth[kept].sum() / max(1.0, truth.sum()))
    told = "  ".join(f"{key} {value:.3f}" for key, value in result.items() if key != "queries")
    print(f"  {name:<32} {len(part):4} queries  {told}")
    return {key: round(value, 4) for key, value in result.items()}


def _hits(part: Judged, scale: RelevanceScale, depth: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Probability and truth of the first hits of all queries."""
    probability, truth = [], []
    for _, each in part:
        judge = _judge(each, scale)
        probability += [judge.probability(float(cosine)) for cosine in each.cosines[:depth]]
        truth += each.relevant[:depth].tolist()
    return np.array(probability), np.array(truth, dtype=np.float64)


def _nothing(answerable: Judged, absent: Mapping[str, Judged], scale: RelevanceScale) -> dict[str, float]:
    with_answer, wrongly = _told(answerable, scale)
    result = {"wrongly empty": float(wrongly.mean())}
    print(f"  nothing matches: wrongly said of {wrongly.mean():.1%}", end="")
    for name, part in sorted(absent.items()):
        without, rightly = _told(part, scale)
        area = _area(with_answer, without)
        result |= {f"auc, {name}": area, f"rightly, {name}": float(rightly.mean())}
        print(f"; {name.removeprefix('absent: ')} ({len(part)}): AUC {area:.3f}, said of {rightly.mean():.1%}", end="")
    print()
    return {key: round(value, 4) for key, value in result.items()}


def _told(part: Judged, scale: RelevanceScale) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """The log-odds that something matches, and whether it is said that nothing does."""
    odds, nothing = [], []
    for _, each in part:
        judge = _judge(each, scale)
        assert judge.best is not None
        best = float(each.cosines[0])
        odds.append(judge.best.log_odds(judge.standing, best))
        nothing.append(judge.nothing_matches(best))
    return np.array(odds), np.array(nothing)


def _judge(judgement: Judgement, scale: RelevanceScale) -> Judge:
    return Judge(
        scale=scale,
        standing=scale.stand(judgement.vector, judgement.words),
        hits=scale.hits[judgement.asked],
        best=scale.best[judgement.asked],
        nothing_below=scale.nothing_below[judgement.asked],
    )


def _area(high: npt.NDArray[np.float64], low: npt.NDArray[np.float64]) -> float:
    """Under the ROC curve: how often one of ``high`` is above one of ``low``."""
    return float(np.mean(high[:, None] > low) + 0.5 * np.mean(high[:, None] == low))


def _calibration_error(probability: npt.NDArray[np.float64], truth: npt.NDArray[np.float64]) -> float:
    """Mean distance of probability and share of relevant ones over ten bins, weighted by their size."""
    bins = np.minimum((probability * 10).astype(int), 9)
    gaps = [abs(probability[bins == n].mean() - truth[bins == n].mean()) * (bins == n).sum() for n in set(bins)]
    return float(sum(gaps) / len(truth))


def _print_time(scale: RelevanceScale, bench: Bench) -> None:
    vector = bench.encoder.encode_texts(["red dress"])[0]
    judge: Callable[[], object] = lambda: open_judge(scale, vector, "text", "red dress")  # noqa: E731
    judge()
    start = perf_counter()
    for _ in range(200):
        judge()
    print(f"\na query's standing: {(perf_counter() - start) / 200 * 1000:.3f} ms")


if __name__ == "__main__":
    main()
