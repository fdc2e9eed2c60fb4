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
    """One question, the scale of its answers, and what their calibrated log-odds weigh in the evidence."""

    subject: Subject
    term: str
    scale: Scale
    weight: float

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest that any answer adds to the evidence."""
        ends = [self.weight * self.scale.log_odds(answer) for answer in (0.0, 1.0)]
        return min(ends), max(ends)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """The questions of one query.

    What the model says of a candidate, its *evidence*, is the part of the log-odds of
    :class:`~shelfsight.core.calibration.Fusion` that the model decides: ``model * m + atoms * a + negation * n``. It is
    linear in the calibrated log-odds of the answers, so each question has one weight.

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
        asked: list[tuple[Subject, str, float]] = []
        if positive is not None:
            asked.append(("whole", positive, fusion.model + (0.0 if wanted else fusion.atoms)))
        asked += [(atom.subject, atom.term, fusion.atoms / len(wanted)) for atom in wanted]
        asked += [(atom.subject, atom.term, -fusion.negation) for atom in unwanted]
        return cls(
            tuple(Part(subject, term, calibration.scale(subject), weight) for subject, term, weight in asked if weight),
            ", ".join(filter(None, (positive, *(atom.text for atom in unwanted)))),
        )

    @property
    def most(self) -> float:
        """The greatest evidence that there can be."""
        return math.fsum(part.bounds[1] for part in self.parts)

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
        return math.fsum(
            part.weight * part.scale.log_odds(answer) for part, answer in zip(self.parts, row, strict=True)
        )
