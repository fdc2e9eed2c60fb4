"""Judged queries in which words matter, made of the rows of a catalogue, and shelves with and without these words.

Of the fashion catalogue, one split:

* ``titles``, ``phrases``, ``sentences``, ``negations``: those of :mod:`benchmarks.families`.
* ``typos``: a title of which every other longer word has one slip of the finger.
* ``brands``: brand and article type (``puma sports shoes``); the brand is what stands in the title before the wearer.
* ``minus``: an article type and a colour to leave out, ``tops -red``; relevant are tops of other colours.
* ``codes``: an item's id.

Of the sportswear catalogue, half of its products (by a digest of the product's code):

* ``codes``: a product's code without its colour, in lower case (``mh01``); every colour of it is relevant.
* ``typos``: its title likewise; ``colours``: colour and last part of the category; ``fabrics``: material and last part
  of the category.

Titles as queries over the same titles say little: words find them by construction. So the fashion catalogue is also
asked with the words of half of its items taken away (``half``), as where suppliers send pictures only, and with titles
alone (``titles only``), so that relevance is judged by fields that the index has not read.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from random import Random
from typing import Any

from benchmarks.families import families
from benchmarks.gallery import Row
from shelfsight.evaluation import JudgedQuery

__all__ = ["SHELVES", "Shelf", "fashion_queries", "sportswear_queries"]

_WEARER = re.compile(r"\s(?:Men|Women|Boys?|Girls?|Unisex|Kids?)(?:'s)?\s")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LEAST = 5


@dataclass(frozen=True, slots=True)
class Shelf:
    """What of a catalogue's words a collection gets.

    Attributes:
        fields: fields that are kept; ``None``: all.
        half: every other item has none, by a digest of its id.
    """

    name: str
    fields: frozenset[str] | None = None
    half: bool = False

    def words(self, row: Row) -> tuple[str | None, dict[str, Any]]:
        """Title and metadata of an item on this shelf."""
        if self.half and _digest(row.id) % 2:
            return None, {}
        kept = {name: value for name, value in row.fields.items() if self.fields is None or name in self.fields}
        return row.title, {name: value for name, value in kept.items() if name != "split"}


SHELVES = (Shelf("all words"), Shelf("half", half=True), Shelf("titles only", fields=frozenset()))


def fashion_queries(rows: Sequence[Row], *, seed: int, most: int) -> list[JudgedQuery]:
    """``most`` queries a family at most, of one split."""
    plain = [row.plain() for row in rows]
    found = {name: family.queries for name, family in families(plain, seed=seed).items()}
    random = Random(seed)
    found["typos"] = [
        replace(query, text=_slipped(query.text or "", random), family="typos") for query in found["titles"]
    ]
    found["brands"] = list(_brands(rows))
    found["minus"] = list(_minus(plain))
    found["codes"] = [_judged("codes", row.id, [row.id]) for row in rows]
    return [query for queries in found.values() for query in _drawn(queries, most, random)]


def sportswear_queries(rows: Sequence[Row], split: str, *, seed: int) -> list[JudgedQuery]:
    """Queries about the products of one half of the catalogue; every item that fits is relevant."""
    random = Random(seed)
    products: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        products[row.id.split("-")[0]].append(row)
    asked = {code: found for code, found in products.items() if _digest(code) % 2 == (split == "test")}
    queries = [_judged("codes", code.lower(), (row.id for row in found)) for code, found in sorted(asked.items())]
    titles = _groups((row.title or "", row.id) for row in rows)
    wanted = sorted({row.title or "" for found in asked.values() for row in found})
    queries += [_judged("typos", _slipped(title, random), titles[title]) for title in wanted]
    for family, name in (("colours", "colour"), ("fabrics", "material")):
        fitting = _groups(pair for row in rows for pair in _with_kind(row, name))
        texts = [text for text, ids in sorted(fitting.items()) if len(ids) >= _LEAST]
        queries += [_judged(family, text, fitting[text]) for text in texts if _digest(text) % 2 == (split == "test")]
    return queries


def _with_kind(row: Row, field: str) -> Iterator[tuple[str, str]]:
    kind = str(row.fields["category"]).rsplit("/", 1)[-1]
    for value in str(row.fields.get(field) or "").split(","):
        if value.strip():
            yield f"{value.strip()} {kind}".lower(), row.id


def _brands(rows: Iterable[Row]) -> Iterator[JudgedQuery]:
    pairs = _groups(
        (f"{brand} {row.fields['article_type']}".lower(), row.id) for row in rows if (brand := _brand(row.title or ""))
    )
    return (_judged("brands", text, ids) for text, ids in sorted(pairs.items()) if len(ids) >= _LEAST)


def _brand(title: str) -> str | None:
    found = _WEARER.search(title)
    return title[: found.start()] if found and len(title[: found.start()].split()) <= 3 else None


def _minus(rows: Sequence[Mapping[str, Any]]) -> Iterator[JudgedQuery]:
    colours: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        colours[str(row["article_type"])][str(row["colour"])].append(row["id"])
    for kind, by_colour in sorted(colours.items()):
        size = sum(map(len, by_colour.values()))
        for colour, ids in sorted(by_colour.items()):
            others = [id for other, found in by_colour.items() if other != colour for id in found]
            if len(ids) >= size / 5 and len(others) >= 2 * _LEAST:
                yield replace(_judged("minus", kind.lower(), others), negative=(colour.lower(),))


def _slipped(title: str, random: Random) -> str:
    """A slip in every other word of five letters and more, and in one at least where there is one."""
    words = title.split()
    long = [place for place, word in enumerate(words) if len(word) >= 5 and word.isalpha()]
    for place in random.sample(long, (len(long) + 1) // 2):
        words[place] = _slip(words[place], random)
    return " ".join(words)


def _slip(word: str, random: Random) -> str:
    """One letter more, fewer, another, or two swapped; the first stays, as it mostly does."""
    at = random.randrange(1, len(word) - 1)
    letter = random.choice(_LETTERS)
    return random.choice(
        (
            word[:at] + letter + word[at:],
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        )
    )


def _groups(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for value, id in pairs:
        groups[value].append(id)
    return groups


def _judged(family: str, text: str, ids: Iterable[str]) -> JudgedQuery:
    return JudgedQuery(text=text, relevant=dict.fromkeys(ids, 1), family=family)


def _drawn(queries: Sequence[JudgedQuery], most: int, random: Random) -> list[JudgedQuery]:
    ordered = sorted(queries, key=lambda query: (query.text or "", query.negative))
    return ordered if len(ordered) <= most else random.sample(ordered, most)


def _digest(text: str) -> int:
    return blake2b(text.encode(), digest_size=4).digest()[0]
