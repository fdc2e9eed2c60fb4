"""Fit how retrieval and a vision-language model are put together, on queries of the validation split.

    python -m benchmarks.fusion --data DIR --vlm FOLDER [--queries 120] [--dry]

The queries are those of :mod:`benchmarks.families`; the collection holds ids and pictures of the validation split only.
Every candidate of every query is looked at once. Then weights are searched for, coordinate by coordinate, that make
the mean nDCG@10 over the families greatest; the gate is the greatest that costs no nDCG; the scale and the bias that
make probabilities of them are a logistic regression. The result is written into FOLDER's ``calibration.json``,
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
from shelfsight.search.rerank.fusion import fused, order, standardised
from shelfsight.training.vlm.calibrate import fit_scale

_DEPTH = 50
_STEPS = {
    "model": (0.0, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0),
    "atoms": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5),
    "negation": (0.3, 0.5, 0.75, 1.0, 1.5),  # a hit that breaks a negation is worse than one that misses a word
    "floor": (2.0, 3.0, 4.0, 6.0, 10.0),
}
_GATES = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2)
_ROUNDS = 3


@dataclass(frozen=True)
class Case:
    """The candidates of one query.

    Attributes:
        whole: ``float [n]``, calibrated log-odds that a candidate shows the whole query.
        wanted, unwanted: ``float [n, atoms]``, that it has what the query wants, and what it excludes.
        retrieval: ``float [n]``, standardised retrieval scores.
        relevant: ``bool [n]``.
        ideal: DCG of the best order of the whole collection.
    """

    family: str
    whole: np.ndarray
    wanted: np.ndarray
    unwanted: np.ndarray
    retrieval: np.ndarray
    relevant: np.ndarray
    ideal: float

    def evidence(self, fusion: Fusion) -> np.ndarray:
        """``float [n]``: what the model says, as :class:`~shelfsight.core.calibration.Fusion` puts it together."""
        whole, wanted, unwanted = (
            np.maximum(-np.logaddexp(0.0, -each), -fusion.floor) for each in (self.whole, self.wanted, -self.unwanted)
        )
        atoms = wanted.sum(axis=1) if wanted.shape[1] else whole
        said: np.ndarray = fusion.model * whole + fusion.atoms * atoms + fusion.negation * unwanted.sum(axis=1)
        return said

    def order(self, fusion: Fusion) -> list[int]:
        return order(fused(self.evidence(fusion), self.retrieval, fusion))


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
    best = Fusion(model=0.5, atoms=0.5, negation=0.5, floor=3.0, dead_zone=0.0)
    for _ in range(_ROUNDS):
        for name, steps in _STEPS.items():
            best = max((replace(best, **{name: step}) for step in steps), key=lambda each: _over_families(cases, each))
    gated = [replace(best, dead_zone=gate) for gate in _GATES]
    reached = [_over_families(cases, each) for each in gated]
    best = gated[max(n for n, value in enumerate(reached) if value >= reached[0] - _COSTS_NOTHING)]
    odds = np.concatenate([fused(case.evidence(best), case.retrieval, best) for case in cases])
    scale = fit_scale(odds, np.concatenate([case.relevant for case in cases]))
    scaled = {name: round(scale.slope * getattr(best, name), 4) for name in ("model", "atoms", "negation", "dead_zone")}
    return replace(best, **scaled, retrieval=round(scale.slope, 4), bias=scale.intercept)


_RETRIEVAL = Fusion(model=0.0, atoms=0.0, negation=0.0, retrieval=1.0, dead_zone=0.0)
_COSTS_NOTHING = 0.001


def _over_families(cases: Sequence[Case], fusion: Fusion) -> float:
    names = sorted({case.family for case in cases})
    return float(np.mean([np.mean([_ndcg(case, fusion) for case in cases if case.family == name]) for name in names]))


def _ndcg(case: Case, fusion: Fusion) -> float:
    found = case.relevant[case.order(fusion)[:10]]
    return float((found / np.log2(np.arange(2, len(found) + 2))).sum() / case.ideal)


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
        relevant = np.array([id in query.wanted for id in ids])
        ideal = float((1 / np.log2(np.arange(2, min(10, len(query.wanted)) + 2))).sum())
        return Case(
            family=query.family or "",
            whole=odds[:, 0],
            wanted=odds[:, 1 : 1 + len(wanted)],
            unwanted=odds[:, 1 + len(wanted) :],
            retrieval=standardised(scores),
            relevant=relevant,
            ideal=ideal,
        )

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
