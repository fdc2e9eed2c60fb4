"""The promise of what is kept beside the items: what models made of their pictures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from shelfsight.core.stored import PictureKey
from shelfsight.core.types import Suggestion

__all__ = ["Notes", "NotesSummary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotesSummary:
    """How much is kept beside the items of a collection.

    Attributes:
        features: version -> pictures of which features are kept, the version written to last first.
        suggestions: model -> items of which suggestions are kept.
        bytes: what all of it takes on disk; 0 where nothing was ever kept.
    """

    features: Mapping[str, int]
    suggestions: Mapping[str, int]
    bytes: int


class Notes(Protocol):
    """What models made of a collection's pictures, beside the items: kept by version, gone with the item.

    A note belongs to the pictures that the item had when it was made: when they change, it is as if it were not there.
    Notes can be made again, so searches need not fear for them: what cannot be read is as if it were not there.
    """

    def features(self, version: str, keys: Sequence[PictureKey]) -> dict[PictureKey, npt.NDArray[np.float16]]:
        """Kept features of the pictures ``keys``, those of another version or of changed pictures left out."""
        ...

    def keep_features(
        self,
        version: str,
        features: Mapping[PictureKey, npt.NDArray[np.float16]],
        fingerprints: Mapping[str, str],
    ) -> None:
        """Keep features; ``fingerprints`` maps each item's id to ``StoredItem.fingerprints.pictures`` as it was when
        they were made. Items that are gone or have other pictures by now are left out.

        Raises:
            StoreError, StoreFull: they cannot be written; nothing else is affected.
        """
        ...

    def lacking_features(self, version: str) -> Iterator[str]:
        """Ids, ascending, of the items with a picture of which no features of this version are kept. Drawn as it goes:
        what is written between two steps counts, where it lies ahead.

        Raises:
            StoreError: notes cannot be read, or not be begun.
        """
        ...

    def suggestions(self, ids: Sequence[str]) -> dict[str, dict[str, Suggestion]]:
        """id -> field -> what a model said; ids of which nothing was said left out."""
        ...

    def keep_suggestions(
        self, suggestions: Mapping[str, Mapping[str, Suggestion]], fingerprints: Mapping[str, str]
    ) -> None:
        """Keep suggestions, in place of all that the same items had; as :meth:`keep_features`."""
        ...

    def lacking_suggestions(self, model: str) -> Iterator[str]:
        """Ids, ascending, of the items of which this model said nothing; as :meth:`lacking_features`."""
        ...

    def summary(self) -> NotesSummary:
        """How much there is."""
        ...
