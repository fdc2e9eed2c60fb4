"""Which encoders' weights are on this machine. Looks at file names only: no network, nothing heavy imported."""

from pathlib import Path

from shelfsight.models.encoders.names import EMBEDDED_FOLDER
from shelfsight.models.known.descriptor import Descriptor

__all__ = ["WEIGHT_FILES", "weights_path"]

WEIGHT_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
"""What OpenCLIP looks for in a repository, in its order."""


def weights_path(descriptor: Descriptor) -> Path | None:
    """The weight file that opening the encoder would load, if it is here.

    OpenCLIP keeps the weights of its own tags and of ``hf-hub:`` models in the Hugging Face cache, whose place
    ``HF_HOME`` and ``HF_HUB_CACHE`` set. A download that was cut off does not count: it has no name there yet.
    """
    if descriptor.hub is None:
        inside = EMBEDDED_FOLDER / WEIGHT_FILES[0]
        return inside if inside.is_file() else None
    from huggingface_hub import try_to_load_from_cache

    try:
        found = (try_to_load_from_cache(descriptor.hub, file) for file in WEIGHT_FILES)
        return next((Path(path) for path in found if isinstance(path, str)), None)
    except OSError:  # a cache that may not be read is of no use to OpenCLIP either
        return None
