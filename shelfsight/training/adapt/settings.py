"""Every number of adapting an encoder to a catalogue, in one frozen object."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["AdaptSettings", "Metric", "Side"]

Metric = Literal["ndcg@10", "recall@10", "mrr@10", "precision@10"]
Side = Literal["both", "pictures", "texts"]


class AdaptSettings(BaseModel):
    """What learns, how gently, and for how long. The data is not in here.

    The split does not depend on ``seed``: whoever tries seeds until one passes must not get another test with each.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=7, ge=0, description="of the draws of training")
    side: Side = Field(default="both", description="both; the picture head alone; the text tower's LoRA alone")
    epochs: int = Field(default=30, ge=1, le=10_000, description="passes over the items, at most")
    most_steps: int = Field(default=1500, ge=1, description="steps, at most: ends the epochs of a large catalogue")
    patience: int = Field(default=6, ge=1, description="epochs without a better validation figure before it ends")
    batch: int = Field(default=256, ge=8, description="items a step")
    rank: int = Field(default=8, ge=1, le=256, description="of the LoRA matrices")
    text_rate: float = Field(default=2e-3, gt=0, description="peak learning rate of the LoRA matrices")
    head_rate: float = Field(default=1e-3, gt=0, description="peak learning rate of the picture head")
    decay: float = Field(default=0.1, ge=0, description="weight decay: pulls LoRA to nothing and the head to identity")
    anchor: float = Field(default=0.3, ge=0, description="weight of 1 - cosine of adapted and base text vectors")
    ema: float = Field(default=0.98, ge=0, lt=1, description="decay of the averaged weights, a step")
    warmup: int = Field(default=20, ge=0, description="steps of linear warm-up; cosine decay to zero follows")
    metric: Metric = Field(default="ndcg@10", description="the figure that decides; mean over all held-out queries")
    most_queries: int = Field(default=2000, ge=1, description="held-out queries a family at most, chosen by hash")
    least_texts: int = Field(default=50, ge=1, description="distinct training texts without which nothing is learnt")
