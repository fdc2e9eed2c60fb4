"""The log of a run as a picture: losses by step, and the figures of the validation split by epoch."""

import json
import logging
from itertools import accumulate
from pathlib import Path
from typing import Any

__all__ = ["plot_log"]

_log = logging.getLogger(__name__)


def plot_log(folder: Path) -> Path | None:
    """Draw ``folder/log.jsonl`` into ``folder/log.png``; None, with a message, where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        _log.info("no plot of the log: matplotlib is not installed (extra 'report')")
        return None
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    figure = Figure(figsize=(10, 4), layout="constrained")
    losses, figures = figure.subplots(1, 2)
    starts = _starts(lines)
    _draw(losses, lines, starts, "steps", ["loss"])
    names = [name for name in _last(lines, "validation") if "@" in name]
    _draw(figures, lines, starts, "validation", names)
    losses.set(title="training loss", xlabel="step")
    figures.set(title="validation split", xlabel="step", ylim=(0, 1))
    path = folder / "log.png"
    figure.savefig(path, dpi=100)
    return path


def _starts(lines: list[dict[str, Any]]) -> dict[str, int]:
    """Stage -> steps of all stages before it."""
    steps = {line["stage"]: line["steps"] for line in lines}
    return dict(zip(steps, accumulate(steps.values(), initial=0), strict=False))


def _draw(axes: Any, lines: list[dict[str, Any]], starts: dict[str, int], kind: str, names: list[str]) -> None:
    for name in names:
        points = {starts[line["stage"]] + line["step"]: line[name] for line in lines if line["kind"] == kind}
        axes.plot(list(points), list(points.values()), marker="." if kind == "validation" else "", label=name)
    for start in list(starts.values())[1:]:
        axes.axvline(start, color="grey", linewidth=0.5)
    axes.grid(alpha=0.3)
    if names:
        axes.legend()


def _last(lines: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next((line for line in reversed(lines) if line["kind"] == kind), {})
