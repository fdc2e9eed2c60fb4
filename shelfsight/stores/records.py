"""An item as one compact JSON text: what SQLite keeps and what a snapshot holds in memory."""

import json
import math
from collections.abc import Mapping
from typing import Any

from shelfsight.core.errors import UsageError
from shelfsight.core.protocols import Fingerprints, StoredItem, StoredPicture
from shelfsight.core.types import Value

__all__ = ["check_id", "decode", "decode_field", "encode", "is_text", "patched", "with_fields_of", "with_pictures_of"]

_to_text = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def encode(item: StoredItem) -> bytes:
    """``[title, metadata, [[picture name, path], ...], pictures hash, metadata hash]`` as UTF-8 JSON. A picture that
    came from an address has that as its third part.

    A number that is not finite says nothing and becomes null; JSON has no word for it.

    Raises:
        UsageError: metadata that is no JSON.
    """
    fields = [
        item.title,
        dict(item.metadata),
        [_place(picture) for picture in item.pictures],
        item.fingerprints.pictures,
        item.fingerprints.metadata,
    ]
    return _kept(item.id, fields)


def decode(id: str, record: bytes) -> StoredItem:
    """The item of :func:`encode`, previews left out."""
    title, metadata, pictures, pictures_hash, metadata_hash = json.loads(record)
    return StoredItem(
        id=id,
        title=title,
        metadata=metadata,
        pictures=tuple(StoredPicture(name=name, path=path, url=next(iter(url), None)) for name, path, *url in pictures),
        fingerprints=Fingerprints(pictures=pictures_hash, metadata=metadata_hash),
    )


def decode_field(record: bytes, name: str) -> Value:
    """One field of the metadata of :func:`encode`."""
    metadata: dict[str, Value] = json.loads(record)[1]
    return metadata.get(name)


def with_pictures_of(record: bytes, old: bytes) -> bytes:
    """``record`` with the pictures, and their hash, that ``old`` has."""
    fields = json.loads(record)
    fields[2:4] = json.loads(old)[2:4]
    return _dump(fields)


def with_fields_of(record: bytes, old: bytes) -> bytes:
    """``record`` with the title and metadata that ``old`` has."""
    fields = json.loads(record)
    fields[:2] = json.loads(old)[:2]
    return _dump(fields)


def patched(id: str, record: bytes, title: str | None, fields: Mapping[str, Value]) -> bytes:
    """``record`` of item ``id`` with another title and some other fields; those that are ``None`` go.

    Raises:
        UsageError: a value that is no JSON.
    """
    content = json.loads(record)
    content[0] = title
    content[1] = {name: value for name, value in (content[1] | dict(fields)).items() if value is not None}
    return _kept(id, content)


def check_id(id: str) -> None:
    """Ids are what SQLite can hold and order as Python does.

    Raises:
        UsageError: empty, or not text that UTF-8 can say.
    """
    if not id:
        raise UsageError("an item has an empty id")
    if not is_text(id):
        raise UsageError(f"the id {id!a} is no valid text", hint="rename the file or the item")


def is_text(id: str) -> bool:
    """Whether UTF-8 can say it; if not, no item is called so, and SQLite cannot be asked."""
    try:
        id.encode()
    except UnicodeEncodeError:
        return False
    return True


def _place(picture: StoredPicture) -> list[str | None]:
    place = [picture.name, picture.path]
    return place if picture.url is None else [*place, picture.url]


def _kept(id: str, fields: list[Any]) -> bytes:
    try:
        return _dump(fields)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(
            f"the metadata of item {id!r} cannot be kept: {error}",
            hint="values are text, numbers, true, false, null, lists and objects of these",
        ) from error


def _dump(value: Any) -> bytes:
    try:
        text = _to_text(value)
    except ValueError:
        text = _to_text(_finite(value))
    try:
        return text.encode()
    except UnicodeEncodeError:  # a file name that is no text: JSON can escape what UTF-8 cannot say
        return json.dumps(json.loads(text), separators=(",", ":")).encode()


def _finite(value: Value) -> Value:
    match value:
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {key: _finite(inner) for key, inner in value.items()}
        case list():
            return [_finite(inner) for inner in value]
    return value
