"""Hits with their explanations: what the catalogue says first, then what the model sees, then where it sees it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from time import perf_counter

from shelfsight.core.atoms import Atom
from shelfsight.core.types import Explanation, Hit, StageReport
from shelfsight.search.explain.claims import by_catalogue
from shelfsight.search.explain.draft import Draft
from shelfsight.search.explain.sentences import sentence
from shelfsight.search.explain.witness import Ended, Witness
from shelfsight.search.look import Viewing
from shelfsight.search.patience import Budget, Patience

__all__ = ["STAGE", "Explained", "Explaining", "explain"]

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


class Explaining:
    """Hits on their way to explanations; gone through once.

    A catalogue field decides where it can; what is left is asked of the model, all questions about some hits in one
    batch. With a budget hits are explained from the first on, and those that it does not suffice for come back as they
    were; a hit on which the catalogue decides everything costs nothing and is always explained. Where the model fails,
    what only it could tell has the verdict "cannot tell". This never raises for what a model or a picture does.
    """

    def __init__(
        self,
        hits: Sequence[Hit],
        atoms: Sequence[Atom],
        viewing: Viewing | None,
        *,
        budget: Budget,
        patience: Patience,
        pixels_only: bool = False,
        awaited: bool = False,
    ) -> None:
        """
        Args:
            viewing: the model and what it has seen in this search; ``None``: nobody can look. Features that are made
                stay in it until :meth:`~shelfsight.search.look.Viewing.keep`.
            pixels_only: as if the items had no fields, but for limits.
            awaited: somebody waits for the first: the model is asked about few hits at a time. What it says does not
                depend on that.
        """
        self._atoms, self._viewing, self._awaited = atoms, viewing, awaited
        self._witness = None if viewing is None else Witness(atoms, viewing, budget, patience)
        start = perf_counter()
        self._drafts = [
            Draft(hit, [by_catalogue(atom, hit, pixels_only=pixels_only) for atom in atoms]) for hit in hits
        ]
        self._seconds = perf_counter() - start
        self._done = 0
        self._failed = False

    def __iter__(self) -> Iterator[Hit]:
        """Hits as they are explained: those that the catalogue decides first."""
        made = self._made()
        while True:
            start = perf_counter()
            hit = next(made, None)
            self._seconds += perf_counter() - start
            if hit is None:
                return
            self._done += 1
            yield hit

    def all(self) -> Explained:
        """All of them, and what it cost."""
        made = {hit.id: hit for hit in self}
        hits = tuple(made.get(draft.hit.id, draft.hit) for draft in self._drafts)
        return Explained(hits=hits, report=self.report, warnings=self.warnings)

    @property
    def report(self) -> StageReport:
        """What it cost so far."""
        return StageReport(
            name=STAGE,
            model=self._viewing.look.vlm.name if self._viewing else "",
            candidates=len(self._drafts),
            scored=self._done,
            moved=0,
            ended=self._ended,
            milliseconds=1000.0 * self._seconds,
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was degraded so far, in sentences."""
        told = self._witness.warnings() if self._witness is not None else ()
        short = f"there was time to explain {self._done} of {len(self._drafts)} hits"
        return (short, *told) if self._ended == "budget" else told

    @property
    def _ended(self) -> Ended:
        if self._witness is not None:
            return self._witness.ended
        return "failed" if self._failed else "complete"

    def _made(self) -> Iterator[Hit]:
        still_open = [draft for draft in self._drafts if draft.is_open]
        yield from (_explained(draft, self._atoms) for draft in self._drafts if not draft.is_open)
        closed = chain.from_iterable(self._closed(still_open))
        yield from (_explained(draft, self._atoms) for draft in closed)

    def _closed(self, drafts: Sequence[Draft]) -> Iterator[Sequence[Draft]]:
        """Open drafts, as they are judged."""
        if self._witness is not None:
            yield from self._witness.look(drafts, awaited=self._awaited)
            return
        self._failed = bool(drafts)
        for draft in drafts:
            draft.close(self._atoms)
        yield drafts


def explain(
    hits: Sequence[Hit],
    atoms: Sequence[Atom],
    viewing: Viewing | None,
    *,
    budget: Budget,
    patience: Patience,
    pixels_only: bool = False,
) -> Explained:
    """Judge every atom on every hit: one claim an atom, in the atoms' order; see :class:`Explaining`."""
    return Explaining(hits, atoms, viewing, budget=budget, patience=patience, pixels_only=pixels_only).all()


def _explained(draft: Draft, atoms: Sequence[Atom]) -> Hit:
    claims = tuple(claim for claim in draft.claims if claim is not None)
    words = sentence(list(zip(atoms, claims, strict=True)))
    return replace(draft.hit, explanation=Explanation(claims=claims, sentence=words))
