"""The read path: a query is understood, embedded, matched against a collection, and answered as a page of hits."""

from shelfsight.search.query import Understood, understand
from shelfsight.search.searcher import Searcher

__all__ = ["Searcher", "Understood", "understand"]
