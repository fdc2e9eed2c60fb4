"""How far the model can be trusted, measured on the validation split: Platt scaling, and the bounds of verdicts.

Platt: "Probabilistic Outputs for Support Vector Machines", 1999.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from shelfsight.core.calibration import Calibration, Scale
from shelfsight.core.questions import Subject
from shelfsight.core.vectors import FloatArray
from shelfsight.core.vision import Reusable, VisionLanguageModel
from shelfsight.training.corpus import Corpus, load_corpus
from shelfsight.training.settings import EncoderSettings
from shelfsight.training.vlm.lessons import Lesson, Teacher
from shelfsight.training.vlm.settings import VlmSettings

__all__ = ["PRECISION", "fit_scale", "fit_scales"]

_log = logging.getLogger(__name__)

PRECISION = 0.96
"""Of the claims called yes, and of those called no, so many are right on the validation pictures."""

_LEAST = 1e-6
_FEWEST = 50
"""Cases above a bound; fewer can be right by luck."""
_ROWS_TOGETHER = 64


def fit_scales(vlm: VisionLanguageModel, data: Path, out: Path, *, rows: int = 1500) -> Calibration:
    """Ask ``vlm`` about ``rows`` pictures of the validation split, a right and a wrong statement of every subject.

    Args:
        data, out: as of :func:`shelfsight.training.vlm.run.train_vlm`; prepared pictures are kept in ``out/cache``.
    """
    settings = VlmSettings()
    chosen = EncoderSettings(rendered=settings.rendered, rendered_seed=settings.rendered_seed)
    corpus = load_corpus(data, out / "cache", chosen)
    random = np.random.default_rng([settings.seed, 9])
    chosen_rows = np.sort(random.permutation(corpus.validation)[:rows])
    teacher = Teacher(corpus)
    odds: dict[Subject, list[float]] = defaultdict(list)
    truth: dict[Subject, list[bool]] = defaultdict(list)
    for start in range(0, len(chosen_rows), _ROWS_TOGETHER):
        part = [(int(row), _pairs(teacher, int(row), random)) for row in chosen_rows[start : start + _ROWS_TOGETHER]]
        lessons = [lesson for _, asked in part for lesson in asked]
        for lesson, score in zip(lessons, _scores(vlm, corpus, part), strict=True):
            assert lesson.subject is not None
            odds[lesson.subject].append(_log_odds(float(score)))
            truth[lesson.subject].append(lesson.answer == "yes")
        _log.info("asked about %d of %d pictures", min(start + _ROWS_TOGETHER, len(chosen_rows)), len(chosen_rows))
    scales = {subject: fit_scale(np.array(odds[subject]), np.array(truth[subject])) for subject in odds}
    together = [np.array([value for values in each.values() for value in values]) for each in (odds, truth)]
    scales["other"] = fit_scale(*together)
    return Calibration(scales=scales, source=f"{len(chosen_rows)} pictures of the validation split")


def _scores(vlm: VisionLanguageModel, corpus: Corpus, part: Sequence[tuple[int, list[Lesson]]]) -> FloatArray:
    """Raw P(yes) to all lessons, in order."""
    pictures = [_picture(corpus, row) for row, _ in part]
    if not isinstance(vlm, Reusable):
        return vlm.score(
            [(seen, each.question) for seen, (_, asked) in zip(pictures, part, strict=True) for each in asked]
        )
    features = vlm.picture_features(pictures)
    return vlm.score_features(
        [(seen, each.question) for seen, (_, asked) in zip(features, part, strict=True) for each in asked]
    )


def fit_scale(log_odds: np.ndarray, truth: np.ndarray) -> Scale:
    """Scale and bounds for one subject.

    Args:
        log_odds: ``float [n]``, of the raw P(yes).
        truth: ``bool [n]``.
    """
    slope, intercept = _logistic(log_odds, truth)
    probability = _sigmoid(slope * log_odds + intercept)
    return Scale(
        slope=round(slope, 4),
        intercept=round(intercept, 4),
        yes_from=_bound(probability, truth),
        no_below=round(1 - _bound(1 - probability, ~truth), 4),
    )


def _bound(probability: np.ndarray, truth: np.ndarray) -> float:
    """The least bound, at least a half, at which those above it are right often enough."""
    order = np.argsort(-probability, kind="stable")
    right = np.cumsum(truth[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero((right >= PRECISION) & (probability[order] >= 0.5))
    enough = enough[enough >= _FEWEST]
    return round(float(probability[order][enough[-1]]), 4) if len(enough) else 0.99


def _logistic(values: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Slope and intercept of the logistic regression of ``truth`` on ``values``, by Newton's method."""
    unit = float(values.std()) or 1.0
    design = np.stack([values / unit, np.ones_like(values)], axis=1)
    weights = np.zeros(2)
    for _ in range(50):
        probability = _sigmoid(design @ weights)
        gradient = design.T @ (probability - truth) + 1e-3 * weights
        curvature = (design * (probability * (1 - probability))[:, None]).T @ design + 1e-3 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        weights = weights - step
        if np.abs(step).max() < 1e-8:
            break
    return float(weights[0]) / unit, float(weights[1])


def _sigmoid(log_odds: np.ndarray) -> np.ndarray:
    probability: np.ndarray = 0.5 * (1 + np.tanh(0.5 * log_odds))
    return probability


def _pairs(teacher: Teacher, row: int, random: np.random.Generator) -> list[Lesson]:
    asked = []
    for truth in (True, False):
        asked += [teacher.yes_no(row, field, truth, random) for field in ("kind", "colour", "gender", "pattern")]
        asked += [teacher.phrase(row, truth, random) for _ in range(2)]
    return [lesson for lesson in asked if lesson is not None]


def _picture(corpus: Corpus, row: int) -> Image.Image:
    for shelf in corpus.shelves:
        if row < len(shelf.rows):
            return Image.fromarray(np.array(shelf.pixels[row]))
        row -= len(shelf.rows)
    raise IndexError(row)


def _log_odds(probability: float) -> float:
    clipped = min(max(probability, _LEAST), 1 - _LEAST)
    return float(np.log(clipped / (1 - clipped)))
