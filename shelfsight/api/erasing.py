"""Receipts: what was erased, where it was, that it is gone, and what nobody here can erase."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shelfsight.core.erased import Erased, ErasedPlace

__all__ = ["Receipt", "receipt_of"]

_REMAINS = (
    "the catalogue, and picture files outside of the collection: whoever indexes a catalogue that has the item brings"
    " it back",
    "backups that were made before",
    "the id: in the list of deletions, in this receipt and in the audit log",
    "the memory of other programs that have the collection open, until they next look at it; results they hold",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """That items were erased.

    Attributes:
        id: of the receipt.
        time: when it was done, UTC.
        collection: name of its directory.
        ids, absent, held, places, later: see :class:`~shelfsight.core.erased.Erased`; places of the server's state
            begin with ``server``.
        caches: entries of memory that were let go of, by what they are.
        remains: what is not reached from here, in words.
        files, bytes: searched after it was done.
    """

    id: str
    time: str
    collection: str
    ids: tuple[str, ...]
    absent: tuple[str, ...]
    held: Mapping[str, int]
    places: tuple[ErasedPlace, ...]
    caches: Mapping[str, int]
    later: tuple[str, ...]
    remains: tuple[str, ...]
    files: int
    bytes: int
    seconds: float

    @property
    def verified(self) -> bool:
        """Whether every byte of the collection was searched and nothing was left."""
        return bool(self.ids) and not self.later and not any(place.left for place in self.places)

    @property
    def digest(self) -> str:
        """SHA-256 of all that it says, as JSON with sorted keys and without spaces; hexadecimal."""
        text = json.dumps(self._content(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """The document of ``delete --hard --json`` and of the API."""
        return {**self._content(), "digest": self.digest}

    def _content(self) -> dict[str, Any]:
        said = asdict(self)
        named = {"receipt": said.pop("id"), **said, "verified": self.verified}
        lists: dict[str, Any] = {name: [*getattr(self, name)] for name in ("ids", "absent", "later", "remains")}
        return {**named, **lists, "places": [asdict(place) for place in self.places]}


def receipt_of(
    erased: Erased,
    collection: Path,
    *,
    caches: Mapping[str, int],
    state: tuple[ErasedPlace, ...] = (),
    later: tuple[str, ...] = (),
    seconds: float,
) -> Receipt:
    """The receipt of what a store erased.

    Args:
        state: places of the server's state.
        later: what has to wait there.
    """
    return Receipt(
        id=secrets.token_hex(8),
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        collection=collection.absolute().name,
        ids=erased.ids,
        absent=erased.absent,
        held=dict(erased.held),
        places=(*erased.places, *state),
        caches=dict(caches),
        later=(*erased.later, *later),
        remains=_REMAINS,
        files=erased.files,
        bytes=erased.bytes,
        seconds=round(seconds, 3),
    )
