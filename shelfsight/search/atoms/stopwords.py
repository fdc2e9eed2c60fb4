"""Words that ask for nothing by themselves, and words that negate; as keys (``key_of`` of what is written here)."""

from shelfsight.search.atoms.phrases import Phrases
from shelfsight.search.atoms.tokens import keys_of

__all__ = ["CONNECTORS", "CUES", "GLUE", "LACKING_CUES", "LIST_CUES", "NAME_CUES", "NO_CUES", "ONE_WORD_CUES", "WITH"]


CONNECTORS = keys_of("a an and or the of for with in on to by at from")
"""Words that may begin what follows a part of a query that was left out: "shirts [that are not blue] for men"."""

WITH = keys_of("with having has have had featuring feature")
"""After these, a thing is part of the product rather than the product."""

GLUE = (
    CONNECTORS
    | WITH
    | keys_of(
        """
        i im ill ive me my mine we our you your youre he she it its they them their this these those there here who
        whom whose what which that thats be is are am was were been being do doe does did can could would should
        might may must got get give want wanted wants wish need needed needs needing like likes love prefer look looks
        looking lookin search searching find finding found show showing shows shown display displaying see buy buying
        purchase order shop shopping hunt hunting after seek seeking recommend suggest help bring send pick choose
        something anything everything nothing some any one thing stuff item product products sort kind type style
        styled model version option choice idea gift present pair piece set pack please pls thank thanks hi hello hey
        dear ok okay kindly thx just only really very so too quite also even much more most many few lot bit maybe
        perhaps possibly ideally preferably rather either both about around as if then than but while when where how
        into onto through up down out off via per during under over nice good great beautiful lovely pretty best perfect
        suitable appropriate right wear wearing worn use used using made make makes making colour color coloured colored
        shade tone pattern material fabric size sized price priced pic picture photo image all every each other another
        same such least else left carry sell selling sold store everywhere somewhere anywhere think thinking thought
        wonder wondering birthday day kinda today now soon let know hope go going come coming there's it's let's
        """
    )
)
"""Words that are no part of any atom on their own."""

_NOT = Phrases.of(
    """
    not, no, never, nothing, neither, nor, but not, and not, or not, isnt, arent, shouldnt be, wont, cant be, not any
    dont want, do not want, dont like, do not like, dont need, do not need, dont show, do not show, dont include
    do not include, dont have, do not have, doesnt have, does not have, not have, not having, rather than, instead of
    as long as not, anything not, hate, dislike
    """
)
LIST_CUES = Phrases.of(
    """
    without, without any, no, except, except for, excepting, excluding, exclude, minus, sans, free of, free from, avoid
    avoiding, other than, anything but, everything but, all but, apart from, aside from, lacking, devoid of, and no
    but no, but without, any colour but, any color but, any but, with no, having no, dont want, do not want
    nothing with, anything except, no more
    """
)
"""Cues after which ``and`` goes on: "without logo and stripes"."""

LACKING_CUES = Phrases.of("without, without any, sans, free of, free from, lacking, devoid of, with no, having no")
"""Cues about parts of the product: what follows them is never the product itself."""

ONE_WORD_CUES = Phrases.of("non")
"""Cues of the next word alone: "non leather shoes"."""

NAME_CUES = Phrases.of("non, without, with no, sans, except, excluding, free of, free from")
"""Cues that count in the middle of a text that is written as a title, where "Not Tonight" and "No Show" are names."""

CUES = _NOT | LIST_CUES | ONE_WORD_CUES

NO_CUES = Phrases.of(
    """
    not only, not just, not necessarily, no matter, no problem, not sure, no preference, no rush, no idea, dont mind
    do not mind, dont care, do not care, nothing but, why not, if not, or not sure, not bad, no thanks
    nothing else, no other
    """
)
"""Phrases that begin like a cue and negate nothing."""
