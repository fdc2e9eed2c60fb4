"""What ``st run`` is told beside schemathesis.toml; it loads this file."""

import json
import os
from typing import Any

import schemathesis
from hypothesis import strategies

_LINES = ("application/x-ndjson", "application/jsonl")
_VALUES = strategies.none() | strategies.booleans() | strategies.integers() | strategies.text(max_size=8)
_ROWS = strategies.dictionaries(strategies.sampled_from(["id", "title", "metadata", "pictures"]), _VALUES) | _VALUES


@schemathesis.serializer(*_LINES)
def lines(_context: schemathesis.SerializationContext, value: Any) -> bytes:
    """Lines are made as bytes."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


def _text(rows: list[Any]) -> bytes:
    return "\n".join(map(json.dumps, rows)).encode()


for _kind in _LINES:
    schemathesis.openapi.media_type(_kind, strategies.lists(_ROWS, max_size=5).map(_text))


@schemathesis.hook
def before_call(_context: schemathesis.HookContext, case: schemathesis.Case, _arguments: dict[str, Any]) -> None:
    """Nobody revokes the key that all this is asked with."""
    if case.path_parameters.get("key") in (os.environ["FUZZ_KEY"].split("_")[2], "fuzz"):
        case.path_parameters["key"] = "nobody"
