"""Promises the types keep by themselves."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from shelfsight.core.settings import Settings
from shelfsight.core.types import Picture


def test_a_picture_is_a_file_bytes_or_an_address_never_two_nor_none() -> None:
    assert Picture(name="a.jpg", path=Path("a.jpg")).data is None
    assert Picture(name="a.jpg", url="https://shop.example/a.jpg").path is None
    with pytest.raises(ValueError, match=r"a\.jpg"):
        Picture(name="a.jpg")
    with pytest.raises(ValueError, match=r"a\.jpg"):
        Picture(name="a.jpg", path=Path("a.jpg"), data=b"x")
    with pytest.raises(ValueError, match=r"a\.jpg"):
        Picture(name="a.jpg", data=b"x", url="https://shop.example/a.jpg")


def test_an_unknown_setting_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="batchsize"):
        Settings.model_validate({"index": {"batchsize": 3}})
