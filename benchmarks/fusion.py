"""Fit how retrieval and a vision-language model are put together, on queries of the validation split.

    python -m benchmarks.fusion --data DIR --vlm FOLDER [--queries 120] [--dry]

The queries are those of :mod:`benchmarks.families`; the collection holds ids and pictures of the validation split only.
Every candidate of every query is looked at once. Then weights are searched for, coordinate by coordinate, that make
the mean nDCG@10 over the families greatest; the scale and the bias that make probabilities of them are a logistic
regression; the gate is the greatest that costs no nDCG. The result is written into FOLDER's ``calibration.json``,
beside the scales that ``python -m shelfsight.training calibrate`` fitted before; ``--dry`` only prints it.
"""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.families import families
from benchmarks.gallery import add_arguments, build, rows
from shelfsight.api.gallery import Gallery
from shelfsight.api.looking import VlmOpener, look_opener
from shelfsight.core.calibration import Fusion
from shelfsight.core.protocols import Store
from shelfsight.core.questions import Subject
from shelfsight.core.settings import Settings
from shelfsight.core.types import Query
from shelfsight.evaluation import JudgedQuery
from shelfsight.models import open_encoder
from shelfsight.models.vlms.calibration import read_calibration, write_calibration
from shelfsight.search import Searcher
from shelfsight.search.atoms import positive_text
from shelfsight.search.look import Look, Question, Viewing
from shelfsight.search.rerank.fusion import says_nothing
from shelfsight.training.vlm.calibrate import fit_scale

_DEPTH = 50
_STEPS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0, 1.3, 1.7, 2.2, 3.0)
_GATES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
_ROUNDS = 3


@dataclass(frozen=True)
class Case:
    """The candidates of one query: ``float [n, 4]`` of model, atoms, negation and retrieval, and ``bool [n]``.

    ``ideal`` is the DCG of the best order of the whole collection.
    """

    family: str
    evidence: np.ndarray
    relevant: np.ndarray
    ideal: float


def main(argv: Sequence[str] | None = None) -> None:
    arguments = _arguments(argv)
    cases = _cases(arguments)
    fusion = fit(cases)
    print(json.dumps(asdict(fusion)))
    for family in sorted({case.family for case in cases}):
        mine = [case for case in cases if case.family == family]
        before, after = (np.mean([_ndcg(case, each) for case in mine]) for each in (_RETRIEVAL, fusion))
        print(f"{family:12} {len(mine):4} queries  nDCG@10 {before:.3f} -> {after:.3f}")
    if not arguments.dry:
        folder = Path(arguments.vlm)
        write_calibration(folder, replace(read_calibration(folder), fusion=fusion))


def fit(cases: Sequence[Case]) -> Fusion:
    """The fusion that orders ``cases`` best, with probabilities."""
    direction = {"model": 0.5, "atoms": 0.5, "negation": 0.5}
    for _ in range(_ROUNDS):
        for name in direction:
            direction[name] = max(_STEPS, key=lambda value, name=name: _mean(cases, {**direction, name: value}))  # type: ignore[misc]
    best = Fusion(**direction, dead_zone=0.0)
    odds = np.concatenate([_log_odds(case, best) for case in cases])
    scale = fit_scale(odds, np.concatenate([case.relevant for case in cases]))
    weights = {name: round(scale.slope * value, 4) for name, value in direction.items()}
    fitted = Fusion(**weights, retrieval=round(scale.slope, 4), bias=scale.intercept, dead_zone=0.0)
    gated = [replace(fitted, dead_zone=gate) for gate in _GATES]
    reached = [_over_families(cases, each) for each in gated]
    return gated[max(n for n, value in enumerate(reached) if value >= reached[0] - 1e-9)]


_RETRIEVAL = Fusion(model=0.0, atoms=0.0, negation=0.0, retrieval=1.0, dead_zone=0.0)


def _mean(cases: Sequence[Case], weights: dict[str, float]) -> float:
    return _over_families(cases, Fusion(**weights, dead_zone=0.0))


def _over_families(cases: Sequence[Case], fusion: Fusion) -> float:
    names = sorted({case.family for case in cases})
    return float(np.mean([np.mean([_ndcg(case, fusion) for case in cases if case.family == name]) for name in names]))


def _log_odds(case: Case, fusion: Fusion) -> np.ndarray:
    odds: np.ndarray = case.evidence @ [fusion.model, fusion.atoms, fusion.negation, fusion.retrieval]
    return odds


def _ndcg(case: Case, fusion: Fusion) -> float:
    said = case.evidence[:, :3] @ [fusion.model, fusion.atoms, fusion.negation]
    gate = says_nothing(said, fusion)
    order = np.argsort(-(case.evidence[:, 3] if gate else _log_odds(case, fusion)), kind="stable")[:10]
    return float((case.relevant[order] / np.log2(np.arange(2, len(order) + 2))).sum() / case.ideal)


def _arguments(argv: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(description="Fit the fusion of retrieval and model on validation queries.")
    add_arguments(parser)
    parser.add_argument("--vlm", required=True, help="folder of the model whose calibration.json is written")
    parser.add_argument("--queries", type=int, default=120, help="a family at most (default: %(default)s)")
    parser.add_argument("--dry", action="store_true", help="write nothing")
    arguments = parser.parse_args(argv)
    if arguments.data is None:
        parser.error("--data or SHELFSIGHT_DATA must name the folder of data sets")
    return arguments


def _cases(arguments: Namespace) -> list[Case]:
    path = arguments.data / "fashion"
    encoder = open_encoder(arguments.encoder)
    store = build(path, arguments.cache, encoder=encoder, kind=arguments.store, split="validation")
    known = [row for row in rows(path) if row.fields["split"] == "validation"]
    look = look_opener(VlmOpener(arguments.vlm, None), Gallery(store, Settings().pictures), store, encoder)(None)
    observer = _Observer(Searcher(encoder, store, Settings()), store, look)
    asked = families([row.plain() for row in known], seed=1, most=arguments.queries)
    queries = [query for family in asked.values() for query in family.queries]
    cases = [case for query in queries if (case := observer.case(query)) is not None]
    store.close()
    return cases


@dataclass(frozen=True)
class _Observer:
    """Looks at every candidate of a query, as a search would."""

    searcher: Searcher
    store: Store
    look: Look

    def case(self, query: JudgedQuery) -> Case | None:
        atoms = self.searcher.parse(query.text or "")
        positive = positive_text(query.text, atoms)
        found = self.searcher.rank([Query(text=query.text, atoms=atoms, k=_DEPTH)])[0]
        if positive is None or not found:
            return None
        ids = [id for id, _ in found]
        wanted = [(atom.subject, atom.term) for atom in atoms if atom.kind != "limit" and not atom.negated]
        unwanted = [(atom.subject, atom.term) for atom in atoms if atom.kind != "limit" and atom.negated]
        odds = self._odds(ids, [("whole", positive), *wanted, *unwanted])
        scores = np.array([score for _, score in found])
        columns = [
            odds[:, 0],
            odds[:, 1 : 1 + len(wanted)].mean(axis=1) if wanted else odds[:, 0],
            -odds[:, 1 + len(wanted) :].sum(axis=1),
            (scores - scores.mean()) / (scores.std() or 1.0),
        ]
        relevant = np.array([id in query.wanted for id in ids])
        ideal = float((1 / np.log2(np.arange(2, min(10, len(query.wanted)) + 2))).sum())
        return Case(query.family or "", np.stack(columns, axis=1), relevant, ideal)

    def _odds(self, ids: Sequence[str], terms: Sequence[tuple[Subject, str]]) -> np.ndarray:
        """``float [ids, terms]``: calibrated log-odds."""
        viewing = Viewing(self.look, self.store.snapshot().items(list(ids)))
        answers = viewing.ask([Question((id, 0), subject, term) for id in ids for subject, term in terms])
        viewing.keep()
        scales = [self.look.calibration.scale(subject) for subject, _ in terms]
        rows = answers.reshape(len(ids), len(terms))
        return np.array([[scale.log_odds(p) for scale, p in zip(scales, row, strict=True)] for row in rows])


if __name__ == "__main__":
    main()
