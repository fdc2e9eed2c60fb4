"""What is asked about a picture, and the right answers: made of what the catalogue says of it.

A wrong statement differs from a right one in one thing, mostly: the right kind in the wrong colour, a neighbouring
kind in the right colour. Where the catalogue does not decide, nothing is asked.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from shelfsight.core.questions import Subject, yes_no_question
from shelfsight.training.corpus import Corpus
from shelfsight.training.data import Row
from shelfsight.training.texts import title_text, word_for
from shelfsight.training.vlm.composed import SOURCE as COMPOSED
from shelfsight.training.vlm.composed import members
from shelfsight.training.vlm.wordings import (
    CANNOT_TELL,
    CAPTIONS,
    NUMBERS,
    OPEN,
    PATTERNS,
    SENTENCES,
    UNSEEN,
    UNSEEN_YES_NO,
    WEARERS,
    answer_word,
    pattern_of,
)
from shelfsight.training.words import COLOUR_NAMES, GENDER_NAMES, names_of, singular

__all__ = ["Lesson", "Teacher"]

_USAGES = ("casual", "sports", "ethnic", "formal")
_PLANS: tuple[tuple[tuple[str, ...], float], ...] = (
    (("colour", "type"), 0.4),
    (("colour", "kind"), 0.12),
    (("gender", "type"), 0.1),
    (("gender", "colour", "type"), 0.14),
    (("usage", "type"), 0.04),
    (("colour", "pattern", "type"), 0.05),
    (("pattern", "type"), 0.03),
    (("brand", "type"), 0.06),
    (("brand", "colour", "type"), 0.06),
)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question and its answer; ``subject`` says what a yes/no question is about, for the validation."""

    question: str
    answer: str
    subject: Subject | None = None


def _yes_no(subject: Subject, term: str, truth: bool) -> Lesson:
    return Lesson(yes_no_question(subject, term), "yes" if truth else "no", subject)


class Teacher:
    """Writes lessons about the rows of a corpus."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._rows = corpus.rows
        self._known = [_with_pattern(row) for row in corpus.rows]
        self._values: dict[str, list[str]] = defaultdict(list)
        self._titles: dict[str, list[str]] = defaultdict(list)
        self._kinds: dict[str, list[str]] = defaultdict(list)
        for i in corpus.train:
            self._note(self._known[i], self._rows[i])
        self._distinct = {field: sorted(set(values)) for field, values in self._values.items()}

    def lessons(self, index: int, count: int, random: np.random.Generator) -> list[Lesson]:
        """``count`` lessons about row ``index``; fewer where little is known of it."""
        row = self._rows[index]
        if row.source == COMPOSED:
            made = [self._about_several(row, random) for _ in range(count)]
        else:
            made = [self._about_one(index, random) for _ in range(count)]
        return list(dict.fromkeys(lesson for lesson in made if lesson is not None))

    def yes_no(self, index: int, field: str, truth: bool, random: np.random.Generator) -> Lesson | None:
        """Whether the row has one attribute: ``kind`` (its type), ``colour``, ``gender``, ``pattern`` or ``usage``."""
        known = self._known[index]
        name = "type" if field == "kind" else field
        if name not in known or (name == "gender" and known[name] == "unisex"):
            return None
        value = known[name] if truth else self._other(name, known, random)
        term = None if value is None else self._term(name, value, known, truth, random)
        if term is not None and name == "gender":
            term = _pick(WEARERS[str(value)], random)
        subject: Subject = "kind" if name == "type" else "wearer" if name == "gender" else "attribute"
        return None if term is None else _yes_no(subject, term, truth)

    def phrase(self, index: int, truth: bool, random: np.random.Generator) -> Lesson | None:
        """Whether the picture shows a phrase of several attributes."""
        known = self._known[index]
        plans = [(fields, weight) for fields, weight in _PLANS if all(field in known for field in fields)]
        if not plans:
            return self.yes_no(index, "kind", truth, random)
        weights = np.array([weight for _, weight in plans])
        fields = plans[random.choice(len(plans), p=weights / weights.sum())][0]
        wrong = None if truth else self._wrong_field(fields, random)
        words: list[str] = []
        for field in fields:
            value = self._other(field, known, random) if field == wrong else known[field]
            word = None if value is None else self._term(field, value, known, field != wrong, random)
            if word is None:
                return None
            words.append(word)
        return _yes_no("whole", _sentence(words, fields, random), truth)

    def _about_one(self, index: int, random: np.random.Generator) -> Lesson | None:
        truth = bool(random.random() < 0.5)
        chance = random.random()
        if chance < 0.3:
            return self.phrase(index, truth, random)
        if chance < 0.4:
            return self.yes_no(index, "kind", truth, random)
        if chance < 0.53:
            return self.yes_no(index, "colour", truth, random)
        if chance < 0.6:
            return self.yes_no(index, "gender", truth, random)
        if chance < 0.65:
            return self.yes_no(index, "pattern" if random.random() < 0.6 else "usage", truth, random)
        if chance < 0.74:
            return self._title(index, truth, random)
        if chance < 0.79:
            return self._negated(index, truth, random)
        if chance < 0.81:
            return self._count(1, truth, random)
        if chance < 0.85:
            return _unseen(random)
        return self._open(index, random)

    def _about_several(self, row: Row, random: np.random.Generator) -> Lesson | None:
        shown = members(row)
        truth = bool(random.random() < 0.5)
        chance = random.random()
        if chance < 0.3:
            return self._count(len(shown), truth, random)
        if chance < 0.4:
            return Lesson(_pick(OPEN["count"], random), NUMBERS[len(shown) - 1])
        if chance < 0.45:
            return _unseen(random)
        one = int(random.choice(shown))
        lesson = self.phrase(one, truth, random) if chance < 0.75 else self.yes_no(one, "kind", truth, random)
        return lesson if lesson is None or truth else self._if_none(lesson, shown)

    def _if_none(self, lesson: Lesson, shown: list[int]) -> Lesson | None:
        """The lesson, whose answer is no, if none of its words tell of any of several products."""
        words = lesson.question.lower()
        for row in shown:
            known = self._known[row]
            if any(name in words for name in names_of(known.get("type", ""))) and lesson.subject == "kind":
                return None
        return lesson if lesson.subject == "kind" or len(set(shown)) == 1 else None

    def _title(self, index: int, truth: bool, random: np.random.Generator) -> Lesson | None:
        title, known = self._rows[index].title, self._known[index]
        if not title:
            return None
        if truth:
            return _yes_no("whole", title_text(title, random, 0.4)[0], True)
        pool = self._titles[known.get("type", "")] if random.random() < 0.7 else self._titles[""]
        other = _pick(pool, random) if pool else title
        return None if other.lower() == title.lower() else _yes_no("whole", title_text(other, random, 0.0)[0], False)

    def _negated(self, index: int, truth: bool, random: np.random.Generator) -> Lesson | None:
        known = self._known[index]
        if "colour" not in known or "type" not in known:
            return None
        colour = self._other("colour", known, random) if truth else known["colour"]
        excluded = None if colour is None else self._term("colour", colour, known, not truth, random)
        if excluded is None:
            return None
        thing = word_for("type", known["type"], random)
        form = _pick(("{1} that is not {0}", "{1} without {0}", "{1}, not {0}", "{1} but not {0}"), random)
        return _yes_no("whole", form.format(excluded, thing), truth)

    def _count(self, number: int, truth: bool, random: np.random.Generator) -> Lesson:
        others = [n for n in range(1, len(NUMBERS) + 1) if n != number]
        said = number if truth else int(random.choice(others))
        return _yes_no("count", NUMBERS[said - 1], truth)

    def _open(self, index: int, random: np.random.Generator) -> Lesson | None:
        known = self._known[index]
        choices = [
            field for field in ("type", "type", "colour", "colour", "gender", "pattern", "usage") if field in known
        ]
        chance = random.random()
        if chance < 0.25 and "type" in known:
            return Lesson(_pick(CAPTIONS, random), _caption(known))
        if chance < 0.3 or not choices:
            return Lesson(_pick(OPEN["count"], random), NUMBERS[0])
        field = _pick(tuple(choices), random)
        return Lesson(_pick(OPEN[field], random), answer_word(field, known[field]))

    def _term(
        self, field: str, value: str, known: dict[str, str], truth: bool, random: np.random.Generator
    ) -> str | None:
        """A word for ``value``; None where it would be false for the answer: a name that right values go by too."""
        word = word_for(field, value, random)
        if truth or field not in known:
            return word
        return None if word in _right_names(field, known) else word

    def _other(self, field: str, known: dict[str, str], random: np.random.Generator) -> str | None:
        """A value of ``field`` that the row does not have: frequent ones and rare ones, near ones and far ones."""
        own = known[field]
        chance = random.random()
        if field == "type" and chance < 0.4:
            pool = self._kinds[known.get("kind", "")] if chance < 0.2 else self._kinds["of " + known.get("gender", "")]
        elif field == "pattern":
            pool = [each for each in PATTERNS if not {each, own} <= {"printed", "floral", "polka dot"}]
        elif field == "usage":
            pool = list(_USAGES)
        else:
            pool = self._values[field] if chance < 0.7 else self._distinct[field]
        value = _pick(pool, random) if pool else own
        return None if value == own else value

    def _wrong_field(self, fields: tuple[str, ...], random: np.random.Generator) -> str:
        weights = np.array([{"colour": 3.0, "type": 2.0, "kind": 2.0}.get(field, 1.0) for field in fields])
        return fields[random.choice(len(fields), p=weights / weights.sum())]

    def _note(self, known: dict[str, str], row: Row) -> None:
        for field, value in known.items():
            self._values[field].append(value)
        if "type" in known:
            self._kinds[known.get("kind", "")].append(known["type"])
            self._kinds["of " + known.get("gender", "")].append(known["type"])
        if row.title:
            self._titles[known.get("type", "")].append(row.title)
            self._titles[""].append(row.title)


def _with_pattern(row: Row) -> dict[str, str]:
    """The row's attributes, with the pattern that its title names."""
    known = dict(row.attributes)
    found = known.get("pattern") or pattern_of(row.title)
    if found is not None:
        known["pattern"] = found
    if known.get("usage") not in _USAGES:
        known.pop("usage", None)
    return known


def _right_names(field: str, known: dict[str, str]) -> set[str]:
    if field in ("type", "kind"):
        names = {name for each in ("type", "kind") if each in known for name in (known[each], *names_of(known[each]))}
        return names | {singular(name) for name in names}
    table = {"colour": COLOUR_NAMES, "gender": GENDER_NAMES}.get(field, {})
    return {known[field], *table.get(known[field], ())}


def _sentence(words: list[str], fields: tuple[str, ...], random: np.random.Generator) -> str:
    """The words as a phrase, now and then in a sentence's form."""
    if random.random() > 0.3:
        return " ".join(words)
    named = dict(zip(fields, words, strict=True))
    thing = named.pop(fields[-1])
    wearer = named.pop("gender", "").removeprefix("for ")
    text = " ".join((*named.values(), thing))
    if wearer:
        text = f"{text} for {wearer}"
    return _pick(SENTENCES, random).format(text)


def _caption(known: dict[str, str]) -> str:
    words = [known[field] for field in ("colour", "pattern") if field in known]
    thing = " ".join((*words, answer_word("type", known["type"])))
    article = "an" if thing[0] in "aeiou" else "a"
    wearer = f" for {known['gender']}" if known.get("gender") in ("men", "women", "boys", "girls") else ""
    return f"{article} {thing}{wearer}."


def _unseen(random: np.random.Generator) -> Lesson:
    if random.random() < 0.6:
        return Lesson(_pick(UNSEEN, random), CANNOT_TELL)
    return Lesson(yes_no_question("attribute", _pick(UNSEEN_YES_NO, random)), CANNOT_TELL)


def _pick(choices: "tuple[str, ...] | list[str]", random: np.random.Generator) -> str:
    return choices[random.integers(len(choices))]
