"""Why an item stands where it does: read off the search itself, which is run as it always is and told of on the way.

What it must satisfy is asked of the store that filters; where it stood behind each stage is what the stages noted; its
place is where the line of the search has it, however far down that is; a boost that would lift it is worked out with
the numbers that boosts move candidates by.
"""

from shelfsight.search.why.reasons import why_of

__all__ = ["why_of"]
