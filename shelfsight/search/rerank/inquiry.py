"""What a model is asked of every candidate of a query, and how much its answers weigh."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shelfsight.core.atoms import Atom
from shelfsight.core.calibration import Calibration, Scale
from shelfsight.core.protocols import PictureKey
from shelfsight.core.questions import Subject
from shelfsight.core.vectors import FloatArray
from shelfsight.search.look import Question

__all__ = ["Inquiry", "Part", "Weights"]

Weights = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Part:
    """One question, the scale of its answers, and what they weigh in the evidence.

    Attributes:
        negated: whether a no is what is hoped for.
        floor: the least log-probability that counts, as a positive number.
    """

    subject: Subject
    term: str
    scale: Scale
    weight: float
    floor: float
    negated: bool = False

    def evidence(self, answer: float) -> float:
        """What a raw P(yes) adds: the weighted log-probability of what is hoped for, at most 0."""
        hoped = -self.scale.log_odds(answer) if self.negated else self.scale.log_odds(answer)
        return self.weight * max(-float(np.logaddexp(0.0, -hoped)), -self.floor)

    @property
    def most(self) -> float:
        """The greatest that any answer adds."""
        return max(self.evidence(0.0), self.evidence(1.0))


@dataclass(frozen=True, slots=True)
class Inquiry:
    """The questions of one query.

    What the model says of a candidate, its *evidence*, is the part of the log-odds of
    :class:`~shelfsight.core.calibration.Fusion` that the model decides: the sum of what its answers add.

    Attributes:
        parts: the questions that weigh anything.
        sought: the whole query in words, for models that compare pictures.
    """

    parts: tuple[Part, ...]
    sought: str

    @classmethod
    def of(cls, positive: str | None, atoms: Sequence[Atom], calibration: Calibration) -> "Inquiry":
        """The questions about ``positive``, what hits should show as a text, and about the atoms, limits left out."""
        fusion = calibration.fusion
        wanted = [atom for atom in atoms if atom.kind != "limit" and not atom.negated]
        unwanted = [atom for atom in atoms if atom.kind != "limit" and atom.negated]
        asked: list[tuple[Subject, str, float, bool]] = []
        if positive is not None:
            asked.append(("whole", positive, fusion.model + (0.0 if wanted else fusion.atoms), False))
        asked += [(atom.subject, atom.term, fusion.atoms, False) for atom in wanted]
        asked += [(atom.subject, atom.term, fusion.negation, True) for atom in unwanted]
        return cls(
            tuple(
                Part(subject, term, calibration.scale(subject), weight, fusion.floor, negated)
                for subject, term, weight, negated in asked
                if weight
            ),
            ", ".join(filter(None, (positive, *(atom.text for atom in unwanted)))),
        )

    @property
    def most(self) -> float:
        """The greatest evidence that there can be."""
        return math.fsum(part.most for part in self.parts)

    def questions(self, keys: Sequence[PictureKey]) -> list[Question]:
        """All questions about the pictures ``keys``, picture by picture."""
        return [Question(key, part.subject, part.term) for key in keys for part in self.parts]

    def evidence(self, answers: FloatArray) -> Weights:
        """Raw P(yes) to each of :meth:`questions`, (n * parts,), to (n,) evidence; NaN where an answer is missing."""
        rows = answers.reshape(-1, len(self.parts))
        return np.array([self._evidence(row) for row in rows], dtype=np.float64)

    def _evidence(self, row: FloatArray) -> float:
        if np.isnan(row).any():
            return math.nan
        return math.fsum(part.evidence(answer) for part, answer in zip(self.parts, row, strict=True))
