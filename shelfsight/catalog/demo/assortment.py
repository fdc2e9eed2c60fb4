"""What the shop stocks: which items there are, before any of them is drawn.

A season is 720 places, 36 of each kind. Thirty of them belong to lines (one colour and pattern in several shapes, as
shops order them), so that a phrase such as "red floral dress" has several right answers; the others are single pieces.
Item i depends on the seed and on i alone: a longer catalogue begins with the shorter one.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from shelfsight.catalog.demo.vocabulary import ACCENTS, BRANDS, DENIM_COLOURS, KINDS, MATERIAL_OF_FORM, PLAIN_ONLY, Kind

PLACES = 36
LINES, LINE_LENGTH = 5, 6
SEASON = PLACES * len(KINDS)


@dataclass(frozen=True)
class Spec:
    """One item in words: everything its picture must show."""

    index: int
    kind: Kind
    colour: str
    accent: str
    pattern: str
    material: str
    texture: str
    form: dict[str, str]
    brand: str
    price: float
    cluttered: bool

    @property
    def title(self) -> str:
        words = {"pattern": "" if self.pattern == "plain" else self.pattern, "material": self.material, **self.form}
        text = " ".join(self.kind.title.format_map(words).split())
        return f"{self.brand} {text}, {self.colour}"


def _draw(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[int(rng.integers(len(choices)))]


@lru_cache(maxsize=64)
def _season(seed: int, season: int) -> tuple[tuple[str, str | None, str | None], ...]:
    """Kind, colour and pattern of each place of a season, shuffled; single pieces have no colour yet."""
    rng = np.random.default_rng([seed, season, 1])
    places: list[tuple[str, str | None, str | None]] = []
    for kind in KINDS.values():
        colours = rng.permutation(kind.colours)[:LINES]
        for colour in colours:
            places.extend([(kind.name, str(colour), _draw(rng, kind.patterns))] * LINE_LENGTH)
        places.extend([(kind.name, None, None)] * (PLACES - LINES * LINE_LENGTH))
    return tuple(places[int(place)] for place in rng.permutation(len(places)))


def spec(seed: int, index: int) -> Spec:
    """Item `index` of the catalogue with that seed."""
    name, colour, pattern = _season(seed, index // SEASON)[index % SEASON]
    kind = KINDS[name]
    rng = np.random.default_rng([seed, index, 2])
    colour = colour or _draw(rng, kind.colours)
    pattern = pattern or _draw(rng, kind.patterns)
    form, material, texture = _make(rng, kind, colour, pattern)
    return Spec(
        index, kind, colour, _draw(rng, ACCENTS[colour]), pattern, material, texture, form,
        _draw(rng, BRANDS[kind.trade]), _price(rng, kind), bool(rng.random() < 0.4),
    )  # fmt: skip


def _make(rng: np.random.Generator, kind: Kind, colour: str, pattern: str) -> tuple[dict[str, str], str, str]:
    """Shape, material and texture that go together, and with colour and pattern."""
    form = {name: _draw(rng, _printable(kind, name, choices, pattern)) for name, choices in kind.forms.items()}
    if form.get("neck") == "strap":
        form["sleeve"] = "sleeveless"
    if form.get("front") == "cardigan sweater" and form["neck"] == "roll":
        form["neck"] = "v"
    dyed = tuple(m for m in kind.materials if m != "denim" or (colour in DENIM_COLOURS and pattern == "plain"))
    material = _draw(rng, _printable(kind, "material", dyed, pattern))
    made = [MATERIAL_OF_FORM[key] for key in ((kind.name, n, c) for n, c in form.items()) if key in MATERIAL_OF_FORM]
    return (form, *made[0]) if made else (form, material, kind.materials[material])


def _printable(kind: Kind, name: str, choices: tuple[str, ...], pattern: str) -> tuple[str, ...]:
    refused = PLAIN_ONLY.get((kind.name, name), ()) if pattern != "plain" else ()
    return tuple(choice for choice in choices if choice not in refused)


def _price(rng: np.random.Generator, kind: Kind) -> float:
    """Cheap ones are more common than dear ones; prices end as shops end them."""
    low, high = kind.price
    whole = int(low + (high - low) * rng.beta(1.6, 2.6))
    return whole + float((0.99, 0.95, 0.90, 0.0)[int(rng.integers(4))])
