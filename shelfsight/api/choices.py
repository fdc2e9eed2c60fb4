"""Which fields of a collection are worth showing as a choice."""

from collections.abc import Mapping

from shelfsight.core.protocols import Snapshot

__all__ = ["suggested_facets"]

_VALUES = 50
_COVER = 0.1
_LENGTH = 80


def suggested_facets(snapshot: Snapshot) -> list[str]:
    """Fields with at least two values, all of them short, which many items share."""
    candidates = [
        name for name, kind in snapshot.fields().items() if kind in ("text", "boolean") and name not in ("id", "title")
    ]
    counts = snapshot.facets(candidates, limit=_VALUES)
    enough = _COVER * snapshot.count()
    return [name for name in candidates if _is_choice(counts[name], enough)]


def _is_choice(counts: Mapping[str, int], enough: float) -> bool:
    shared = sum(count for count in counts.values() if count > 1)
    return len(counts) >= 2 and shared >= enough and max(map(len, counts)) <= _LENGTH
