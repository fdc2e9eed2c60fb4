"""Open a vision-language model by its name."""

from typing import TYPE_CHECKING

from shelfsight.models.encoders.loading import pick_device
from shelfsight.models.vlms.generative import GenerativeVlm
from shelfsight.models.vlms.loading import load
from shelfsight.models.vlms.matching import MatchingVlm
from shelfsight.models.vlms.names import parse_name
from shelfsight.models.vlms.remote.address import PREFIX

if TYPE_CHECKING:
    from shelfsight.core.protocols import VisionLanguageModel

__all__ = ["open_named", "open_transformers"]


def open_named(name: str, *, device: str | None = None) -> "VisionLanguageModel":
    """Open the model called ``name``, here or elsewhere; see :func:`shelfsight.models.open_vlm`."""
    if name.startswith(PREFIX):
        from shelfsight.models.vlms.remote.vlm import open_remote  # an HTTP client, which a local model does not need

        return open_remote(name)
    return open_transformers(name, device=device)


def open_transformers(name: str, *, device: str | None = None) -> "VisionLanguageModel":
    """Load the model called ``name`` on ``device``; see :func:`shelfsight.models.open_vlm`."""
    source = parse_name(name)
    loaded = load(source, pick_device(device))
    return MatchingVlm(loaded) if source.matching else GenerativeVlm(loaded)
