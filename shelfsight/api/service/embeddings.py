"""Embeddings of the queries that were asked last."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock

from shelfsight.core.protocols import EncoderSpec
from shelfsight.core.vectors import FloatArray

__all__ = ["Embeddings"]

_LONGEST = 1000
"""Characters of a text that is kept: longer ones are hardly asked twice, and would fill the memory."""


class Embeddings:
    """The texts asked for last, each with its vector by each encoder. Another encoder's vectors are never taken for
    this one's: all that makes an encoder what it is, is part of the key. Safe to share between threads."""

    def __init__(self, size: int) -> None:
        """
        Args:
            size: vectors kept; 0: none.
        """
        self._size = size
        self._lock = Lock()
        self._vectors: OrderedDict[tuple[EncoderSpec, str], FloatArray] = OrderedDict()
        self._hits = self._misses = 0

    def __len__(self) -> int:
        return len(self._vectors)

    @property
    def hits(self) -> int:
        """Texts that were asked for and kept."""
        return self._hits

    @property
    def misses(self) -> int:
        """Texts that were asked for and not kept."""
        return self._misses

    def forget(self) -> int:
        """Keep nothing of what was kept; how many vectors that were."""
        with self._lock:
            count = len(self._vectors)
            self._vectors.clear()
            return count

    def get(self, spec: EncoderSpec, texts: Sequence[str]) -> dict[str, FloatArray]:
        """Those of distinct ``texts`` that are kept, each with its (d,) float32 vector, not to be written to."""
        found = {}
        with self._lock:
            for text in texts:
                vector = self._vectors.get((spec, text))
                if vector is not None:
                    self._vectors.move_to_end((spec, text))
                    found[text] = vector
            self._hits += len(found)
            self._misses += len(texts) - len(found)
        return found

    def put(self, spec: EncoderSpec, vectors: Mapping[str, FloatArray]) -> None:
        """Keep (d,) vectors of texts; those that were asked for longest ago go."""
        # Copies: a row of a batch would keep the whole batch in memory for as long as it is kept.
        kept = {(spec, text): vector.copy() for text, vector in vectors.items() if len(text) <= _LONGEST}
        with self._lock:
            self._vectors.update(kept)
            while len(self._vectors) > self._size:
                self._vectors.popitem(last=False)
