"""Strings in one run, texts by code, arrays that grow, and files of arrays: beside plain lists."""

from bisect import bisect_left
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfsight.stores.arrays import DamagedError, map_arrays, write_arrays
from shelfsight.stores.columns import Texts
from shelfsight.stores.growing import Growing, Plane
from shelfsight.stores.packed import HashIndex, Packed, encoded, pack

WORDS = st.text("abé日\udcff", max_size=4)


@settings(max_examples=100, deadline=None)
@given(strings=st.lists(st.binary(max_size=5)))
def test_packed_strings_come_back(strings: list[bytes]) -> None:
    packed = pack(strings)
    assert [packed.raw(i) for i in range(len(packed))] == strings
    assert packed.checksums().tolist() == [crc32(string) for string in strings]


@settings(max_examples=200, deadline=None)
@given(strings=st.lists(st.text("ab", max_size=5)), part=st.text("ab", min_size=1, max_size=3))
def test_containing_is_what_python_says(strings: list[str], part: str) -> None:
    """Matches from one string into the next are none, and hide none."""
    packed = pack(map(encoded, strings))
    assert packed.containing(encoded(part)).tolist() == [part in string for string in strings]


@settings(max_examples=100, deadline=None)
@given(strings=st.lists(st.binary(max_size=3), unique=True), wanted=st.lists(st.binary(max_size=3)))
def test_an_index_finds_what_is_there(strings: list[bytes], wanted: list[bytes]) -> None:
    index = HashIndex.of(pack(strings))
    asked = [*wanted, *strings]
    expected = [strings.index(string) if string in strings else -1 for string in asked]
    assert [index.find(string) for string in asked] == expected
    assert index.find_all(asked).tolist() == expected


def test_strings_that_share_a_checksum_are_told_apart() -> None:
    strings = [b"plumless", b"buckeroo", b"other"]
    assert crc32(strings[0]) == crc32(strings[1])
    for order in (strings, strings[::-1]):
        index = HashIndex.of(pack(order))
        assert [index.find(string) for string in order] == [0, 1, 2]
        assert index.find_all(order).tolist() == [0, 1, 2]
        alone = HashIndex.of(pack([order[0]]))
        assert alone.find_all(strings).tolist() == [0 if string == order[0] else -1 for string in strings]


@settings(max_examples=100, deadline=None)
@given(base=st.sets(WORDS), added=st.lists(WORDS.filter(bool)), part=st.text("abé", min_size=1, max_size=2))
def test_texts_have_codes_and_places(base: set[str], added: list[str], part: str) -> None:
    packed = pack(map(encoded, sorted(base)))
    texts = Texts(packed, HashIndex.of(packed))
    expected = sorted(base)
    for text in added:
        if text not in expected:
            expected.append(text)
        assert texts.code(text) == expected.index(text)
    assert [*texts] == expected
    assert [texts.find(text) for text in [*expected, "absent"]] == [*range(len(expected)), -2]
    ordered = sorted(expected)
    assert texts.ranks().tolist() == [bisect_left(ordered, text) for text in expected]
    assert texts.containing(part).tolist() == [part in text for text in expected]
    assert texts.codes(["", None, *added]) == [-1, -1, *(expected.index(text) for text in added)]


def test_the_first_values_of_a_growing_array_stay() -> None:
    start = np.arange(5)
    start.flags.writeable = False
    growing, held = Growing(start), []
    for turn in range(200):
        held.append(growing.append(np.full(turn % 4, turn)))
    expected = [*range(5), *(turn for turn in range(200) for _ in range(turn % 4))]
    assert growing.first(len(growing)).tolist() == expected
    assert all(view.tolist() == expected[: len(view)] for view in held)


def test_a_plane_of_defaults_takes_no_memory() -> None:
    plane = Plane(-1, np.int32)
    plane.skip(1000)
    plane.append(np.full(10, -1, np.int32))
    assert plane.plain
    assert plane.first(1010).strides == (0,)
    before = plane.first(1010)
    plane.append(np.array([3, -1], np.int32))
    assert plane.first(1012).tolist() == [-1] * 1010 + [3, -1]
    assert before.tolist() == [-1] * 1010


def test_arrays_come_back_from_their_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    arrays = {
        "none": np.zeros(0, np.int64),
        "flags": rng.random(77) < 0.5,
        "numbers": rng.standard_normal(1001),
        "few": np.arange(3, dtype=np.int8),
    }
    with (tmp_path / "file").open("wb") as file:
        write_arrays(file, {"what": "ever"}, arrays)
    mapped = map_arrays(tmp_path / "file")
    assert mapped.about == {"what": "ever"}
    assert "flags" in mapped
    for name, array in arrays.items():
        found = mapped.get(name)
        assert (found.dtype, found.tolist()) == (array.dtype, array.tolist())
        assert not found.flags.writeable
    with pytest.raises(DamagedError, match="no other"):
        mapped.get("other")
    (tmp_path / "text").write_text("x" * 200)
    with pytest.raises(DamagedError, match="no file of arrays"):
        map_arrays(tmp_path / "text")


def test_an_empty_run_of_strings() -> None:
    packed = Packed(np.zeros(0, np.uint8), np.zeros(1, np.int64))
    assert len(packed) == 0
    assert HashIndex.of(packed).find_all([b"a"]).tolist() == [-1]
    assert packed.containing(b"a").tolist() == []
