"""Items by the words of their titles and metadata: a full-text index beside the ledger, made from it."""

from shelfsight.stores.words.index import WordIndex

__all__ = ["WordIndex"]
