"""Reports a person can read: one HTML file that needs nothing else, and takes nothing from anywhere."""

from shelfsight.evaluation.report.document import Reportable, render
from shelfsight.evaluation.report.side import Side
from shelfsight.evaluation.report.svg import require_matplotlib

__all__ = ["Reportable", "Side", "render", "require_matplotlib"]
