"""What a cell says of pictures: paths, addresses, encoded bytes, or lists of them."""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import cast

from shelfsight.catalog.values import clean_text
from shelfsight.core.errors import Reason
from shelfsight.core.types import Failure, Picture

__all__ = ["PICTURE_SUFFIXES", "Place", "find_pictures", "inside"]

_SUFFIXES = (
    ".jpg .jpeg .jpe .jfif .mpo .png .apng .webp .gif .bmp .dib .tif .tiff .ppm .pgm .pbm .pnm .avif .heic .heif"
)
PICTURE_SUFFIXES = frozenset(_SUFFIXES.split())
"""File names that are pictures. HEIC is among them, so that such files are reported rather than passed over."""

_URL = re.compile(r"(?:[a-z][a-z0-9+.-]+:)?//|data:", re.IGNORECASE)
_FETCHABLE = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_INLINE = re.compile(r"data:(?:image/[\w.+-]+)?;base64,", re.IGNORECASE)
_ENDS_AS_PICTURE = re.compile(
    rf".*(?:{'|'.join(map(re.escape, sorted(PICTURE_SUFFIXES)))})(?:[?#].*)?", re.IGNORECASE | re.DOTALL
)
_PATH_KEYS = ("path", "file", "file_name", "filename", "image")
_URL_KEYS = ("url", "src", "href")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands and what its picture paths are relative to.

    Attributes:
        name: for people: ``catalog.csv:17``.
        folder: the catalogue file's folder, absolute.
        root: picture files must lie inside it, or ``None``.
    """

    name: str
    folder: Path
    root: Path | None


@dataclass(frozen=True, slots=True)
class _Bytes:
    data: bytes
    name: str | None


def find_pictures(cells: Iterable[object], place: Place) -> Iterator[Picture | Failure]:
    """The pictures the cells of one row name, in order.

    A text is one path or address, a JSON list, or several separated by ``|`` or line ends, or by commas or
    semicolons where every part ends like a picture's file name. A mapping has ``bytes`` (and a ``path`` for the name),
    a ``path`` or a ``url``. Addresses of http(s) are taken as they are, without a look at what is there; of
    ``//host/...`` by https. What a ``data:`` address holds is taken out of it.
    """
    for number, reference in enumerate(chain.from_iterable(map(_references, cells))):
        match reference:
            case _Bytes(data, name):
                yield Picture(name=clean_text(name or _numbered(place.name, number)), data=data)
            case str():
                yield _by_text(reference, place)
            case _:
                message = f"a picture is a path or bytes, not {type(reference).__name__}"
                yield Failure(reason=Reason.BAD_VALUE, place=place.name, message=message)


def inside(path: Path, root: Path) -> Path | None:
    """``path`` with every symbolic link followed, or ``None`` where that leads out of ``root``."""
    try:
        resolved = path.resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, or no possible name
        return None
    return resolved if resolved.is_relative_to(root.resolve()) else None


def _numbered(name: str, number: int) -> str:
    return name if number == 0 else f"{name}-{number + 1}"


def _references(cell: object) -> Iterator[object]:
    match cell:
        case None:
            return
        case str():
            yield from _split(cell)
        case bytes():
            yield _Bytes(cell, None)
        case list() | tuple():
            for each in cell:
                yield from [each] if isinstance(each, str) and each.strip() else _references(each)
        case dict():
            yield from _from_mapping(cast(Mapping[str, object], cell))
        case _:
            yield cell


def _from_mapping(cell: Mapping[str, object]) -> Iterator[object]:
    name = next((cell[key] for key in _PATH_KEYS if isinstance(cell.get(key), str) and cell[key]), None)
    data = cell.get("bytes")
    if isinstance(data, bytes):
        yield _Bytes(data, cast("str | None", name))
    elif name is not None:
        yield name
    elif url := next((cell[key] for key in _URL_KEYS if isinstance(cell.get(key), str) and cell[key]), None):
        yield url if _URL.match(cast(str, url)) else f"//{url}"
    elif any(value is not None for value in cell.values()):
        yield cell


def _split(text: str) -> Iterator[object]:
    text = text.strip()
    if text.startswith("["):
        try:
            yield from _references(json.loads(text))
        except (ValueError, RecursionError):
            yield text
        return
    parts = [part.strip() for part in re.split(r"[|\r\n]+", text)]
    for part in parts:
        pieces = [piece.strip() for piece in re.split(r"[,;]", part)]
        if len(pieces) > 1 and all(map(_ENDS_AS_PICTURE.fullmatch, pieces)):
            yield from pieces
        elif part:
            yield part


def _by_text(text: str, place: Place) -> Picture | Failure:
    name = clean_text(text if len(text) <= 300 else f"{text[:297]}...")
    if _URL.match(text):
        return _by_address(text, name, place)
    if clean_text(text) != text:
        message = f"{name!r} cannot be the name of a file"
        return Failure(reason=Reason.MISSING_FILE, place=place.name, message=message, picture=name)
    # Catalogues exported on Windows separate folders by backslashes.
    path: Path | None = place.folder / (text if "/" in text else text.replace("\\", "/"))
    if place.root is not None and (path := inside(cast(Path, path), place.root)) is None:
        message = f"{name!r} is outside the folder that pictures may come from"
        return Failure(reason=Reason.OUTSIDE_ROOT, place=place.name, message=message, picture=name)
    return Picture(name=name, path=path)


def _by_address(text: str, name: str, place: Place) -> Picture | Failure:
    if (scheme := _INLINE.match(text)) is not None:
        try:
            data = base64.b64decode(text[scheme.end() :], validate=True)
        except (binascii.Error, ValueError) as error:
            message = f"{name!r} is not base64: {error}"
            return Failure(reason=Reason.BAD_VALUE, place=place.name, message=message, picture=name)
        return Picture(name=place.name, data=data)
    if _FETCHABLE.match(text):
        return Picture(name=name, url=clean_text(f"https:{text}" if text.startswith("//") else text))
    message = f"{name!r} is an address of a kind that pictures are not fetched from"
    return Failure(reason=Reason.URL_ONLY, place=place.name, message=message, picture=name)
