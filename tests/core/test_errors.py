"""The exception tree and its one table."""

import pytest

from shelfsight.core import errors
from shelfsight.core.errors import FilterError, MissingExtra, PictureError, Reason, ShelfsightError, status_of


def every_class() -> list[type[ShelfsightError]]:
    return [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, ShelfsightError)]


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    assert errors.__doc__ is not None
    drawn = {line.strip("│├└─ ").split()[0] for line in errors.__doc__.splitlines() if "  " in line or "──" in line}
    assert {kind.__name__ for kind in every_class()} <= drawn


def test_the_statuses_in_the_docstring_are_those_of_the_table() -> None:
    assert errors.__doc__ is not None
    for line in errors.__doc__.splitlines():
        if ", exit " not in line:
            continue
        name = line.strip("│├└─ ").split()[0]
        http, code = line.rsplit(None, 3)[1].rstrip(","), line.rsplit(None, 1)[1]
        kind = getattr(errors, name)
        nearest = next(errors.STATUS[base] for base in kind.__mro__ if base in errors.STATUS)
        assert (nearest.http, nearest.exit) == (int(http), int(code)), name


@pytest.mark.parametrize(
    ("error", "http", "code"),
    [
        (FilterError("unexpected '='", position=6, expression="price = 3"), 422, 2),
        (PictureError(Reason.TRUNCATED, "cut off"), 422, 2),
        (MissingExtra("faiss", "cpu"), 501, 2),
        (errors.EncoderMismatch("other encoder"), 409, 1),
        (errors.StoreFull("no space"), 507, 1),
        (errors.CorruptCollection("torn"), 500, 1),
        (errors.NotFound("no item"), 404, 2),
    ],
)
def test_an_error_has_the_status_of_its_nearest_class(error: ShelfsightError, http: int, code: int) -> None:
    assert (status_of(error).http, status_of(error).exit) == (http, code)


def test_a_filter_error_says_where_and_a_missing_extra_how_to_get_it() -> None:
    error = FilterError("unexpected '='", position=6, expression="price = 3", hint="use ==")
    assert str(error) == "unexpected '=' at position 6 of filter 'price = 3'"
    assert MissingExtra("faiss", "cpu").hint == "pip install 'shelfsight[cpu]'"


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in every_class()]
    assert len(codes) == len(set(codes))
