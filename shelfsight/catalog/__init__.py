"""Readers of catalogues: whatever holds pictures and what is known of them, as a stream of items."""

from shelfsight.catalog.opening import open_catalogue
from shelfsight.catalog.options import Columns

__all__ = ["Columns", "open_catalogue"]
