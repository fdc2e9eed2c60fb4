"""What :mod:`benchmarks.relevance` asks of each catalogue, with what is relevant to it.

* text: titles, phrases and sentences of :mod:`benchmarks.families`, article types and colours less a colour in the
  fashion catalogue; products and kinds of groceries; labels of clothes; colour and kind of sportswear. A title is
  answered by every item that has the article type, colour and wearer of one with that title: what a title says beyond
  that (brand, collection, number) no picture shows.
* picture: an item's; relevant are the others of its article type, colour and wearer (its product, its label).
* both: a picture, and words for its article type in another colour; relevant is what has these.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from benchmarks.absent import ABSENT
from benchmarks.families import families
from benchmarks.gallery import Row
from shelfsight.core.relevance import Asked
from shelfsight.search.relevance import asked_for

__all__ = ["Question", "absent_from", "questions"]

_PICTURES = 150
_FEWEST = 3
_LOOKS = {
    "fashion": ("article_type", "colour", "gender"),
    "grocery": ("product",),
    "clothing": ("label",),
    "sportswear": ("last", "colour"),
}
_WORDS = {"grocery": (("product",), ("kind",)), "clothing": (("label",),), "sportswear": (("colour", "last"),)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A query, and the ids that are relevant to it; none where the catalogue has nothing of what is asked for.

    Attributes:
        picture: (catalogue, id) of the item whose picture is shown; it is left out of the hits of its own catalogue.
        without: a condition that no item searched may meet: field and value.
    """

    family: str
    text: str | None = None
    negative: tuple[str, ...] = ()
    picture: tuple[str, str] | None = None
    relevant: frozenset[str] = frozenset()
    without: tuple[str, str] | None = None

    @property
    def asked(self) -> Asked:
        return asked_for(text=self.text is not None, picture=self.picture is not None, minus=bool(self.negative))


def questions(catalogue: str, rows: Sequence[Row], *, seed: int = 0) -> list[Question]:
    """Questions that ``rows`` have an answer to."""
    asked = _fashion(rows, seed) if catalogue == "fashion" else _named(catalogue, rows)
    return [*asked, *_shown(catalogue, rows, seed)]


def absent_from(others: Mapping[str, Sequence[Row]], split: str) -> list[Question]:
    """Questions without an answer: what no catalogue has, and what the ``others`` sell.

    Args:
        others: name -> rows of catalogues of other goods.
    """
    asked = [
        Question(family="absent: nonsense" if _is_nonsense(n, split) else "absent: other things", text=phrase)
        for n, phrase in enumerate(ABSENT[split])
    ]
    for name, rows in others.items():
        words = {question.text: question for question in questions(name, rows) if question.text is not None}
        asked += [
            Question(family=f"absent: {name}", text=text)
            for text, question in words.items()
            if not question.negative and question.family.split(": ")[-1] in ("article type", "product", "kind", "label")
        ]
        random = np.random.default_rng(1)
        for n in random.permutation(len(rows))[:60]:
            picture = (name, rows[n].id)
            asked.append(Question(family=f"absent: pictures of {name}", picture=picture))
            asked.append(
                Question(family=f"absent: both of {name}", picture=picture, text=_value(rows[n], _LOOKS[name][0]))
            )
    return asked


def _is_nonsense(place: int, split: str) -> bool:
    return place >= len(ABSENT[split]) - 10


def _fashion(rows: Sequence[Row], seed: int) -> Iterator[Question]:
    alike = _groups(rows, _LOOKS["fashion"])
    look = {id: ids for ids in alike.values() for id in ids}
    for name, family in families([row.plain() for row in rows], seed=seed, most=150).items():
        for query in family.queries:
            if name == "negations":
                continue
            found = set(query.relevant)
            if name == "titles":
                found.update(*(look.get(id, ()) for id in query.relevant))
            yield Question(family=f"fashion: {name}", text=query.text, relevant=frozenset(found))
    types = _groups(rows, ("article_type",))
    for (kind,), ids in types.items():
        yield Question(family="fashion: article type", text=kind.lower(), relevant=frozenset(ids))
    for (kind, colour), ids in islice(sorted(_groups(rows, ("article_type", "colour")).items()), 0, None, 4):
        rest = frozenset(types[(kind,)]) - frozenset(ids)
        if len(rest) >= _FEWEST:
            yield Question(
                family="fashion: less a colour", text=kind.lower(), negative=(colour.lower(),), relevant=rest
            )
    for (kind,), ids in types.items():
        if len(ids) >= 10:
            yield Question(family="absent: kind taken out", text=kind.lower(), without=("article_type", kind))


def _named(catalogue: str, rows: Sequence[Row]) -> Iterator[Question]:
    for fields in _WORDS[catalogue]:
        for values, ids in _groups(rows, fields).items():
            yield Question(
                family=f"{catalogue}: {' '.join(fields)}", text=" ".join(values).lower(), relevant=frozenset(ids)
            )


def _shown(catalogue: str, rows: Sequence[Row], seed: int) -> Iterator[Question]:
    """Pictures alone, and pictures with words."""
    fields = _LOOKS[catalogue]
    alike = _groups(rows, fields)
    of = {id: (values, ids) for values, ids in alike.items() for id in ids}
    known = sorted(of)
    random = np.random.default_rng(seed)
    for place in random.permutation(len(known))[:_PICTURES]:
        id = known[place]
        values, ids = of[id]
        picture = (catalogue, id)
        yield Question(family=f"{catalogue}: picture", picture=picture, relevant=frozenset(ids) - {id})
        others = [each for each in alike if each[0] == values[0] and each != values] or [values]
        other = others[int(random.integers(len(others)))]
        text = " ".join(reversed(other[:2])).lower()
        wanted = frozenset(alike[other] if len(other) < 3 else _both(alike, other)) - {id}
        yield Question(family=f"{catalogue}: picture and words", picture=picture, text=text, relevant=wanted)


def _both(alike: Mapping[tuple[str, ...], list[str]], wanted: tuple[str, ...]) -> list[str]:
    return [id for values, ids in alike.items() if values[:2] == wanted[:2] for id in ids]


def _groups(rows: Sequence[Row], fields: Sequence[str]) -> dict[tuple[str, ...], list[str]]:
    """Ids by values of fields, of groups that are large enough."""
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for row in rows:
        values = tuple(_value(row, field) for field in fields)
        if all(values):
            groups[values].append(row.id)
    return {values: ids for values, ids in groups.items() if len(ids) >= _FEWEST}


def _value(row: Row, field: str) -> str:
    """A field's value, empty where it is not known; ``last`` is the last part of the category."""
    value = str(row.fields.get("category" if field == "last" else field) or "")
    value = value.rsplit("/", 1)[-1] if field == "last" else value
    return "" if value in ("NA", "Not sure", "Other", "None") else value
