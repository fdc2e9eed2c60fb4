"""What is known of an encoder before it is opened: facts, licence, published figures."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shelfsight.models.known.kinds import Kind

__all__ = ["SMALL", "Descriptor", "Figure"]

SMALL = 155_000_000
"""Parameters that an encoder of kind ``small`` has at most: up to the ViT-B of OpenAI, comfortable on a CPU."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Figure(_Frozen):
    """One measured figure, and who says so."""

    task: str = Field(description="what was searched with what, on which data")
    metric: str = Field(description="recall@1, precision@10, mrr, ndcg@10, top-1 ...")
    value: float = Field(ge=0, le=1)
    source: str = Field(description="where it is printed: an address, or the command that measures it")

    def __str__(self) -> str:
        return f"{self.task}: {self.metric} {self.value:.3f}"


class Descriptor(_Frozen):
    """One encoder. What is ``None`` is not known; nothing here is estimated."""

    name: str = Field(description="as `--encoder` and `open_encoder` take it")
    architecture: str | None = Field(default=None, description="OpenCLIP architecture that the weights fill")
    hub: str | None = Field(default=None, description="Hugging Face repository of the weights; None: in this package")
    kinds: tuple[Kind, ...]
    dimension: int = Field(gt=0, description="numbers in a vector")
    image_size: int | None = Field(default=None, gt=0, description="side of the square picture that the network sees")
    context_length: int = Field(gt=0, description="tokens of a text that are read")
    parameters: int = Field(gt=0, description="of both towers")
    image_parameters: int | None = Field(default=None, gt=0, description="of the picture tower alone")
    download_mb: float = Field(gt=0, description="the weight file in megabytes (10^6 bytes)")
    licence: str = Field(description="of the weights")
    licence_source: str
    commercial_use: bool = Field(description="whether that licence allows use in a product")
    languages: str
    purpose: str
    figures: tuple[Figure, ...] = Field(description="the telling one first")

    @property
    def text_parameters(self) -> int | None:
        """Everything beside the picture tower: the text tower and the loss's scalars."""
        return None if self.image_parameters is None else self.parameters - self.image_parameters

    def to_json(self) -> dict[str, Any]:
        """Every field, and ``text_parameters``."""
        return {**self.model_dump(mode="json"), "text_parameters": self.text_parameters}
