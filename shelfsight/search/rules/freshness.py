"""How new an item is."""

from datetime import UTC, date, datetime

from shelfsight.core.types import Value

__all__ = ["age_in_days"]


def age_in_days(value: Value, today: date) -> float | None:
    """Days from what a field holds to ``today``, at least 0; ``None`` where it holds no date.

    A date is an ISO text (``2025-01-31``, a time may follow) or seconds since 1970.
    """
    day = _day(value)
    return None if day is None else max(0.0, float((today - day).days))


def _day(value: Value) -> date | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        try:
            return datetime.fromtimestamp(float(value), UTC).date()
        except (OverflowError, OSError, ValueError):  # beyond what a calendar holds
            return None
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value.strip()[:10])
    except ValueError:
        return None
