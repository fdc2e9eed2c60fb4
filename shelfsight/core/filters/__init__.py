"""The filter language: one grammar for all stores, parsed once to a tree.

See :mod:`shelfsight.core.filters.tree` for what a tree means and
:mod:`shelfsight.core.filters.parser` for the grammar.
"""

from shelfsight.core.filters.parser import parse
from shelfsight.core.filters.tree import And, Comparison, Expr, FieldPath, In, IsNull, Like, Not, Operator, Or
from shelfsight.core.filters.writing import parts, written

__all__ = [
    "And",
    "Comparison",
    "Expr",
    "FieldPath",
    "In",
    "IsNull",
    "Like",
    "Not",
    "Operator",
    "Or",
    "parse",
    "parts",
    "written",
]
