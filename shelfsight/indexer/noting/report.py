"""What a job of notes did, and how it tells how far it is."""

import time
from dataclasses import dataclass, field
from typing import Protocol

from shelfsight.core.types import Failure

__all__ = ["NotesProgress", "NotesReport", "NotesTally"]

_KEPT_IN_MEMORY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class NotesReport:
    """The end of a job.

    Attributes:
        features: pictures of which features were made; ``None`` where not asked for.
        suggestions: items of which suggestions were made; ``None`` where not asked for.
        failed: pictures that could not be looked at.
        seconds: wall clock.
        failures: the first thousand of them.
    """

    features: int | None
    suggestions: int | None
    failed: int
    seconds: float
    failures: tuple[Failure, ...] = ()


class NotesProgress(Protocol):
    """Called from the job's thread after every batch."""

    def __call__(self, stage: str, done: int, total: int, *, failed: int) -> None:
        """
        Args:
            stage: ``features`` (of pictures) or ``suggestions`` (of items).
            done: pictures or items of the collection that have them, those of earlier jobs included.
            total: pictures or items of the collection.
            failed: pictures that could not be looked at so far.
        """
        ...


@dataclass(slots=True)
class NotesTally:
    """The counts of a job while it runs."""

    features: int | None
    suggestions: int | None
    failed: int = 0
    failures: list[Failure] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def fail(self, failure: Failure) -> None:
        self.failed += 1
        if len(self.failures) < _KEPT_IN_MEMORY:
            self.failures.append(failure)

    def report(self) -> NotesReport:
        return NotesReport(
            features=self.features,
            suggestions=self.suggestions,
            failed=self.failed,
            seconds=time.monotonic() - self.started,
            failures=tuple(self.failures),
        )
