"""What a query asks for, in parts that can be true or false of one item.

Read in this order: :mod:`~shelfsight.search.atoms.tokens` (spelling), :mod:`~shelfsight.search.atoms.lexicon` (plain
English), :mod:`~shelfsight.search.atoms.vocabulary` (the catalogue's words), :mod:`~shelfsight.search.atoms.scan` (text
to parts), :mod:`~shelfsight.search.atoms.limits` (bounds), :mod:`~shelfsight.search.atoms.scopes` (negation),
:mod:`~shelfsight.search.atoms.settle` (what is the product), :mod:`~shelfsight.search.atoms.parser` (all together),
:mod:`~shelfsight.search.atoms.wording` (what is left of the text for an embedding).
"""

from shelfsight.search.atoms.checks import checked
from shelfsight.search.atoms.parser import MAX_ATOMS, parse
from shelfsight.search.atoms.vocabulary import EMPTY, Vocabulary
from shelfsight.search.atoms.wording import positive_text

__all__ = ["EMPTY", "MAX_ATOMS", "Vocabulary", "checked", "parse", "positive_text"]
