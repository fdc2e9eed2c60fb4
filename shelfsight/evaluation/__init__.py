"""Queries and judgements in, metrics with intervals out."""

from shelfsight.evaluation.classification import ClassifyReport, ClassScore, classify
from shelfsight.evaluation.metrics import Interval
from shelfsight.evaluation.queries import JudgedQuery, load_queries
from shelfsight.evaluation.ranking import EvaluationReport, evaluate

__all__ = [
    "ClassScore",
    "ClassifyReport",
    "EvaluationReport",
    "Interval",
    "JudgedQuery",
    "classify",
    "evaluate",
    "load_queries",
]
