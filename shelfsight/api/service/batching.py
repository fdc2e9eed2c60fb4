"""One encoder for all requests: their texts and pictures go through it together, and the last texts are remembered."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL.Image import Image

from shelfsight.api.service.embeddings import Embeddings
from shelfsight.core.gathering import Gathering
from shelfsight.core.protocols import Encoder, EncoderSpec
from shelfsight.core.settings import LoadSettings
from shelfsight.core.vectors import FloatArray

__all__ = ["BatchingEncoder", "EncoderUse"]

_PICTURES = 8
"""Pictures of different requests that are encoded together at most: more gain nothing on a CPU, and wait for one
another."""


class EncoderUse(NamedTuple):
    """What an encoder was used for so far.

    Attributes:
        remembered, fresh: texts that were answered from memory, and that were not.
        text_passes, texts: calls of the encoder for texts, and how many texts these were.
        picture_passes, pictures: the same for pictures of queries.
    """

    remembered: int = 0
    fresh: int = 0
    text_passes: int = 0
    texts: int = 0
    picture_passes: int = 0
    pictures: int = 0


class BatchingEncoder:
    """An :class:`~shelfsight.core.protocols.Encoder` that wants to be called by all threads at once.

    What several of them ask for goes through the encoder behind it in one pass; each is answered as it would be alone
    (see :class:`~shelfsight.core.gathering.Gathering`). The encoder behind it is called by one thread at a time for
    texts, and by one for pictures.
    """

    concurrent = True

    def __init__(
        self,
        encoder: Encoder,
        settings: LoadSettings,
        embeddings: Embeddings | None = None,
        before: EncoderUse | None = None,
    ) -> None:
        """
        Args:
            embeddings: where texts are remembered; may be shared with other encoders.
            before: what those before it were used for, which had the same ``embeddings``: :attr:`use` goes on from it.
        """
        self._encoder = encoder
        self._before = before or EncoderUse()
        self._spec = encoder.spec
        self._embeddings = Embeddings(settings.embeddings) if embeddings is None else embeddings
        self._texts = Gathering[str, FloatArray](self._encode_distinct, most=settings.batch)
        self._pictures = Gathering[npt.NDArray[np.uint8], FloatArray](
            lambda pictures: [*encoder.encode_pixels(np.stack(pictures))], most=min(settings.batch, _PICTURES)
        )

    @property
    def spec(self) -> EncoderSpec:
        return self._spec

    @property
    def use(self) -> EncoderUse:
        """What it was used for so far."""
        remembered, texts, pictures, before = self._embeddings, self._texts, self._pictures, self._before
        return EncoderUse(
            remembered=remembered.hits,
            fresh=remembered.misses,
            text_passes=before.text_passes + texts.calls,
            texts=before.texts + texts.answered,
            picture_passes=before.picture_passes + pictures.calls,
            pictures=before.pictures + pictures.answered,
        )

    def prepare(self, picture: Image) -> npt.NDArray[np.uint8]:
        return self._encoder.prepare(picture)

    def encode_pixels(self, pixels_bchw: npt.NDArray[np.uint8]) -> FloatArray:
        """See :class:`~shelfsight.core.protocols.Encoder`."""
        return np.stack(self._pictures.ask([*pixels_bchw]))

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """See :class:`~shelfsight.core.protocols.Encoder`."""
        distinct = [*dict.fromkeys(texts)]
        found = self._embeddings.get(self._spec, distinct)
        missing = [text for text in distinct if text not in found]
        if missing:
            fresh = dict(zip(missing, self._texts.ask(missing), strict=True))
            self._embeddings.put(self._spec, fresh)
            found.update(fresh)
        return np.stack([found[text] for text in texts])

    def encode_anew(self, text: str) -> FloatArray:
        """(d,) float32 of a text, through the encoder even where it is remembered."""
        return self._texts.ask([text])[0]

    def _encode_distinct(self, texts: Sequence[str]) -> Sequence[FloatArray]:
        """What several requests ask for at once is encoded once."""
        distinct = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        vectors = self._encoder.encode_texts([*distinct])
        return [vectors[distinct[text]] for text in texts]
