"""The order of a page beyond merit: fields, groups, repeats folded, variety, and places given away."""

from shelfsight.search.arrange.diversity import diversify
from shelfsight.search.arrange.folding import fold
from shelfsight.search.arrange.grouping import Groups, Row
from shelfsight.search.arrange.line import Line
from shelfsight.search.arrange.pins import Pins, named, parted
from shelfsight.search.arrange.sorting import in_order
from shelfsight.search.arrange.variants import Variants, variants_of

__all__ = [
    "Groups",
    "Line",
    "Pins",
    "Row",
    "Variants",
    "diversify",
    "fold",
    "in_order",
    "named",
    "parted",
    "variants_of",
]
