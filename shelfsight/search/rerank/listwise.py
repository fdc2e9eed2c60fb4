"""Candidates judged by comparison: a model that sees several pictures at once says which of them fits best.

Such models favour places (the first picture, the last), and what they say depends on who stands beside whom. Hence:

* Within a window, pictures are shown in the order of their ids, in every cyclic rotation, so that each stands in each
  place once. The logarithms of what the model says are averaged: a preference for places that is added to a model's
  logits cancels out exactly, because it adds up to the same for all.
* Windows overlap as the lines of a grid do. With w pictures a window, candidates are numbered to the base w, and those
  that differ in one digit only stand in one window. Any two candidates are so linked by as many windows as there are
  digits (two, up to w * w candidates), and all windows can be asked at once, unlike those of a sort that slides along
  the list (Sun et al. 2023, "Is ChatGPT Good at Search?", arXiv:2304.09542).
* The utilities that explain the differences within all windows best, in least squares, are the candidates' evidence:
  the log-linear model of Plackett and Luce.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from time import monotonic

import numpy as np
from PIL.Image import Image

from shelfsight.core.protocols import PictureKey
from shelfsight.core.vectors import FloatArray
from shelfsight.core.vision import Listwise
from shelfsight.search.look import Viewing
from shelfsight.search.patience import Budget, Patience, TimeUp
from shelfsight.search.rerank.inquiry import Weights
from shelfsight.search.rerank.pointwise import Ended

__all__ = ["compare_all", "windows"]

_LEAST = 1e-12
"""Probability below which one is not told from another."""
_SURE = 0.8

Window = tuple[int, ...]


def windows(count: int, width: int) -> list[Window]:
    """The groups, of 2 to ``width`` of ``count`` candidates, that are compared. They link all of them."""
    found: list[Window] = []
    stride = 1
    while stride < count:
        heads = (place for place in range(count) if place // stride % width == 0)
        lines = (tuple(range(head, min(head + stride * width, count), stride)) for head in heads)
        found += [line for line in lines if len(line) > 1]
        stride *= width
    return found


def compare_all(
    keys: Sequence[PictureKey],
    sought: str,
    model: Listwise,
    viewing: Viewing,
    *,
    budget: Budget,
    patience: Patience,
) -> tuple[Weights, Ended]:
    """How well each picture fits, by comparisons alone.

    Args:
        keys: n pictures, in the first stage's order.
        sought: what they are compared for.

    Returns:
        (n,) utilities, a scale of log-odds with mean 0 among those compared, NaN of those that were not; and why it
        ended. With a budget the head is compared first, and then as many as are expected to fit into it.

    Raises:
        TimeUp: not even the first window was compared in time.
        ShelfsightError: the model failed.
    """
    comparison = _Comparison(keys, sought, max(2, model.most_pictures), viewing)
    compared = len(keys) if budget.left is None else comparison.head
    start = monotonic()
    patience.call(lambda: comparison.ask(compared), budget.left)
    if compared < len(keys):
        wished = comparison.fitting(monotonic() - start, budget.left or 0.0)
        try:
            patience.call(lambda: comparison.ask(wished), budget.left)
            compared = wished
        except TimeUp:
            pass  # what the head was found to be stands
    return comparison.utilities(compared), "complete" if compared == len(keys) else "budget"


class _Comparison:
    """The windows over one list of pictures, and what the model said of those that it has seen."""

    def __init__(self, keys: Sequence[PictureKey], sought: str, width: int, viewing: Viewing) -> None:
        self._keys, self._sought, self._width, self._viewing = keys, sought, width, viewing
        self._pictures: dict[PictureKey, Image] = {}
        self._said: Mapping[Window, Weights] = {}

    @property
    def head(self) -> int:
        """Candidates of the first window."""
        return min(self._width, len(self._keys))

    def ask(self, count: int) -> None:
        """Have the first ``count`` candidates compared, all lists in one call; pictures that cannot be opened are left
        out."""
        missing = [key for key in self._keys[:count] if key not in self._pictures]
        self._pictures = {**self._pictures, **self._viewing.opened(missing)}
        asked = [window for window in self._windows(count) if window not in self._said]
        lists = [turned for window in asked for turned in self._rotations(window)]
        shown = [[self._pictures[self._keys[place]] for place in each] for each in lists]
        answers = zip(lists, self._viewing.compare(shown, self._sought), strict=True)
        said = {window: _mean_log([next(answers) for _ in window], window) for window in asked}
        self._said = {**self._said, **said}

    def fitting(self, seconds: float, left: float) -> int:
        """How many candidates can be compared in the time left, when the head took ``seconds``."""
        affordable = _SURE * left * self._lists(self.head) / max(seconds, 1e-6)
        fits = self.head
        while fits < len(self._keys) and self._lists(fits + 1) - self._lists(self.head) <= affordable:
            fits += 1
        return fits

    def utilities(self, count: int) -> Weights:
        """(n,) by least squares over what was said of the first ``count``; of the many solutions that with mean 0."""
        found, places = np.full(len(self._keys), np.nan), self._opened(count)
        column = {place: index for index, place in enumerate(places)}
        rows, differences = [np.zeros((0, len(places)))], [np.zeros(0)]
        for window in self._windows(count):
            columns = [column[place] for place in window]
            row = np.zeros((len(window), len(places)))
            row[np.arange(len(window)), columns] = 1.0
            row[:, columns] -= 1.0 / len(window)
            rows.append(row)
            differences.append(self._said[window])
        if places:
            found[places] = np.linalg.lstsq(np.vstack(rows), np.concatenate(differences), rcond=None)[0]
        return found

    def _opened(self, count: int) -> list[int]:
        return [place for place, key in enumerate(self._keys[:count]) if key in self._pictures]

    def _windows(self, count: int) -> list[Window]:
        places = self._opened(count)
        return [tuple(places[index] for index in window) for window in windows(len(places), self._width)]

    def _rotations(self, window: Window) -> Iterator[Window]:
        by_id = sorted(window, key=lambda place: self._keys[place])
        for turn in range(len(by_id)):
            yield tuple(by_id[turn:] + by_id[:turn])

    def _lists(self, count: int) -> int:
        return sum(map(len, windows(count, self._width)))


def _mean_log(answers: Sequence[tuple[Window, FloatArray]], window: Window) -> Weights:
    """(len(window),) mean logarithms of the answers to all rotations, less their mean."""
    total = dict.fromkeys(window, 0.0)
    for shown, probabilities in answers:
        for place, probability in zip(shown, probabilities, strict=True):
            total[place] += math.log(max(float(probability), _LEAST))
    means = np.array([total[place] for place in window]) / len(window)
    centred: Weights = means - means.mean()
    return centred
