"""What learns: the two sides of an encoder, their loss, and vectors with the deltas as they are now."""

from collections.abc import Sequence
from copy import deepcopy

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from shelfsight.core.vectors import FloatArray
from shelfsight.models.encoders.digests import PROBES
from shelfsight.models.encoders.loading import Loaded
from shelfsight.training.adapt.head import PictureHead
from shelfsight.training.adapt.lora import TextLora
from shelfsight.training.adapt.settings import AdaptSettings
from shelfsight.training.loss import contrastive_loss

__all__ = ["Learner", "TextSide"]

_LARGEST_SCALE = float(np.log(100.0))
_TEXT_ROWS = 256


class Learner(nn.Module):
    """Deltas of both sides, and the temperature, which starts where the base model left it."""

    def __init__(self, loaded: Loaded, settings: AdaptSettings) -> None:
        super().__init__()
        torch.manual_seed(settings.seed)
        self.texts = TextLora(loaded.model, settings.rank)
        device = next(self.texts.parameters()).device
        self.pictures = PictureHead(loaded.dimension).to(device)
        self.scale = nn.Parameter(
            loaded.model.logit_scale.detach().float().clamp(max=_LARGEST_SCALE).clone().to(device)
        )
        self.texts.requires_grad_(settings.side != "pictures")
        self.pictures.requires_grad_(settings.side != "texts")

    def twin(self) -> "Learner":
        """A copy of all that learns; the model beneath is the same."""
        return deepcopy(self, {id(self.texts.tower): self.texts.tower})

    def loss(
        self, texts: Tensor, anchors: Tensor, pictures: Tensor, truth: tuple[Tensor, Tensor], anchor: float
    ) -> Tensor:
        """Contrastive loss of a batch, and ``anchor`` times how far its texts went from the base's.

        Args:
            texts, anchors: adapted and base vectors of the batch's texts, ``float32 [t, d]``.
            pictures: base vectors of its pictures, ``float32 [n, d]``.
            truth: ``right`` and ``unknown``, ``bool [t, n]``.
        """
        logits = self.scale.exp() * texts @ self.pictures(pictures).T
        drift = (1 - (texts * anchors).sum(dim=1)).mean()
        return contrastive_loss(logits, *truth) + anchor * drift

    @torch.no_grad()
    def bound_scale(self) -> None:
        """Keep the temperature in the range that CLIP was trained with."""
        self.scale.clamp_(0.0, _LARGEST_SCALE)


class TextSide:
    """Texts as token ids, cut where the tower gives the same answer without the padding."""

    def __init__(self, loaded: Loaded, texts: Sequence[str], lora: TextLora) -> None:
        self._device = next(lora.parameters()).device
        self._ids = torch.cat([loaded.tokenizer(list(texts[i : i + 1024])) for i in range(0, len(texts), 1024)])
        lora.context = self._ids.shape[1]
        self._may_cut = _may_cut(lora, loaded.tokenizer(list(PROBES)).to(self._device))
        self._anchors = torch.zeros((len(texts), loaded.dimension), device=self._device)

    def encode(self, lora: TextLora, numbers: npt.NDArray[np.int64]) -> Tensor:
        """Adapted vectors, ``float32 [n, d]``, with gradients where they are recorded."""
        ids = self._ids[numbers]
        vectors: Tensor = lora((_cut(ids) if self._may_cut else ids).to(self._device))
        return vectors

    def keep_anchors(self, lora: TextLora, numbers: npt.NDArray[np.int64]) -> None:
        """Encode texts with the base. All at once and in one order: a last bit that depends on who else was in a batch
        would make a resumed run another run."""
        with torch.no_grad(), lora.switched_off():
            for part in np.array_split(numbers, -(-len(numbers) // _TEXT_ROWS)):
                self._anchors[part] = self.encode(lora, part)

    def anchors(self, numbers: npt.NDArray[np.int64]) -> Tensor:
        """Base vectors of texts that were kept, ``float32 [n, d]``."""
        return self._anchors[numbers]

    def vectors(self, lora: TextLora, numbers: Sequence[int]) -> FloatArray:
        """Adapted vectors of many texts, ``float32 [n, d]``."""
        wanted = np.array(numbers, dtype=np.int64)
        with torch.no_grad():
            parts = [self.encode(lora, wanted[i : i + _TEXT_ROWS]).cpu() for i in range(0, len(wanted), _TEXT_ROWS)]
        found: FloatArray = torch.cat(parts).numpy()
        return found


def _cut(ids: Tensor) -> Tensor:
    """Without the columns that are padding in every row; what a row ends with is taken for its padding."""
    differs = (ids != ids[:, -1:]).any(dim=0).nonzero()
    length = int(differs[-1]) + 2 if len(differs) else 1
    return ids[:, : min(length, ids.shape[1])]


def _may_cut(lora: TextLora, probes: Tensor) -> bool:
    """Whether the tower says the same of a text without its padding: tried, because towers of one kind differ."""
    try:
        with torch.no_grad():
            pairs = [(lora(row[None]), lora(_cut(row[None]))) for row in probes]
    except (RuntimeError, IndexError, ValueError):  # a tower that takes texts of one length only
        return False
    return all(torch.allclose(whole, cut, atol=1e-5, equal_nan=True) for whole, cut in pairs)
