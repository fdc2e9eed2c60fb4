"""A decoder that reads what comes before a question once, however many questions follow it."""

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

__all__ = ["Prefixes"]


class Prefixes:
    """Beginnings of prompts, read by a decoder: (the same words, a picture) each.

    Texts behind them are padded on the right, and the state at a text's own last token counts: a decoder sees nothing
    that comes later, so padding needs no mask and cannot leak.
    """

    def __init__(self, model: Any, words: Sequence[int], features_ntd: "torch.Tensor") -> None:
        """
        Args:
            model: of Transformers, with a causal decoder in ``model.model.language_model``.
            words: token ids before the picture.
            features_ntd: what the decoder sees of n pictures, in the model's precision and on its device.
        """
        import torch

        self._decoder = model.model.language_model
        self._embed = model.get_input_embeddings()
        self._device = features_ntd.device
        before = self._embed(torch.tensor(words, dtype=torch.long, device=self._device))
        whole = torch.cat([before.expand(len(features_ntd), -1, -1), features_ntd], dim=1)
        self._read = self._decoder(inputs_embeds=whole, use_cache=True).past_key_values
        self._count = len(features_ntd)

    def ends(self, rows: Sequence[int], texts: Sequence[Sequence[int]]) -> "torch.Tensor":
        """(m, d): the decoder's last hidden state behind each of m texts.

        Args:
            rows: the prefix that each text follows.
            texts: token ids, at least one each.
        """
        import torch

        longest = max(map(len, texts))
        ids = torch.tensor([[*text, *[text[0]] * (longest - len(text))] for text in texts], device=self._device)
        read = self._rows(rows)
        hidden = self._decoder(inputs_embeds=self._embed(ids), past_key_values=read, use_cache=True).last_hidden_state
        last = torch.tensor([len(text) - 1 for text in texts], device=self._device)
        chosen: torch.Tensor = hidden[torch.arange(len(texts), device=self._device), last]
        return chosen

    def _rows(self, rows: Sequence[int]) -> Any:
        """The keys and values of some prefixes. What is added to them does not reach those that are kept."""
        import torch

        read = copy.copy(self._read)
        read.layers = [copy.copy(layer) for layer in self._read.layers]
        if list(rows) != list(range(self._count)):
            read.batch_select_indices(torch.tensor(rows, device=self._device))
        return read
