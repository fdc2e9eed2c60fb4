"""Runs checks one by one, whatever becomes of them."""

import logging
from collections.abc import Callable, Iterable, Iterator

from shelfsight.api.doctor.finding import Finding, error
from shelfsight.core.errors import ShelfsightError

__all__ = ["Check", "checked", "failed"]

Check = Callable[[], Iterator[Finding]]

_log = logging.getLogger("shelfsight.doctor")
_LOOK = "look at what it names; where that is in order, report this"


def checked(checks: Iterable[Check]) -> Iterator[Finding]:
    """What they find. One that cannot go on is a finding, ``check_failed``."""
    for check in checks:
        try:
            yield from check()
        except ShelfsightError as fault:
            yield failed(check, fault.message, fault.hint or _LOOK)
        except Exception as fault:
            _log.debug("a check failed", exc_info=fault)
            yield failed(check, f"{type(fault).__name__}: {fault}", _LOOK)


def failed(check: Check, why: str, cure: str) -> Finding:
    """The finding of a check that could not be made."""
    what = str(getattr(check, "__name__", None) or getattr(getattr(check, "func", None), "__name__", "a check"))
    return error("check_failed", f"the check {what.strip('_').replace('_', ' ')!r} could not be made: {why}", cure)
