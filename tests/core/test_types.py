"""Promises the types keep by themselves."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from shelfsight.core.settings import Settings
from shelfsight.core.types import Picture


def test_a_picture_is_a_file_or_bytes_never_both_nor_neither() -> None:
    assert Picture(name="a.jpg", path=Path("a.jpg")).data is None
    with pytest.raises(ValueError, match=r"a\.jpg"):
        Picture(name="a.jpg")
    with pytest.raises(ValueError, match=r"a\.jpg"):
        Picture(name="a.jpg", path=Path("a.jpg"), data=b"x")


def test_an_unknown_setting_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="batchsize"):
        Settings.model_validate({"index": {"batchsize": 3}})
