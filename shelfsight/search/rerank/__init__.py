"""Re-ranking: a vision-language model looks at the candidates with the query in mind, and the head is ordered anew."""

from shelfsight.search.rerank.inquiry import Inquiry
from shelfsight.search.rerank.reranker import STAGE, Reranked, rerank

__all__ = ["STAGE", "Inquiry", "Reranked", "rerank"]
