"""Atoms judged on one hit: what a catalogue's field decides, and what a model's answer says."""

import math
from typing import Any

import numpy as np
import pytest
from store_fields import FIELDS, FILTERS

from shelfsight.core.atoms import Atom
from shelfsight.core.calibration import Calibration, Scale
from shelfsight.core.filters import And, FieldPath, In, Not, parse
from shelfsight.core.protocols import Change, Fingerprints, Store, StoredItem, StoredPicture
from shelfsight.core.types import Claim, Evidence, Hit, Value
from shelfsight.core.vectors import normalise
from shelfsight.search.explain.agreement import agrees
from shelfsight.search.explain.claims import by_catalogue, by_nobody, by_picture, is_seen
from shelfsight.search.explain.truth import truth


def hit(**metadata: Value) -> Hit:
    return Hit(id="a", rank=1, score=0.5, title="A", picture="a.jpg", picture_index=0, metadata=metadata)


def attribute(term: str, value: str | None = None, *, negated: bool = False, field: str | None = "colour") -> Atom:
    return Atom(kind="attribute", term=term, value=value, field=field, negated=negated, subject="attribute")


# --- does the value agree? ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "value", "agreed"),
    [
        ("red", "red", True),
        ("red", "RED", True),
        ("red", "blue", False),
        ("running shoe", "Running Shoes", True),
        ("running shoes", "running-shoe", True),
        ("t-shirt", "Tshirts", True),
        ("women", "Women's", True),
        ("men", "women", False),
        ("blue", "Navy Blue", True),
        ("shoe", "running shoes", True),
        ("leather", "faux leather", False),
        ("leather", "Non-leather", False),
        ("leather", "vegan leather", False),
        ("white", "off white", False),
        ("navy blue", "blue", None),
        ("running shoe", "shoe", None),
        ("dress", "dress shoe", None),
        ("red", ["blue", "red"], True),
        ("red", ["blue", "green"], False),
        ("red", "blue/red", True),
        ("red", "white, blue and green", False),
        ("red", [], None),
        ("red", None, None),
        ("red", "", None),
        ("red", {"en": "red"}, None),
        ("2", 2, True),
        ("2", 2.0, True),
        ("2.5", 2.5, True),
        ("2", 3, False),
        ("true", True, True),
        ("true", False, False),
    ],
)
def test_a_value_agrees_or_not_or_does_not_decide(wanted: str, value: Value, agreed: bool | None) -> None:
    assert agrees(attribute("x", wanted), value) is agreed


def test_synonyms_go_by_the_atoms_value() -> None:
    assert agrees(attribute("sneakers", "Sports Shoes"), "Sports Shoes") is True
    assert agrees(attribute("sneakers"), "Sports Shoes") is False


def test_what_is_for_everyone_is_for_women() -> None:
    atom = Atom(kind="attribute", term="women", value="Women", field="gender", subject="wearer")
    assert (agrees(atom, "Unisex"), agrees(atom, "Men"), agrees(atom, "Women")) == (True, False, True)


# --- claims of the catalogue ----------------------------------------------------------------------------------------


def said(atom: Atom, verdict: str, value: Value, field: str = "colour") -> Claim:
    return Claim(
        atom=atom.text,
        kind=atom.kind,
        verdict=verdict,
        probability={"yes": 1.0, "no": 0.0, "cannot tell": 0.5}[verdict],
        evidence=Evidence(field=field, value=value),
        source="catalogue",
    )


@pytest.mark.parametrize(
    ("negated", "value", "verdict"),
    [(False, "Red", "yes"), (False, "blue", "no"), (True, "Red", "no"), (True, 1, "yes")],
)
def test_a_field_decides(negated: bool, value: Value, verdict: str) -> None:
    atom = attribute("red", "Red", negated=negated)
    assert by_catalogue(atom, hit(colour=value)) == said(atom, verdict, value)


@pytest.mark.parametrize(
    ("atom", "fields"),
    [
        (attribute("red", "red"), {}),
        (attribute("red", "red"), {"colour": None}),
        (attribute("red", "red"), {"colour": ""}),
        (attribute("red", field=None), {"colour": "red"}),
        (Atom(kind="other", term="logo"), {"colour": "red"}),
    ],
)
def test_without_a_value_a_picture_must_be_looked_at(atom: Atom, fields: dict[str, Value]) -> None:
    assert by_catalogue(atom, hit(**fields)) is None


def test_fields_can_be_hidden_but_not_from_limits() -> None:
    limit = Atom(kind="limit", term="under 50", filter="price < 50")
    shown = hit(colour="red", price=39)
    assert by_catalogue(attribute("red", "red"), shown, pixels_only=True) is None
    assert by_catalogue(limit, shown, pixels_only=True) == said(limit, "yes", 39, "price")


@pytest.mark.parametrize(
    ("filter", "verdict", "field", "value"),
    [
        ("price < 50", "yes", "price", 39),
        ("price < 30", "no", "price", 39),
        ("10 < price <= 39", "yes", "price", 39),
        ("weight < 5", "cannot tell", "weight", None),
        ("price < 50 and weight < 5", "cannot tell", "price", 39),
        ("not (price < 50)", "no", "price", 39),
        ('specs["size"] == 42', "yes", "specs", 42),
        ('title like "A%"', "yes", "title", "A"),
    ],
)
def test_limits_are_the_items_own(filter: str, verdict: str, field: str, value: Value) -> None:
    atom = Atom(kind="limit", term="the limit", filter=filter)
    assert by_catalogue(atom, hit(price=39, specs={"size": 42})) == said(atom, verdict, value, field)


@pytest.mark.parametrize("filter", [None, "", "price <", "&&"])
def test_a_limit_that_no_field_knows_is_judged_by_nobody(filter: str | None) -> None:
    atom = Atom(kind="limit", term="cheap", filter=filter)
    assert by_catalogue(atom, hit(price=39)) == by_nobody(atom)


def test_a_limit_has_its_negation_in_its_filter() -> None:
    atom = Atom(kind="limit", term="under 50", negated=True, filter="price >= 50")
    claim = by_catalogue(atom, hit(price=60))
    assert claim is not None
    assert (claim.atom, claim.verdict) == ("not under 50", "yes")


@pytest.fixture
def stocked(empty_store: Store) -> Store:
    prints = Fingerprints(pictures="p", metadata="m")
    pictures = (StoredPicture(name="0.jpg", path=None, preview=b"-"),)
    changes = [
        Change(
            item=StoredItem(id=f"i{place}", title=None, metadata=fields, pictures=pictures, fingerprints=prints),
            vectors=normalise(np.array([[1.0, place + 1.0, 0.0]])),
        )
        for place, fields in enumerate(FIELDS)
    ]
    empty_store.commit(changes)
    return empty_store


@pytest.mark.parametrize("filter", FILTERS)
def test_a_filter_is_true_of_an_item_where_a_store_passes_it(stocked: Store, filter: str) -> None:
    tree, snapshot = parse(filter), stocked.snapshot()
    for place, fields in enumerate(FIELDS):
        only = In(FieldPath("id"), (f"i{place}",))
        passes, fails = (snapshot.count(And((only, each))) == 1 for each in (tree, Not(tree)))
        assert truth(tree, fields) is (True if passes else False if fails else None)


# --- claims of a model ----------------------------------------------------------------------------------------------

SCALES = {"attribute": Scale(slope=2.0, yes_from=0.8, no_below=0.3), "other": Scale()}


@pytest.mark.parametrize(
    ("negated", "score", "verdict", "probability"),
    [
        (False, 0.75, "yes", 0.9),  # log-odds of log 3, doubled: 9 to 1
        (False, 0.5, "cannot tell", 0.5),
        (False, 0.25, "no", 0.1),
        (True, 0.75, "no", 0.1),
        (True, 0.5, "cannot tell", 0.5),
        (True, 0.25, "yes", 0.9),
    ],
)
def test_a_models_answer_is_calibrated_by_subject(
    negated: bool, score: float, verdict: str, probability: float
) -> None:
    atom = attribute("red", negated=negated)
    claim = by_picture(atom, score, Calibration(scales=SCALES), 3, graded=True)
    assert (claim.verdict, claim.source, claim.graded) == (verdict, "picture", True)
    assert claim.probability == pytest.approx(probability)
    assert claim.evidence == Evidence(picture_index=3)
    assert is_seen(atom, claim) == (score == 0.75)


def test_nobody_knows() -> None:
    claim = by_nobody(attribute("red", negated=True))
    assert (claim.atom, claim.verdict, claim.probability, claim.source) == ("not red", "cannot tell", 0.5, "none")
    assert not is_seen(attribute("red"), claim)
    assert not math.isnan(claim.probability)


def test_a_catalogues_word_is_nothing_seen() -> None:
    atom = attribute("red", "red")
    claim: Any = by_catalogue(atom, hit(colour="red"))
    assert not is_seen(atom, claim)


@pytest.mark.parametrize(
    ("raw", "negated", "verdict", "unsure"),
    [
        (0.99, False, "yes", False),
        (0.93, False, "yes", True),
        (0.5, False, "cannot tell", False),
        (0.01, True, "yes", False),
        (0.07, True, "yes", True),
        (0.99, True, "no", False),
    ],
)
def test_a_yes_that_is_not_sure_is_likely(raw: float, negated: bool, verdict: str, unsure: bool) -> None:
    known = Calibration(scales={"attribute": Scale(yes_from=0.9, no_below=0.1, sure_from=0.97)})
    claim = by_picture(attribute("red", negated=negated), raw, known, 0, graded=False)
    assert (claim.verdict, claim.likely) == (verdict, unsure)
