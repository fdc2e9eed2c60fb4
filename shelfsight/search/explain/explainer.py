"""Hits with their explanations: what the catalogue says first, then what the model sees, then where it sees it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from shelfsight.core.atoms import Atom
from shelfsight.core.types import Explanation, Hit, StageReport
from shelfsight.search.explain.claims import by_catalogue
from shelfsight.search.explain.draft import Draft
from shelfsight.search.explain.sentences import sentence
from shelfsight.search.explain.witness import Ended, Witness
from shelfsight.search.look import Viewing
from shelfsight.search.patience import Budget, Patience

__all__ = ["STAGE", "Explained", "explain"]

STAGE = "explain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What a second look says of hits.

    Attributes:
        hits: those given, in their order, with an explanation where there was time for one.
        report: what it cost; ``scored`` counts explanations.
        warnings: what was degraded.
    """

    hits: tuple[Hit, ...]
    report: StageReport
    warnings: tuple[str, ...] = ()


def explain(
    hits: Sequence[Hit],
    atoms: Sequence[Atom],
    viewing: Viewing | None,
    *,
    budget: Budget,
    patience: Patience,
    pixels_only: bool = False,
) -> Explained:
    """Judge every atom on every hit: one claim an atom, in the atoms' order.

    A catalogue field decides where it can; what is left is asked of the model, all questions about 32 hits in one
    batch. With a budget hits are explained from the first on, and those that it does not suffice for come back as they
    were; a hit on which the catalogue decides everything costs nothing and is always explained. Where the model fails,
    what only it could tell has the verdict "cannot tell". This never raises for what a model or a picture does.

    Args:
        viewing: the model and what it has seen in this search; ``None``: nobody can look. Features that are made stay
            in it until :meth:`~shelfsight.search.look.Viewing.keep`.
        pixels_only: as if the items had no fields, but for limits.
    """
    start = perf_counter()
    drafts = [Draft(hit, [by_catalogue(atom, hit, pixels_only=pixels_only) for atom in atoms]) for hit in hits]
    ended, warnings = _close([draft for draft in drafts if draft.is_open], atoms, viewing, budget, patience)
    explained = tuple(_explained(draft, atoms) for draft in drafts)
    done = sum(hit.explanation is not None for hit in explained)
    report = StageReport(
        name=STAGE,
        model=viewing.look.vlm.name if viewing else "",
        candidates=len(hits),
        scored=done,
        moved=0,
        ended=ended,
        milliseconds=(perf_counter() - start) * 1000.0,
    )
    short = (f"there was time to explain {done} of {len(hits)} hits",) if ended == "budget" else ()
    return Explained(hits=explained, report=report, warnings=(*short, *warnings))


def _close(
    drafts: Sequence[Draft], atoms: Sequence[Atom], viewing: Viewing | None, budget: Budget, patience: Patience
) -> tuple[Ended, tuple[str, ...]]:
    """Have the open drafts judged; how that ended, and what was degraded."""
    if viewing is None:
        for draft in drafts:
            draft.close(atoms)
        return ("failed" if drafts else "complete"), ()
    witness = Witness(atoms, viewing, budget, patience)
    witness.look(drafts)
    return witness.ended, witness.warnings()


def _explained(draft: Draft, atoms: Sequence[Atom]) -> Hit:
    claims = tuple(claim for claim in draft.claims if claim is not None)
    if len(claims) < len(atoms):  # there was no time to look
        return draft.hit
    words = sentence(list(zip(atoms, claims, strict=True)))
    return replace(draft.hit, explanation=Explanation(claims=claims, sentence=words))
