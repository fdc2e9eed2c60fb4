"""What a check finds."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Finding", "Severity", "error", "note", "warning"]


class Severity(StrEnum):
    """How grave a finding is, gravest first: something does not work, works worse than it could or will not for long,
    or is worth knowing. A note alone is nothing wrong."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    Attributes:
        code: for programs; the same in every version.
        message: names the thing and the place.
        cure: what to do; ``command``: where that is one, the command alone, as it is typed.
    """

    code: str
    severity: Severity
    message: str
    cure: str
    command: str | None = None

    def document(self) -> dict[str, Any]:
        return asdict(self)


def error(code: str, message: str, cure: str, *, command: str | None = None) -> Finding:
    return Finding(code=code, severity=Severity.ERROR, message=message, cure=cure, command=command)


def warning(code: str, message: str, cure: str, *, command: str | None = None) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, message=message, cure=cure, command=command)


def note(code: str, message: str, cure: str, *, command: str | None = None) -> Finding:
    return Finding(code=code, severity=Severity.NOTE, message=message, cure=cure, command=command)
