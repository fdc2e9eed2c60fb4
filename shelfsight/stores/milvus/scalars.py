"""An item's metadata as scalars that Milvus filters by.

Milvus keeps undeclared fields in one JSON value a row (the dynamic field), and versions differ in what a comparison
with an absent key, another type or null comes to. So a value lies under a key that says its type (``n:price``,
``s:brand``, ``b:new``, ``j:tags``), a key is there only where such a value is, and :mod:`.expressions` asks nothing
but comparisons that are true of values that are there. Objects are spread: ``n:specs:size``.
"""

import json
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from shelfsight.core.types import Scalar, Value
from shelfsight.stores.columns import EXACT

__all__ = ["CUT", "LONG", "key_of", "number_of", "scalars"]

CUT = 256
"""Characters of a text that are kept to filter by."""

LONG = "l"
"""Key type: the text is longer than what is kept."""

_ROOM = 40_000  # bytes of keys and values a row; a server takes 65,536 for all
_to_text = json.JSONEncoder(ensure_ascii=False).encode
_LARGEST = 1.7976931348623157e308


def key_of(kind: str, path: tuple[str, ...]) -> str:
    """The key of a field's value: ASCII without quotes, whatever the field is called."""
    return ":".join(
        [kind, *(quote(part, safe="", errors="surrogatepass").replace("~", "%7E").replace(".", "%2E") for part in path)]
    )


def number_of(value: int | float) -> int | float:
    """As Milvus holds it: beyond 2**53 rounded to float64, in the same order, if not strictly."""
    if abs(value) < EXACT:
        return value
    try:
        return min(max(float(value), -_LARGEST), _LARGEST)
    except OverflowError:
        return _LARGEST if value > 0 else -_LARGEST


def scalars(title: str | None, metadata: Mapping[str, Value]) -> dict[str, Scalar] | None:
    """Key -> value of an item's fields; ``None`` where they take too much room, or one of them is no text that UTF-8
    can say, so that no filter leaves it out."""
    found: dict[str, Scalar] = {}
    size = 0
    try:
        for key, value in _spread({**metadata, "title": title}):
            found[key] = value
            size += len(key) + 8 + (len(_to_text(value).encode()) if isinstance(value, str) else 0)
            if size > _ROOM:
                return None
    except UnicodeEncodeError:
        return None
    return found


def _spread(fields: Mapping[str, Value], above: tuple[str, ...] = ()) -> Iterator[tuple[str, Scalar]]:
    for name, value in fields.items():
        path = (*above, name)
        if value is None or value == "" or (not above and name == "id"):
            continue
        if isinstance(value, bool):
            yield key_of("b", path), value
        elif isinstance(value, int | float):
            yield key_of("n", path), number_of(value)
        elif isinstance(value, str):
            yield key_of("s", path), value[:CUT]
            if len(value) > CUT:
                yield key_of(LONG, path), True
        else:
            yield key_of("j", path), True
            if isinstance(value, dict):
                yield from _spread(value, path)
