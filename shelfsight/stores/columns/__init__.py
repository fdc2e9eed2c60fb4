"""Metadata by column: what filters, facets and sorting run over.

A column holds one value a slot, kept by type, so that a comparison is one NumPy operation. Columns are built from
records when first asked for, or taken from a checkpoint, and grow as slots are appended; a slot's value never changes.
"""

from shelfsight.stores.columns.column import EXACT, Column, Factors, Type, facet_text
from shelfsight.stores.columns.stack import Stack
from shelfsight.stores.columns.table import OWN_FIELDS, Columns
from shelfsight.stores.columns.texts import Texts

__all__ = ["EXACT", "OWN_FIELDS", "Column", "Columns", "Factors", "Stack", "Texts", "Type", "facet_text"]
