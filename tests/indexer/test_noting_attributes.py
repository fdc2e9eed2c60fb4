"""How an answer becomes a value, and which field it is for."""

import pytest

from shelfsight.core.dialogue import Answer, Stop
from shelfsight.core.types import Value
from shelfsight.indexer.noting.attributes import ATTRIBUTES, caption_of, field_for, is_said, value_of

TYPE, COLOUR, PATTERN, GENDER = ATTRIBUTES


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("red", "red"),
        (" Navy Blue. ", "navy blue"),
        ("a running shoe", "running shoe"),
        ("It is a shirt.", "shirt"),
        ("The dress", "dress"),
        ("for women", "women"),
        ("polka\ndot", "polka dot"),
        ("apron", "apron"),
        ("forest green", "forest green"),
        ("northern lights", "northern lights"),
        ("", None),
        (" . ", None),
        ("cannot tell", None),
        ("I can't tell", None),
        ("Unknown", None),
        ("not visible", None),
        ("none", None),
        ("no pattern", None),
        ("yes", None),
        ("The product in this picture is red", None),
    ],
)
def test_values(text: str, value: str | None) -> None:
    assert value_of(Answer(text, Stop.END)) == value


@pytest.mark.parametrize("stop", [Stop.MAX_TOKENS, Stop.TIME])
def test_what_was_cut_off_is_no_answer(stop: Stop) -> None:
    assert value_of(Answer("red", stop)) is None
    assert caption_of(Answer("A red", stop)) is None


@pytest.mark.parametrize(
    ("text", "caption"),
    [
        ("A red shoe\n on  white.", "A red shoe on white."),
        ("A shoe\x00\x1b[31m\udc80.", "A shoe[31m."),
        (" \n ", None),
        ("x" * 301, None),
    ],
)
def test_captions(text: str, caption: str | None) -> None:
    assert caption_of(Answer(text, Stop.END)) == caption


def test_a_suggestion_goes_by_the_catalogues_own_field() -> None:
    assert field_for(COLOUR, ["price", "Base-Colour", "brand"]) == "Base-Colour"
    assert field_for(COLOUR, ["color", "colour"]) == "colour"
    assert field_for(TYPE, ["kind", "category"]) == "kind"
    assert field_for(GENDER, []) == "gender"


@pytest.mark.parametrize(
    ("field", "metadata", "said"),
    [
        ("colour", {"color": "red"}, True),
        ("color", {"baseColour": "red"}, True),
        ("colour", {"colour": None, "color": ""}, False),
        ("colour", {"pattern": "striped"}, False),
        ("type", {"kind": ["shoe"]}, True),
        ("type", {"kind": [], "category": "Shoes"}, False),
        ("caption", {"caption": "ours"}, True),
        ("caption", {"title": "ours"}, False),
    ],
)
def test_what_the_merchant_said(field: str, metadata: dict[str, Value], said: bool) -> None:
    assert is_said(field, metadata) is said
