"""Items by the words of their titles and metadata: a full-text index beside the ledger, made from it."""

from typing import TYPE_CHECKING, Protocol

from shelfsight.core.listing import WordQuery, WordsFound
from shelfsight.stores.blocks import BoolArray
from shelfsight.stores.words.index import WordIndex

if TYPE_CHECKING:
    from shelfsight.stores.snapshot import LocalSnapshot

__all__ = ["WordFinder", "WordIndex"]


class WordFinder(Protocol):
    """What finds items by words: :class:`WordIndex`, or another."""

    def find(self, snapshot: "LocalSnapshot", query: WordQuery, k: int, allowed: BoolArray) -> WordsFound: ...

    def keep_up(self) -> None: ...

    def maintain(self) -> None: ...

    def purge(self) -> None: ...

    def close(self) -> None: ...
