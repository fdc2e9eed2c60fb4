"""A merchandiser's rules at work.

* **Synonyms** count where words are looked up (``mode`` hybrid).
* **Hides** narrow the search's filter: what is hidden is in no hit, total or facet.
* **Boosts** move hits by a bounded amount (:mod:`~shelfsight.search.rules.boosting`).
* **Last** puts hits behind all others of those that rules see.
* **Pins** take places of their own, where their items pass the filter; they count once.

Rules see the first :data:`~shelfsight.search.planning.HEAD` candidates, whatever the page, so pages are parts of one
order. Scores stay what they are, and a search that no rule concerns is the same as without rules. A rule whose filter
cannot be used on the collection does nothing, and the page's warnings say so.
"""

from shelfsight.search.rules.reading import read_rules
from shelfsight.search.rules.ruling import Ruling, ruling_of

__all__ = ["Ruling", "read_rules", "ruling_of"]
