"""Hybrid search: the words of titles and fields beside what pictures show."""

from shelfsight.search.hybrid.fusion import FUSION, WordFusion
from shelfsight.search.hybrid.retrieval import retrieve

__all__ = ["FUSION", "WordFusion", "retrieve"]
