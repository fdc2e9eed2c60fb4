"""Readers of catalogues: whatever holds pictures and what is known of them, as a stream of items."""

from shelfsight.catalog.fields import FieldRows, Fields, open_fields
from shelfsight.catalog.opening import open_catalogue
from shelfsight.catalog.options import Columns

__all__ = ["Columns", "FieldRows", "Fields", "open_catalogue", "open_fields"]
