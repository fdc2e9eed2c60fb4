"""The last layer of a language model, for a few tokens only and in float32."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

__all__ = ["Head"]

_CHANGES = ("final_logit_softcapping", "logit_scale", "logits_scaling")


class Head:
    """The layer from hidden states to logits.

    A model in bfloat16 rounds a logit of 20 to a multiple of 1/8, which makes a probability coarse. Its hidden state
    is finer, so the few logits that count are computed again from it in float32.
    """

    def __init__(self, model: Any) -> None:
        """
        Args:
            model: a language model of Transformers, with or without eyes.
        """
        from torch import nn

        self._layer = model.get_output_embeddings()
        config = model.config.get_text_config(decoder=True)
        changed = any(getattr(config, name, None) not in (None, 1, 1.0) for name in _CHANGES)
        self.final = type(self._layer) is nn.Linear and not changed
        """Whether what the layer gives are the logits, unchanged behind it."""

    def logits(self, hidden_nd: "torch.Tensor", ids: Sequence[int]) -> "torch.Tensor":
        """(n, d) hidden states to the (n, ids) float32 logits of the tokens ``ids``."""
        from torch.nn.functional import linear

        rows, bias = list(ids), self._layer.bias
        weight = self._layer.weight[rows].float()
        return linear(hidden_nd.float(), weight, None if bias is None else bias[rows].float())

    @contextlib.contextmanager
    def heard(self) -> Iterator[list["torch.Tensor"]]:
        """Collects what the layer is given while the model runs: (n, tokens, d) at each step."""
        given: list[torch.Tensor] = []
        handle = self._layer.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0]))
        try:
            yield given
        finally:
            handle.remove()
