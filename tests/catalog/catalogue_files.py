"""Small helpers to write catalogue files and read them back."""

import io
from collections.abc import Iterable
from pathlib import Path

import pytest
from PIL import Image

from shelfsight.core.errors import CatalogueError, Reason
from shelfsight.core.types import Failure, Item

__all__ = ["before_error", "failures", "items", "picture_bytes", "reasons", "write"]


def picture_bytes(colour: str = "red", format: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(buffer, format)
    return buffer.getvalue()


def items(stream: Iterable[Item | Failure]) -> list[Item]:
    """All items; a failure among them is an error of the test."""
    found = list(stream)
    assert [each for each in found if isinstance(each, Failure)] == []
    return [each for each in found if isinstance(each, Item)]


def failures(stream: Iterable[Item | Failure]) -> list[Failure]:
    return [each for each in stream if isinstance(each, Failure)]


def reasons(stream: Iterable[Item | Failure]) -> list[tuple[str, Reason]]:
    """(place, reason) of each failure."""
    return [(each.place, each.reason) for each in failures(stream)]


def before_error(stream: Iterable[Item | Failure], match: str) -> list[Item]:
    """The items that came before the catalogue could not be read on."""
    found = []

    def read() -> None:
        for each in stream:
            assert isinstance(each, Item)
            found.append(each)

    with pytest.raises(CatalogueError, match=match):
        read()
    return found


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path
