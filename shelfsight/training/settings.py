"""Every number of the training of the embedded encoder, in one frozen object."""

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["EncoderSettings", "Stage", "TextTower"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TextTower(_Frozen):
    """The text transformer (causal, read at the end token) and its tokenizer."""

    vocabulary: int = Field(default=8000, ge=300, description="tokens of the byte-level BPE")
    context: int = Field(default=32, ge=8, description="tokens a text at most, start and end included")
    width: int = Field(default=256, gt=0)
    heads: int = Field(default=4, gt=0)
    layers: int = Field(default=2, gt=0)


class Stage(_Frozen):
    """One stretch of training.

    The first ``frozen`` parts of the vision tower do not learn, so their outputs are computed once for every picture
    and view and kept on disk; :func:`shelfsight.training.model.vision_parts` says what the parts are. With ``frozen=0``
    nothing is kept but the pictures themselves, and every step draws a new view.
    """

    name: str
    frozen: int = Field(ge=0, le=9)
    views: int = Field(default=1, ge=1, description="augmented copies kept of each picture; unused when frozen is 0")
    alike: int = Field(default=1, ge=1, description="pictures of one type that stand together in a batch")
    shortened: float = Field(default=0.2, ge=0, le=1, description="share of titles that lose some words")
    drop: float = Field(default=0.0, ge=0, lt=1, description="share of the pooled features that a step leaves out")
    epochs: int = Field(ge=1)
    batch: int = Field(default=256, ge=2)
    rate: float = Field(gt=0, description="peak learning rate of the text tower, the head and the temperature")
    tower_rate: float = Field(default=0.0, ge=0, description="peak learning rate of the learning vision parts")
    warmup: int = Field(default=50, ge=0, description="steps of linear warm-up; cosine decay to zero follows")
    ema: float = Field(default=0.99, ge=0, lt=1, description="decay of the averaged weights, a step")


_DEFAULT_STAGES = (
    Stage(name="head", frozen=9, views=2, epochs=3, batch=512, rate=1e-3),
    Stage(name="upper", frozen=4, views=2, epochs=5, batch=256, rate=5e-4, tower_rate=3e-4, ema=0.995),
)


class EncoderSettings(_Frozen):
    """What is trained, on what, and for how long."""

    seed: int = 7
    image_size: int = Field(
        default=161,
        ge=33,
        description="32 k + 1: with odd sizes PyTorch's padding of strided convolutions equals the 'same' padding that "
        "the start weights were trained with",
    )
    embed_dim: int = Field(default=256, gt=0)
    text: TextTower = TextTower()
    rendered: int = Field(default=2400, ge=0, description="pictures of the project's own renderer")
    rendered_seed: int = Field(default=1000, ge=100, description="seeds below 100 belong to the demo catalogue")
    phrase_weight: float = Field(default=1.0, ge=0, description="weight of attribute phrases beside titles in the loss")
    word_weight: float = Field(default=0.3, ge=0, description="weight of the single words of each field")
    weight_decay: float = Field(default=0.05, ge=0)
    threads: int = Field(default=2, ge=1)
    device: str = Field(default="cpu", description="where the networks run: cpu, cuda, cuda:1, ...")
    checkpoint_seconds: float = Field(default=180.0, ge=0)
    bfloat16: bool = Field(default=True, description="autocast of the networks; weights and losses stay float32")
    gallery: int = Field(default=8000, ge=1, description="pictures in the gallery of the validation between epochs")
    stages: tuple[Stage, ...] = _DEFAULT_STAGES
