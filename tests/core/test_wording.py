"""Words as search compares them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfsight.core import wording


@pytest.mark.parametrize(
    ("word", "stem"),
    [
        ("shoes", "shoe"),
        ("dresses", "dress"),
        ("dress", "dress"),
        ("watches", "watch"),
        ("boxes", "box"),
        ("sizes", "size"),
        ("blouses", "blouse"),
        ("accessories", "accessory"),
        ("ties", "tie"),
        ("hoodies", "hoody"),
        ("hoodie", "hoody"),
        ("hoody", "hoody"),
        ("beanie", "beany"),
        ("tie", "tie"),
        ("jeans", "jean"),
        ("glass", "glass"),
        ("lotus", "lotus"),
        ("tennis", "tennis"),
        ("women", "woman"),
        ("mens", "man"),
        ("scarves", "scarf"),
        ("gas", "gas"),
        ("501s", "501s"),
    ],
)
def test_plural_endings_are_taken_off(word: str, stem: str) -> None:
    assert wording.stem(word) == stem


def test_case_accents_and_possessives_do_not_count() -> None:
    assert wording.words("Men's CAFÉ Crème, Fußball") == ["man", "cafe", "creme", "fussball"]
    assert wording.words("Levi\u2019s 501") == ["levi", "501"]


def test_chunks_come_in_parts_and_in_one_piece() -> None:
    assert list(wording.chunks("T-shirts by H&M / MS-10")) == [("t", "shirts"), ("by",), ("h", "m"), ("ms", "10")]
    assert wording.read("T-shirts by H&M") == (["t", "shirt", "by", "h", "m"], ["tshirt", "hm"])
    assert wording.compound(("a", "b", "c", "d", "e")) is None


def test_keys_hold_letters_and_digits_only() -> None:
    assert wording.key(" MS-10 ") == wording.key("ms 10") == wording.key("Ms.10") == "ms10"
    assert wording.key("---") == ""


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    words, compounds = wording.read(text)
    assert words == wording.words(text)
    assert "".join(words)[: 2 * wording.LONGEST] == wording.key(text)
    assert [wording.compound(parts) for parts in wording.chunks(text) if 1 < len(parts) <= 4] == compounds
    assert all(len(word) <= wording.LONGEST for word in words)
