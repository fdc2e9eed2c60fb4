"""The two hashes that make indexing idempotent, and what they are made of.

``pictures``
    sha256 over the sha256 of every picture's bytes, in order (a reason code where a file could not be read). Indexes of
    pictures that were read but could not be decoded follow after a colon, so that the next job can name them again
    without decoding the others.
``metadata``
    sha256 over title and metadata as canonical JSON; then, after a colon, sha256 over names and paths of the pictures.
    Either part changing is an update; only the second needs the collection to learn new places. Indexes of pictures
    that are no files follow after another colon: only of those does the collection have previews. What is known of
    pictures with addresses follows after a bar: a JSON list, an entry a picture, of the hash of its bytes, a space and
    the validator that its server gave with them. So an address is asked again at every job, but sends again only what
    has changed.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shelfsight.core.protocols import Fingerprints
from shelfsight.core.types import Picture, Value

__all__ = ["Known", "Stamp", "metadata_hash", "picture_hash", "pictures_hash", "places_hash", "to_fingerprints"]


_to_text = json.JSONEncoder(sort_keys=True).encode


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an address answered.

    Attributes:
        part: hash of the bytes.
        validator: see :class:`~shelfsight.core.protocols.Fetched`.
    """

    part: str
    validator: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """Fingerprints taken apart.

    Attributes:
        pictures: hash over the pictures' bytes.
        undecodable: indexes of pictures that were read but not decoded.
        metadata: hash over title and metadata.
        places: hash over names, paths and addresses.
        held: indexes of pictures that are no files.
        stamps: of pictures with addresses, in their places; empty where there are none.
    """

    pictures: str
    undecodable: tuple[int, ...]
    metadata: str
    places: str
    held: tuple[int, ...] = ()
    stamps: tuple[Stamp | None, ...] = ()

    @classmethod
    def of(cls, fingerprints: Fingerprints) -> "Known":
        """Fingerprints that some other program wrote have empty parts, which equal nothing."""
        pictures, _, undecodable = fingerprints.pictures.partition(":")
        indexed, _, stamps = fingerprints.metadata.partition("|")
        metadata, _, rest = indexed.partition(":")
        places, _, held = rest.partition(":")
        return cls(pictures, _indexes(undecodable), metadata, places, _indexes(held), _stamps(stamps))


def to_fingerprints(
    pictures: str,
    undecodable: Iterable[int],
    metadata: str,
    places: str,
    held: Iterable[int] = (),
    stamps: Sequence[Stamp | None] = (),
) -> Fingerprints:
    """The parts together, as the collection keeps them."""
    said = _with_indexes(f"{metadata}:{places}", held)
    if any(stamps):
        said += "|" + _to_text([each and f"{each.part} {each.validator or ''}" for each in stamps])
    return Fingerprints(pictures=_with_indexes(pictures, undecodable), metadata=said)


def _stamps(text: str) -> tuple[Stamp | None, ...]:
    """Of :func:`to_fingerprints`; none where some other program wrote something else."""
    try:
        entries = json.loads(text) if text else []
        parts = [None if each is None else each.partition(" ") for each in entries]
    except (ValueError, TypeError, AttributeError):
        return ()
    return tuple(each and Stamp(each[0], each[2] or None) for each in parts)


def _indexes(text: str) -> tuple[int, ...]:
    return tuple(int(index) for index in text.split(",") if index.isdecimal())


def _with_indexes(text: str, indexes: Iterable[int]) -> str:
    return ":".join(filter(None, (text, ",".join(map(str, indexes)))))


def picture_hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def pictures_hash(parts: Sequence[str]) -> str:
    """Over the hash, or the reason code, of every picture."""
    return _digest(list(parts))


def metadata_hash(title: str | None, metadata: Mapping[str, Value]) -> str:
    return _digest([title, {name: value for name, value in metadata.items() if value is not None}])


def places_hash(pictures: Sequence[Picture]) -> str:
    return _digest([_place(picture) for picture in pictures])


def _place(picture: Picture) -> list[str | None]:
    place = [picture.name, None if picture.path is None else str(picture.path)]
    return place if picture.url is None else [*place, picture.url]


def _digest(value: Any) -> str:
    return hashlib.sha256(_to_text(value).encode()).hexdigest()
