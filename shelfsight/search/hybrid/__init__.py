"""Hybrid search: the words of titles and fields beside what pictures show."""

from shelfsight.search.hybrid.fusion import FUSION, WordFusion
from shelfsight.search.hybrid.retrieval import everything, retrieve
from shelfsight.search.hybrid.spelling import spelt

__all__ = ["FUSION", "WordFusion", "everything", "retrieve", "spelt"]
