"""Open a vision-language model by its name."""

from typing import TYPE_CHECKING

from shelfsight.models.encoders.loading import pick_device
from shelfsight.models.vlms.generative import GenerativeVlm
from shelfsight.models.vlms.listwise import ListwiseVlm
from shelfsight.models.vlms.loading import Loaded, load
from shelfsight.models.vlms.matching import MatchingVlm
from shelfsight.models.vlms.names import parse_name
from shelfsight.models.vlms.reusable import ReusableVlm

if TYPE_CHECKING:
    from shelfsight.core.vision import VisionLanguageModel

__all__ = ["open_transformers"]

_FLEXIBLE = ("pixtral",)  # picture towers that see each picture in a number of tokens of its own


def open_transformers(name: str, *, device: str | None = None) -> "VisionLanguageModel":
    """Load the model called ``name`` on ``device``; see :func:`shelfsight.models.open_vlm`."""
    source = parse_name(name)
    loaded = load(source, pick_device(device))
    return _adapter(loaded)(loaded)


def _adapter(loaded: Loaded) -> "type[MatchingVlm | GenerativeVlm]":
    if loaded.source.matching:
        return MatchingVlm
    tower = getattr(loaded.model.config, "vision_config", None)
    if loaded.family.reusable and getattr(tower, "model_type", None) not in _FLEXIBLE:
        return ReusableVlm
    return ListwiseVlm if loaded.family.most_pictures else GenerativeVlm
