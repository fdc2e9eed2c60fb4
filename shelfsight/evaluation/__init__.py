"""Queries and judgements in; metrics with intervals, comparisons and reports out."""

from shelfsight.evaluation.classification import ClassifyReport, ClassScore, Guess, classify
from shelfsight.evaluation.comparison import ClassifyComparison, Comparison, Difference, compare
from shelfsight.evaluation.metrics import Interval
from shelfsight.evaluation.queries import JudgedQuery, load_queries
from shelfsight.evaluation.ranking import EvaluationReport, evaluate

__all__ = [
    "ClassScore",
    "ClassifyComparison",
    "ClassifyReport",
    "Comparison",
    "Difference",
    "EvaluationReport",
    "Guess",
    "Interval",
    "JudgedQuery",
    "classify",
    "compare",
    "evaluate",
    "load_queries",
]
