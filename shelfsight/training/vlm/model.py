"""The network: FastVLM as Transformers has it (timm picture tower, projector, small Qwen2), and how it runs packed."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from shelfsight.models.torchvision_compat import ensure_torchvision
from shelfsight.training.model import run_parts, vision_parts
from shelfsight.training.vlm.packing import Pack
from shelfsight.training.vlm.settings import VlmSettings

__all__ = ["IMAGE_SIZE", "IMAGE_TOKENS", "Learner", "make_vlm", "start_from_encoder"]

IMAGE_SIZE = 161
IMAGE_TOKENS = 36


def make_vlm(settings: VlmSettings, vocabulary: int, image_token: int, end: int, pad: int) -> Any:
    """A fresh ``FastVlmForConditionalGeneration`` with random weights."""
    ensure_torchvision()
    import transformers

    library: Any = transformers

    decoder = settings.decoder
    text = library.Qwen2Config(
        vocab_size=vocabulary,
        hidden_size=decoder.width,
        intermediate_size=decoder.inner,
        num_hidden_layers=decoder.layers,
        num_attention_heads=decoder.heads,
        num_key_value_heads=decoder.heads,
        max_position_embeddings=decoder.context,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=end,
        pad_token_id=pad,
    )
    vision = library.TimmWrapperConfig(
        architecture="mobilenetv2_100",
        num_labels=0,
        do_pooling=False,
        hidden_size=1280,
        model_args={"global_pool": "avg"},
    )
    config = library.FastVlmConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=image_token,
        image_seq_length=IMAGE_TOKENS,
        tie_word_embeddings=True,
        eos_token_id=end,
        pad_token_id=pad,
    )
    torch.manual_seed(settings.seed)
    return library.FastVlmForConditionalGeneration(config)


@torch.no_grad()
def start_from_encoder(vlm: Any, encoder: Any, tokenizer: Any, folder: Path) -> None:
    """Begin with what the encoder knows: its token embeddings where the tokens are the same, and its picture head.

    Args:
        folder: the encoder's, with its tokenizer.
    """
    from transformers import PreTrainedTokenizerFast

    theirs = PreTrainedTokenizerFast.from_pretrained(str(folder)).get_vocab()
    known = encoder.text.token_embedding.weight
    embedding = vlm.get_input_embeddings().weight
    if known.shape[1] == embedding.shape[1]:
        shared = [(mine, theirs[token]) for token, mine in tokenizer.get_vocab().items() if token in theirs]
        here, there = (list(each) for each in zip(*shared, strict=True))
        embedding[here] = known[there] * (embedding.std() / known.std())
    head, first = encoder.visual.head.proj.weight, vlm.model.multi_modal_projector.linear_1.weight
    if head.shape == first.shape:
        first.copy_(head)


class Learner(nn.Module):
    """What learns: the upper parts of the picture tower, the projector, the decoder."""

    def __init__(self, vlm: Any, encoder: Any, frozen: int) -> None:
        super().__init__()
        *parts, top = vision_parts(encoder)
        assert isinstance(top, nn.Sequential)
        self.tower = nn.ModuleList([*parts[frozen:], *list(top)[:-1]])  # all but the pooling
        self.projector = vlm.model.multi_modal_projector
        self.decoder = vlm.model.language_model

    def picture_tokens(self, kept: Tensor) -> Tensor:
        """Outputs of the frozen parts ``float32 [b, c, h, w]`` to what the decoder sees, ``[b, h w, width]``."""
        features = run_parts(list(self.tower), kept)
        tokens: Tensor = self.projector(features.flatten(2).permute(0, 2, 1))
        return tokens

    def forward(self, kept: Tensor, pack: Pack) -> Tensor:
        """Logits ``[answers, vocabulary]`` at the places that ``pack.answers`` names."""
        pictures = self.picture_tokens(kept)
        words = self.decoder.embed_tokens(pack.tokens)
        hidden = self.decoder(
            inputs_embeds=torch.cat([pictures.to(words.dtype), words], dim=1),
            attention_mask=pack.mask,
            position_ids=pack.positions,
            use_cache=False,
        ).last_hidden_state
        chosen = hidden[pack.rows, pack.places]
        logits: Tensor = nn.functional.linear(chosen, self.decoder.embed_tokens.weight)
        return logits.float()
