"""Everything that runs a network. Importing this room is cheap; opening a model imports torch."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shelfsight.core.protocols import Encoder
    from shelfsight.core.vision import VisionLanguageModel
    from shelfsight.models.known.descriptor import Descriptor
    from shelfsight.models.known.kinds import Kind

__all__ = [
    "cache_folder",
    "damaged_files",
    "describe",
    "descriptors",
    "open_encoder",
    "open_vlm",
    "weights_here",
]


def open_encoder(name: str, *, device: str | None = None, runtime: str | None = None) -> "Encoder":
    """Open an encoder by its one-string name.

    Args:
        name: ``embedded`` (the model inside this package), an OpenCLIP architecture and tag
            (``ViT-B-32/laion2b_s34b_b79k``), ``hf-hub:org/model``, a local OpenCLIP folder, or the folder of an
            encoder that ``shelfsight finetune`` made (a path, ``local-dir:`` in front of it or not).
        device: ``cpu``, ``cuda``, ``cuda:1``; ``None`` takes CUDA where there is one.
        runtime: ``torch``, ``openvino`` (on the CPU), or ``auto``: the fastest that gives the same answers, on a CPU
            by a trial on this machine. ``None``, what ``SHELFSIGHT_RUNTIME`` says, else ``auto``. The encoder's spec
            does not depend on it, nor do its vectors, to a cosine of 0.999.

    Raises:
        UsageError: there is no such runtime, or it does not run on that device.
        ModelError: there is no such model, it cannot be downloaded or loaded, or the device is not there.
        MissingExtra: a package the model needs is not installed.
    """
    from shelfsight.models.encoders.adapted import adapter_folder, open_adapted
    from shelfsight.models.encoders.openclip import open_openclip

    folder = adapter_folder(name)
    if folder is not None:
        return open_adapted(folder, device=device, runtime=runtime)
    return open_openclip(name, device=device, runtime=runtime)


def open_vlm(name: str, *, device: str | None = None) -> "VisionLanguageModel":
    """Open a vision-language model by its one-string name.

    Args:
        name: ``embedded`` (the model inside this package), a Transformers folder, a Transformers model of the hub
            (``org/model``, ``hf-hub:`` in front of it or not),
            ``blip2-itm:`` with either: BLIP-2's image-text-matching head, which scores statements and writes none,
            or ``openai:MODEL@BASE_URL``: a server of OpenAI's chat completions, wherever it is. Its key comes from the
            environment: ``SHELFSIGHT_VLM_API_KEY``, else ``OPENAI_API_KEY`` or ``GEMINI_API_KEY``, which go to their
            own hosts only. Nothing is asked of it yet, and pictures leave this machine when something is.
            Code that lies beside the weights is never run.
        device: ``cpu``, ``cuda``, ``cuda:1``; ``None`` takes CUDA where there is one. float32 on a CPU, bfloat16 on
            a GPU that has it. A server decides for itself.

    Raises:
        ModelError: there is no such model, it is no vision-language model, it cannot be downloaded or loaded, the
            device is not there, or a server's key is not.
        MissingExtra: a package the model needs is not installed.
    """
    from shelfsight.models.vlms.remote.address import PREFIX

    if name.startswith(PREFIX):
        from shelfsight.models.vlms.remote.vlm import open_remote

        return open_remote(name)
    from shelfsight.models.vlms.opening import open_transformers

    return open_transformers(name, device=device)


def descriptors(kind: "Kind | None" = None) -> "tuple[Descriptor, ...]":
    """What is known of encoders that a shop would pick, from small to large; of one kind if ``kind`` is given.

    Imports no torch, opens no model, asks no network.
    """
    from shelfsight.models.known.shelf import descriptors

    return descriptors(kind)


def describe(name: str) -> "Descriptor":
    """What is known of the encoder called ``name``.

    Raises:
        NotFound: no descriptor of that name; the hint lists near ones.
    """
    from shelfsight.models.known.shelf import describe

    return describe(name)


def weights_here(descriptor: "Descriptor") -> bool:
    """Whether the weights are on this machine already, so that opening the encoder downloads none."""
    from shelfsight.models.known.presence import weights_path

    return weights_path(descriptor) is not None


def cache_folder() -> "Path":
    """Where converted models and verdicts are kept: ``SHELFSIGHT_CACHE``, else the user's cache."""
    from shelfsight.models.encoders.runtimes.model_cache import cache_folder

    return cache_folder()


def damaged_files() -> "Iterator[tuple[str, str]]":
    """(file, what is wrong with it) of those of the embedded models that are not as they were published."""
    from shelfsight.models.known.sums import damaged_files

    return damaged_files()
