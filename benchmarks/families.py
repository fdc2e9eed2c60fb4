"""Four families of judged queries, made of the rows of a fashion catalogue: what re-ranking is measured with.

* ``titles``: a title; every item of that title is relevant.
* ``phrases``: colour + article type, gender + article type, gender + colour + article type, where enough items fit.
* ``sentences``: the same attributes in a full sentence of a shopper. An occasion in it ("for the office") goes with
  what nearly all of the items are used for, and is not judged.
* ``negations``: an article type without a colour, in many wordings, also for one gender; relevant are items of the
  type that have another colour. Only pairs where the colour is neither rare nor the rule are asked: 25 to 60 % of the
  type has it, so that a search which overlooks the "not" fails visibly.

A row is a mapping with ``id``, ``title``, ``gender``, ``article_type``, ``colour`` and ``usage``; where one of them is
``None``, empty or ``NA``, it is not known, and the row is relevant to nothing that asks for it. The same rows and seed
give the same queries. None of the wordings is one that the embedded models were trained with.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from shelfsight.evaluation import JudgedQuery

__all__ = ["NEGATIONS", "SENTENCES", "Family", "families", "negations", "phrases", "sentences", "titles"]

Row = Mapping[str, Any]
Group = tuple[str, ...]
"""Values of some fields that items share, in the order of the fields."""

AT_LEAST = 5
"""Items that a phrase or a sentence fits, at least."""
SHARE = (0.25, 0.60)
"""Share of a kind that has the excluded colour."""
KIND_AT_LEAST = 20
REMAINING_AT_LEAST = 10

_PLANS = (("colour", "article_type"), ("gender", "article_type"), ("gender", "colour", "article_type"))
_POSSESSIVE = {"Men": "men's", "Women": "women's", "Boys": "boys'", "Girls": "girls'", "Unisex": "unisex"}
_WEARER = {"Men": "men", "Women": "women", "Boys": "boys", "Girls": "girls", "Unisex": "everyone"}
_NAMES = {
    "tshirts": "t-shirts",
    "necklace and chains": "necklaces",
    "perfume and body mist": "perfume",
    "innerwear vests": "vests",
    "night suits": "pyjamas",
}
_AS_THEY_ARE = ("s", "wear", "jewellery", "perfume")

SENTENCES = (
    "I need {thing}{for_whom}{occasion}.",
    "I am looking for {thing}{for_whom}{occasion}.",
    "Do you have any {thing}{for_whom}?",
    "Could you show me your {thing}{for_whom}, please?",
    "My old ones fell apart, so I want new {thing}{for_whom}{occasion}.",
    "Where can I find {thing}{for_whom}?",
    "We would like to order {thing}{for_whom}{occasion}.",
    "Please help me choose {thing}{for_whom}{occasion}.",
    "I have been searching everywhere for {thing}{for_whom}.",
    "Which {thing}{for_whom} do you carry{occasion}?",
    "As a birthday present I thought of {thing}{for_whom}.",
    "Let me see {thing}{for_whom} that could work{occasion}.",
    "Are there {thing}{for_whom} left in your shop?",
    "It should be {thing}{for_whom}{occasion}, nothing else.",
)
_OCCASIONS: dict[str, tuple[str, ...]] = {
    "Formal": (" for a wedding", " for the office", " for a job interview"),
    "Sports": (" for the gym", " for my morning run"),
    "Casual": (" for the weekend", " for every day", ""),
    "Ethnic": (" for a festival", " for a family celebration"),
    "Party": (" for a party",),
}
_OCCASION_SHARE = 0.9

NEGATIONS = (
    "{thing} that are not {colour}",
    "{thing} without {colour}",
    "no {colour} {thing}",
    "{thing}, not {colour}",
    "{thing} but not {colour}",
    "{thing} except {colour}",
    "{thing}, anything but {colour}",
    "{thing} other than {colour} ones",
    "{thing} in any colour but {colour}",
    "non-{colour} {thing}",
    "I want {thing} that aren't {colour}",
    "show me {thing}, but please nothing {colour}",
    "{thing} excluding {colour}",
    "I don't want {colour} {thing}",
)


@dataclass(frozen=True, slots=True)
class Family:
    """Queries of one kind.

    Attributes:
        queries: in the order of their texts, each with ``family`` set.
        violating: of negations, text -> ids of the kind that have what the query excludes.
    """

    name: str
    queries: list[JudgedQuery]
    violating: Mapping[str, frozenset[str]] = field(default_factory=dict)


def families(rows: Sequence[Row], *, seed: int = 0, most: int | None = None) -> dict[str, Family]:
    """All four by name; ``most`` bounds the queries of each, drawn with ``seed``."""
    made = (titles(rows), phrases(rows), sentences(rows, seed=seed), negations(rows, seed=seed))
    return {family.name: _drawn(family, seed, most) for family in made}


def titles(rows: Iterable[Row]) -> Family:
    """One query a title."""
    groups = _groups(rows, ("title",))
    return Family("titles", [_judged("titles", title, ids) for (title,), ids in sorted(groups.items())])


def phrases(rows: Iterable[Row], *, at_least: int = AT_LEAST) -> Family:
    """One query a combination of values that ``at_least`` items have."""
    rows = list(rows)
    queries = [_judged("phrases", _phrase(fields, group), ids) for fields, group, ids in _asked(rows, at_least)]
    return Family("phrases", _sorted(queries))


def sentences(rows: Iterable[Row], *, seed: int = 0, at_least: int = AT_LEAST) -> Family:
    """One sentence a combination of values that ``at_least`` items have; all sentences are used in turn."""
    rows = list(rows)
    usage = {str(row["id"]): _value(row, "usage") for row in rows}
    random = Random(seed)
    turn = _turns(SENTENCES, random)
    queries = []
    for fields, group, ids in _asked(rows, at_least):
        named = dict(zip(fields, group, strict=True))
        occasion = random.choice(_occasions([usage[id] for id in ids]))
        text = next(turn).format(thing=_thing(named), for_whom=_for_whom(named), occasion=occasion)
        queries.append(_judged("sentences", text, ids))
    return Family("sentences", _sorted(queries))


def negations(rows: Iterable[Row], *, seed: int = 0, wordings: int = 2) -> Family:
    """``wordings`` queries a pair of a kind (article type, or gender and article type) and a colour to leave out."""
    rows = list(rows)
    turn = _turns(NEGATIONS, Random(seed))
    queries: list[JudgedQuery] = []
    violating: dict[str, frozenset[str]] = {}
    of_type = _groups(rows, ("article_type", "colour"))
    for kind, colour, relevant in _pairs(rows):
        thing = _name(kind["article_type"]) + _for_whom(kind)
        for _ in range(wordings):
            text = next(turn).format(thing=thing, colour=colour.lower())
            queries.append(_judged("negations", text, relevant))
            violating[text] = frozenset(of_type[kind["article_type"], colour])
    return Family("negations", _sorted(queries), violating)


def _pairs(rows: Sequence[Row]) -> Iterator[tuple[dict[str, str], str, list[str]]]:
    """A kind, a colour that a fair share of it has, and the ids of the kind that have another colour."""
    for fields in (("article_type",), ("gender", "article_type")):
        kinds: dict[Group, dict[str, list[str]]] = defaultdict(dict)
        for values, ids in sorted(_groups(rows, (*fields, "colour")).items()):
            kinds[values[:-1]][values[-1]] = ids
        for group, by_colour in kinds.items():
            size = sum(map(len, by_colour.values()))
            for colour, ids in by_colour.items():
                fair = SHARE[0] <= len(ids) / size <= SHARE[1]
                if fair and size >= KIND_AT_LEAST and size - len(ids) >= REMAINING_AT_LEAST:
                    others = [id for other, rest in by_colour.items() if other != colour for id in rest]
                    yield dict(zip(fields, group, strict=True)), colour, others


def _asked(rows: Sequence[Row], at_least: int) -> Iterator[tuple[tuple[str, ...], Group, list[str]]]:
    """Fields, their values, and the ids that have them, where these are enough."""
    for fields in _PLANS:
        for group, ids in sorted(_groups(rows, fields).items()):
            if len(ids) >= at_least:
                yield fields, group, ids


def _groups(rows: Iterable[Row], fields: Sequence[str]) -> dict[Group, list[str]]:
    """Ids by the values of some fields; rows of which one is not known are left out."""
    groups: dict[Group, list[str]] = defaultdict(list)
    for row in rows:
        values = tuple(_value(row, name) for name in fields)
        if all(values):
            groups[values].append(str(row["id"]))
    return groups


def _value(row: Row, name: str) -> str:
    """A row's value, empty where it is not known."""
    value = row.get(name)
    return "" if value is None or value == "NA" else str(value)


def _phrase(fields: Sequence[str], group: Group) -> str:
    named = dict(zip(fields, group, strict=True))
    wearer = _POSSESSIVE.get(named.get("gender", ""), named.get("gender", "").lower())
    return " ".join(filter(None, (wearer, _thing(named))))


def _thing(named: Mapping[str, str]) -> str:
    """``black casual shoes``."""
    return f"{named.get('colour', '').lower()} {_name(named['article_type'])}".strip()


def _for_whom(named: Mapping[str, str]) -> str:
    gender = named.get("gender")
    return "" if gender is None else f" for {_WEARER.get(gender, gender.lower())}"


def _name(article_type: str) -> str:
    """What a shopper calls several of an article type: ``t-shirts`` for ``Tshirts``, ``bras`` for ``Bra``."""
    name = _NAMES.get(article_type.lower(), article_type.lower())
    if name.endswith(_AS_THEY_ARE) or " and " in name:
        return name
    return f"{name}es" if name.endswith(("sh", "ch", "x")) else f"{name}s"


def _occasions(usages: Sequence[str]) -> tuple[str, ...]:
    """Occasions that go with items of these usages; none but the empty one where they differ."""
    usage, count = Counter(usages).most_common(1)[0]
    return _OCCASIONS.get(usage, ("",)) if count >= _OCCASION_SHARE * len(usages) else ("",)


def _turns(wordings: Sequence[str], random: Random) -> Iterator[str]:
    """Each wording once in a random order, then in another one, without end."""
    while True:
        yield from random.sample(wordings, len(wordings))


def _judged(family: str, text: str, ids: Iterable[str]) -> JudgedQuery:
    return JudgedQuery(text=text, relevant=dict.fromkeys(ids, 1), family=family)


def _sorted(queries: Iterable[JudgedQuery]) -> list[JudgedQuery]:
    return sorted(queries, key=lambda query: query.text or "")


def _drawn(family: Family, seed: int, most: int | None) -> Family:
    if most is None or len(family.queries) <= most:
        return family
    queries = _sorted(Random(seed).sample(family.queries, most))
    texts = {query.text for query in queries}
    kept = {text: ids for text, ids in family.violating.items() if text in texts}
    return Family(family.name, queries, kept)
