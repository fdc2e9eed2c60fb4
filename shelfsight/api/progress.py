"""How far a long job is, on stderr: a bar on a terminal, a plain line every few seconds anywhere else."""

import sys
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from shelfsight.api.console import say

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["Meter", "meter"]

_SECONDS_A_LINE = 5.0


class Meter(Protocol):
    """Told how much is done; a context manager around the job."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None: ...

    def __call__(self, done: int, total: int | None, note: str = "") -> None:
        """``done`` of ``total`` (``None`` where that is not known); ``note`` is shown beside it."""
        ...


def meter(label: str, unit: str) -> Meter:
    """A bar where stderr is a terminal, else lines."""
    return _Bar(label, unit) if sys.stderr.isatty() else _Lines(label, unit)


class _Lines:
    def __init__(self, label: str, unit: str) -> None:
        self._label = label
        self._unit = unit
        self._began = self._said = monotonic()
        self._last = self._shown = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._last != self._shown and kind is None:
            say(self._last)

    def __call__(self, done: int, total: int | None, note: str = "") -> None:
        now = monotonic()
        self._last = line(self._label, self._unit, done, total, now - self._began, note)
        if now - self._said >= _SECONDS_A_LINE:
            self._said = now
            self._shown = self._last
            say(self._last)


class _Bar:
    def __init__(self, label: str, unit: str) -> None:
        self._label = label
        self._unit = unit
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(show_speed=False),
            TextColumn("{task.completed:,.0f} " + self._unit),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[note]}"),
        )
        self._progress = Progress(*columns, console=Console(file=sys.stderr))
        self._task = self._progress.add_task(self._label, total=None, rate="", note="")
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._progress is not None:
            self._progress.stop()

    def __call__(self, done: int, total: int | None, note: str = "") -> None:
        if self._progress is None or self._task is None:
            return
        elapsed = self._progress.tasks[0].elapsed or 0.0
        rate = f"{done / elapsed:,.0f}/s" if elapsed > 0.5 else ""
        self._progress.update(self._task, completed=done, total=total, rate=rate, note=note)


def line(label: str, unit: str, done: int, total: int | None, seconds: float, note: str = "") -> str:
    """``indexing: 512 of 720 items (71 %), 48.3/s, 4 s left, 2 failed``"""
    rate = done / seconds if seconds > 0 else 0.0
    parts = [f"{label}: {done:,} {unit}"]
    if total:
        parts[0] = f"{label}: {done:,} of {total:,} {unit} ({100 * done // total} %)"
    if rate > 0:
        parts.append(f"{rate:,.1f}/s")
        if total and done < total:
            parts.append(f"{(total - done) / rate:,.0f} s left")
    if note:
        parts.append(note)
    return ", ".join(parts)
