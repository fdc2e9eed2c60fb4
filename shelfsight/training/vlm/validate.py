"""How well the learner answers on the validation split: areas under the ROC curve, and accuracy of open answers."""

from typing import Any

import numpy as np
import torch

from shelfsight.training.frozen import from_kept
from shelfsight.training.vlm.lessons import Lesson, Teacher
from shelfsight.training.vlm.material import Material
from shelfsight.training.vlm.model import Learner
from shelfsight.training.vlm.packing import Packer

__all__ = ["Examination", "area_under_curve"]

_SUBJECTS = ("kind", "colour", "gender", "pattern", "phrase")
_TOGETHER = 64


class Examination:
    """Fixed questions about fixed pictures of the validation split: each subject once with a right statement, and once
    with a wrong one."""

    def __init__(self, material: Material, teacher: Teacher, packer: Packer, yes: int, no: int, *, rows: int) -> None:
        self._material, self._packer, self._yes, self._no = material, packer, yes, no
        random = np.random.default_rng(5)
        fashion = [int(i) for i in material.corpus.validation if material.corpus.rows[i].source == "fashion"]
        self._rows = sorted(int(row) for row in random.permutation(fashion)[:rows])
        self._lessons: list[list[Lesson]] = []
        self._subjects: list[list[str]] = []
        for row in self._rows:
            self._ask(teacher, row, random)

    def marks(self, learner: Learner, *, bfloat16: bool) -> dict[str, float]:
        """Area under the ROC curve of P(yes), by subject; nothing where no picture is of that split."""
        if not self._rows:
            return {}
        log_odds, truths, subjects = [], [], []
        for start in range(0, len(self._rows), _TOGETHER):
            part = slice(start, start + _TOGETHER)
            log_odds.append(self._log_odds(learner, part, bfloat16))
            truths += [lesson.answer == "yes" for lessons in self._lessons[part] for lesson in lessons]
            subjects += [subject for asked in self._subjects[part] for subject in asked]
        odds, true, about = np.concatenate(log_odds), np.array(truths), np.array(subjects)
        return {name: round(area_under_curve(odds[about == name], true[about == name]), 4) for name in _SUBJECTS}

    def _ask(self, teacher: Teacher, row: int, random: np.random.Generator) -> None:
        lessons, subjects = [], []
        for subject in _SUBJECTS:
            for truth in (True, False):
                lesson = (
                    teacher.phrase(row, truth, random)
                    if subject == "phrase"
                    else teacher.yes_no(row, subject, truth, random)
                )
                if lesson is not None:
                    lessons.append(lesson)
                    subjects.append(subject)
        self._lessons.append(lessons)
        self._subjects.append(subjects)

    def _log_odds(self, learner: Learner, part: slice, bfloat16: bool) -> Any:
        pack = self._packer.pack(self._lessons[part])
        kept = from_kept(self._material.views[0][np.array(self._rows[part])])
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            logits = learner(kept, pack)
        begins = (pack.targets == self._yes) | (pack.targets == self._no)
        return (logits[begins][:, self._yes] - logits[begins][:, self._no]).numpy()


def area_under_curve(scores: np.ndarray, truth: np.ndarray) -> float:
    """Probability that a true case scores higher than a false one; ties count half."""
    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    for value in np.unique(scores[np.flatnonzero(np.diff(np.sort(scores)) == 0)]) if len(scores) else []:
        ranks[scores == value] = ranks[scores == value].mean()
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        return float("nan")
    return float((ranks[truth].sum() - positives * (positives + 1) / 2) / (positives * negatives))
