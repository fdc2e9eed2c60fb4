"""Everything that runs a network. Importing this room is cheap; opening a model imports torch."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shelfsight.core.protocols import Encoder

__all__ = ["open_encoder"]


def open_encoder(name: str, *, device: str | None = None) -> "Encoder":
    """Open an encoder by its one-string name.

    Args:
        name: ``embedded`` (the model inside this package), an OpenCLIP architecture and tag
            (``ViT-B-32/laion2b_s34b_b79k``), ``hf-hub:org/model``, or a local OpenCLIP folder
            (a path, ``local-dir:`` in front of it or not).
        device: ``cpu``, ``cuda``, ``cuda:1``; ``None`` takes CUDA where there is one.

    Raises:
        ModelError: there is no such model, it cannot be downloaded or loaded, or the device is not there.
        MissingExtra: a package the model needs is not installed.
    """
    from shelfsight.models.encoders.openclip import open_openclip

    return open_openclip(name, device=device)
