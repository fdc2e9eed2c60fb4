"""Every number of the training of the embedded vision-language model, in one frozen object."""

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Decoder", "VlmSettings"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Decoder(_Frozen):
    """The language model: Qwen2's architecture, small."""

    width: int = Field(default=256, gt=0)
    layers: int = Field(default=4, gt=0)
    heads: int = Field(default=4, gt=0)
    inner: int = Field(default=512, gt=0)
    context: int = Field(default=512, gt=0, description="tokens of picture, conversation and answer together")
    vocabulary: int = Field(default=6000, ge=300, description="tokens of the byte-level BPE, special ones included")


class VlmSettings(_Frozen):
    """What is trained, on what, and for how long."""

    seed: int = 11
    decoder: Decoder = Decoder()
    frozen: int = Field(default=7, ge=1, le=9, description="parts of the picture tower that do not learn")
    views: int = Field(default=4, ge=1, description="augmented copies kept of each picture; the first is unchanged")
    rendered: int = Field(default=2400, ge=0, description="pictures of the project's own renderer")
    rendered_seed: int = Field(default=1000, ge=100, description="seeds below 100 belong to the demo catalogue")
    composed: int = Field(default=6000, ge=0, description="pictures made of two to four products")
    questions: int = Field(default=9, ge=1, description="questions asked about a picture in one step")
    epochs: int = Field(default=4, ge=1)
    batch: int = Field(default=48, ge=1, description="pictures a step")
    rate: float = Field(default=1e-3, gt=0, description="peak learning rate of decoder and projector")
    tower_rate: float = Field(default=1e-4, ge=0, description="peak learning rate of the learning parts of the tower")
    warmup: int = Field(default=200, ge=0, description="steps of linear warm-up; cosine decay to a hundredth follows")
    weight_decay: float = Field(default=0.05, ge=0)
    drop: float = Field(default=0.1, ge=0, lt=1, description="share of the picture's patches that a step leaves out")
    ema: float = Field(default=0.998, ge=0, lt=1, description="decay of the averaged weights, a step")
    threads: int = Field(default=2, ge=1)
    bfloat16: bool = Field(default=True, description="autocast; weights and losses stay float32")
    checkpoint_seconds: float = Field(default=300.0, ge=0)
