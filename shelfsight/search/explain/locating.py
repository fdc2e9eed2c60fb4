"""Where in the pictures the things are that a model saw."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from PIL.Image import Image

from shelfsight.core.atoms import Atom
from shelfsight.core.errors import ModelError, ShelfsightError
from shelfsight.core.protocols import Localiser
from shelfsight.core.vectors import FloatArray
from shelfsight.search.explain.claims import is_seen
from shelfsight.search.explain.draft import Draft
from shelfsight.search.explain.regions import region
from shelfsight.search.look import Viewing
from shelfsight.search.patience import Budget, Patience, TimeUp

__all__ = ["Locator"]


class Locator:
    """Gives claims their regions, as long as there is time and the localiser does not fail.

    Attributes:
        failure: why it failed, where it did.
    """

    def __init__(self, atoms: Sequence[Atom], viewing: Viewing, budget: Budget, patience: Patience) -> None:
        self._atoms = atoms
        self._viewing = viewing
        self._budget = budget
        self._patience = patience
        self.failure: str | None = None

    def locate(self, drafts: Sequence[Draft]) -> None:
        """Put box and heat map into the evidence of every claim that rests on something seen."""
        localiser = self._viewing.look.localiser
        seen = [(draft, places) for draft in drafts if (places := self._seen(draft))]
        if localiser is None or self.failure is not None or not seen or self._budget.spent:
            return
        pictures = self._viewing.opened(draft.key for draft, _ in seen)
        try:
            for draft, places in seen:
                if draft.key in pictures:
                    self._locate(draft, places, pictures[draft.key], localiser)
        except TimeUp:
            return
        except ShelfsightError as error:
            self.failure = error.message

    def _locate(self, draft: Draft, places: Sequence[int], picture: Image, localiser: Localiser) -> None:
        terms = [self._atoms[place].term for place in places]
        heat_nhw = self._patience.call(partial(_heat, localiser, picture, terms), self._budget.left)
        for place, heat_hw in zip(places, heat_nhw, strict=True):
            claim, found = draft.claims[place], region(heat_hw, picture.size)
            if claim is not None and found is not None:
                evidence = replace(claim.evidence, box=found.box, heat_map=found.heat_map)
                draft.claims[place] = replace(claim, evidence=evidence)

    def _seen(self, draft: Draft) -> list[int]:
        judged = zip(self._atoms, draft.claims, strict=True)
        return [place for place, (atom, claim) in enumerate(judged) if claim is not None and is_seen(atom, claim)]


def _heat(localiser: Localiser, picture: Image, terms: Sequence[str]) -> FloatArray:
    """What the localiser says; whatever it raises, or says amiss, comes as an error of ours."""
    try:
        heat = np.asarray(localiser.heat(picture, terms), np.float32)
    except ShelfsightError:
        raise
    except Exception as error:
        raise ModelError(f"the localiser failed: {type(error).__name__}: {error}") from error
    if heat.ndim != 3 or len(heat) != len(terms):
        raise ModelError(f"the localiser was asked for {len(terms)} maps and gave an array of shape {heat.shape}")
    return heat
