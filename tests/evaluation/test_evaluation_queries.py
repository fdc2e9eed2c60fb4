"""Files of judged queries."""

from pathlib import Path

import pytest

from shelfsight.core.errors import NotFound, UsageError
from shelfsight.evaluation import JudgedQuery, load_queries


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_every_field_is_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "q.jsonl",
        '{"query": "red boots", "relevant": {"1": 1, "2": 0}}',
        "",
        '{"image": "p/1.jpg", "relevant": {"é": 3}, "filter": "price < 9", "negative": "suede", "family": "looks"}',
        '{"query": "hat", "relevant": {"3": 2}, "negative": ["straw", "felt"]}',
    )
    assert load_queries(path) == [
        JudgedQuery(text="red boots", relevant={"1": 1, "2": 0}),
        JudgedQuery(
            text=None,
            relevant={"é": 3},
            filter="price < 9",
            image=tmp_path / "p/1.jpg",
            negative=("suede",),
            family="looks",
        ),
        JudgedQuery(text="hat", relevant={"3": 2}, negative=("straw", "felt")),
    ]


def test_a_judged_query_is_put_to_a_collection_as_it_stands() -> None:
    query = JudgedQuery(text="hat", relevant={"3": 2}, negative=("straw",), filter="price < 9").ask(7)
    assert (query.text, query.negative, query.filter, query.k, query.offset) == ("hat", ("straw",), "price < 9", 7, 0)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "is not a judged query"),
        ("[]", "no JSON object"),
        ('{"query": "a"}', "'relevant' is not an object"),
        ('{"query": "a", "relevant": ["1"]}', "'relevant' is not an object"),
        ('{"query": "a", "relevant": {}}', "names no relevant item"),
        ('{"query": "a", "relevant": {"1": 0}}', "names no relevant item"),
        ('{"query": "a", "relevant": {"1": -1}}', "negative"),
        ('{"query": "a", "relevant": {"1": 1, "2": 4294967296}}', "more than 1000000"),
        ('{"query": "a", "relevant": {"1": 0.5}}', "grade of '1' is 0.5, not a whole number"),
        ('{"query": "a", "relevant": {"1": true}}', "grade of '1' is true, not a whole number"),
        ('{"relevant": {"1": 1}}', "asks nothing"),
        ('{"query": " ", "relevant": {"1": 1}}', "'query' is not a text"),
        ('{"query": 5, "relevant": {"1": 1}}', "'query' is not a text"),
        ('{"query": "a", "relevant": {"1": 1}, "filters": "x"}', "unknown field 'filters'"),
        ('{"query": "a", "relevant": {"1": 1}, "negative": [1]}', "'negative' is neither"),
        ("[" * 100_000, "is not a judged query"),
    ],
)
def test_a_bad_line_is_named_by_its_number(tmp_path: Path, line: str, says: str) -> None:
    path = write(tmp_path / "q.jsonl", '{"query": "good", "relevant": {"1": 1}}', "", line)
    with pytest.raises(UsageError, match=says) as caught:
        load_queries(path)
    assert str(caught.value).startswith(f"{path}:3 ")
    assert caught.value.hint


def test_the_mark_that_windows_editors_put_in_front_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_bytes(b'\xef\xbb\xbf{"query": "a", "relevant": {"1": 1}}\r\n')
    assert [query.text for query in load_queries(tmp_path / "q.jsonl")] == ["a"]


def test_a_file_that_is_missing_empty_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"none\.jsonl"):
        load_queries(tmp_path / "none.jsonl")
    with pytest.raises(UsageError, match="holds no queries"):
        load_queries(write(tmp_path / "empty.jsonl", "", ""))
    with pytest.raises(UsageError, match="cannot be read"):
        load_queries(tmp_path)
    (tmp_path / "latin.jsonl").write_bytes('{"query": "é"}'.encode("latin-1"))
    with pytest.raises(UsageError, match="cannot be read"):
        load_queries(tmp_path / "latin.jsonl")
