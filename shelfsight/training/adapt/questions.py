"""What is asked before and after: texts whose right answers no training saw, and how well they are answered."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from shelfsight.core.vectors import FloatArray
from shelfsight.evaluation.metrics import measure
from shelfsight.training.adapt.facts import Ints, Text, stated
from shelfsight.training.adapt.parts import Part, fold, share
from shelfsight.training.adapt.shelf import Shelf
from shelfsight.training.adapt.texts import ATTRIBUTES, TITLE, Texts

__all__ = ["Question", "Questions", "Values", "draw_questions", "is_held_out", "score"]

K = 10
_HELD_OUT = 0.25
_PHRASES_AN_ITEM = 2
_ROWS = 256
_METRICS = ("ndcg@10", "recall@1", "recall@10", "mrr@10", "precision@10")

Values = Mapping[str, npt.NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Question:
    """A text put to the gallery.

    Attributes:
        text: its number.
        family: kind of text; ``, new`` is added to those that no training item has.
        right: items of the part that it is true of, ``int64 [k]``, k >= 1.
        ignored: packed bits, one an item: left out of the ranking, because they are no part of this gallery, or the
            text is true of them but they are of another part, or nobody knows whether it is.
    """

    text: int
    family: str
    right: npt.NDArray[np.int64] = field(repr=False)
    ignored: npt.NDArray[np.uint8] = field(repr=False)


@dataclass(frozen=True)
class Questions:
    """All questions of one part, with their families and, ``int64 [n, 3]``, the facts that they state."""

    asked: list[Question]
    families: npt.NDArray[np.str_]
    stated: Ints

    @property
    def texts(self) -> list[int]:
        """Text numbers in the order of the questions."""
        return [question.text for question in self.asked]


def is_held_out(text: Text) -> bool:
    """Whether a phrase of several attributes is kept from training although training items may have it.

    So there are questions in words that training knows but never saw together, beside those it knows of other items.
    """
    return len(text.facts) > 1 and share(f"held out: {fold(text.text)}") < _HELD_OUT


def draw_questions(texts: Texts, shelf: Shelf, parts: Sequence[Part], part: Part, most: int) -> Questions:
    """The questions of ``part`` (validation or test), the same in every run.

    Asked are the queries and titles of its items and, because an item has dozens that resemble one another, two
    attribute phrases an item, chosen by hash; of each family at most ``most``. A text that is held out is asked in one
    of the two parts only.

    The gallery is every item that training does not see: of those that it sees it learns by heart what they are not,
    and the others would rise above them, right or wrong. Where it is validation that is asked, test items are left out
    too: choices made there must not be steered by the test.
    """
    of_part, of_train, of_test = (_are(parts, each) for each in (part, Part.TRAIN, Part.TEST))
    hidden = of_train | (of_test & (part != Part.TEST))
    asked: dict[str, list[Question]] = defaultdict(list)
    for number in sorted(_candidates(texts, shelf, of_part), key=lambda n: share(f"asked: {texts.texts[n].text}")):
        text = texts.texts[number]
        held_out = is_held_out(text)
        if (held_out and _part_of_held_out(text.text) != part) or len(asked[text.family]) >= most:
            continue
        true, unknown = texts.facts.judge_all(text)
        new = text.family != TITLE and (held_out or not (true & of_train).any())
        ignored = (true & ~of_part) | unknown | hidden
        right = np.flatnonzero(true & of_part)
        family = f"{text.family}, new" if new else text.family
        asked[text.family].append(Question(number, family, right, np.packbits(ignored)))
    found = [question for family in sorted(asked) for question in asked[family]]
    families = np.array([question.family for question in found], dtype=np.str_)
    return Questions(found, families, stated([texts.texts[question.text] for question in found]))


def score(questions: Questions, shelf: Shelf, texts_qd: FloatArray, pictures_pd: FloatArray) -> Values:
    """Metrics of each question, by :func:`shelfsight.evaluation.metrics.measure`.

    Args:
        texts_qd: vectors of the questions' texts, in their order.
        pictures_pd: vectors of the shelf's pictures; an item's score is that of its best picture.
    """
    rankings = list(_rankings(questions, shelf, texts_qd, pictures_pd))
    judgements = [{str(item): 1 for item in question.right} for question in questions.asked]
    values = measure(rankings, judgements, (1, K))
    return {name: values[name] for name in _METRICS}


def _candidates(texts: Texts, shelf: Shelf, of_part: npt.NDArray[np.bool_]) -> set[int]:
    found: set[int] = set()
    for item in np.flatnonzero(of_part):
        own = [int(number) for number in texts.of_item[item][0]]
        phrases = [number for number in own if texts.texts[number].family == ATTRIBUTES]
        found.update(set(own).difference(phrases))
        id = shelf.rows[item].id
        found.update(sorted(phrases, key=lambda n: share(f"{id}: {texts.texts[n].text}"))[:_PHRASES_AN_ITEM])
    return found


def _are(parts: Sequence[Part], part: Part) -> npt.NDArray[np.bool_]:
    return np.array([each == part for each in parts], dtype=np.bool_)


def _part_of_held_out(text: str) -> Part:
    return Part.VALIDATION if share(f"part: {fold(text)}") < 0.5 else Part.TEST


def _rankings(questions: Questions, shelf: Shelf, texts_qd: FloatArray, pictures_pd: FloatArray) -> Iterator[list[str]]:
    items = len(shelf.rows)
    for start in range(0, len(questions.asked), _ROWS):
        scores = np.maximum.reduceat(texts_qd[start : start + _ROWS] @ pictures_pd.T, shelf.bounds[:-1], axis=1)
        for row, question in zip(scores, questions.asked[start : start + _ROWS], strict=True):
            row[np.unpackbits(question.ignored, count=items).astype(np.bool_)] = -np.inf
            best = np.argpartition(-row, min(K, items - 1))[: K + 1] if items > K + 1 else np.arange(items)
            order = best[np.lexsort((best, -row[best]))][:K]
            yield [str(item) for item in order if row[item] > -np.inf]
