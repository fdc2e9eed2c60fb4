"""Load an OpenCLIP model, quietly, and with every failure told in our own words."""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shelfsight.core.errors import ModelError
from shelfsight.models.encoders.digests import weights_digest
from shelfsight.models.encoders.names import Registry, Source, parse_name
from shelfsight.models.libraries import quiet, told
from shelfsight.models.torchvision_compat import ensure_torchvision

if TYPE_CHECKING:
    import torch

__all__ = ["Loaded", "load", "pick_device"]

_lock = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model ready to run.

    Attributes:
        source: where it came from.
        model: OpenCLIP model, float32, in evaluation mode, on its device.
        tokenizer: texts to (n, context length) token ids, as the model was trained.
        preprocess: the picture preprocessing configuration.
        architecture: what the model was built from: the same weights in another one are another function.
        weights: the weight file.
        revision: digest of its bytes.
        dimension: length of a vector.
    """

    source: Source
    model: Any
    tokenizer: Callable[[list[str]], "torch.Tensor"]
    preprocess: dict[str, Any]
    architecture: dict[str, Any]
    weights: Path
    revision: str
    dimension: int

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of the picture tower's input, in pixels."""
        size = self.preprocess["size"]
        return (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))

    @property
    def mean(self) -> tuple[float, ...]:
        """Of pixels in [0, 1], one a channel."""
        return tuple(self.preprocess["mean"])

    @property
    def std(self) -> tuple[float, ...]:
        """Likewise."""
        return tuple(self.preprocess["std"])


def load(name: str, device: "torch.device") -> Loaded:
    """Load the encoder called ``name``.

    Raises:
        ModelError: no such model, or it cannot be downloaded or loaded.
    """
    with _lock, _quiet():
        open_clip = _import_open_clip()
        source = parse_name(name, _registry(open_clip))
        with told(f"encoder {source.name} cannot be loaded"):
            return _load(open_clip, source, device)


def pick_device(device: str | None) -> "torch.device":
    """The device to run on: the one asked for, else CUDA where there is one, else the CPU.

    Raises:
        ModelError: the device is not there.
    """
    import torch

    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    with told(f"there is no device {device!r}"):
        wanted = torch.device(device)
        torch.empty(1, device=wanted)
    return wanted


def _import_open_clip() -> Any:
    try:
        ensure_torchvision()
        import open_clip
    except ImportError as error:
        raise ModelError(f"OpenCLIP cannot be imported: {error}", hint="Install shelfsight again.") from error
    return open_clip


def _registry(open_clip: Any) -> Registry:
    return Registry(tags={name: open_clip.list_pretrained_tags_by_model(name) for name in open_clip.list_models()})


def _load(open_clip: Any, source: Source, device: "torch.device") -> Loaded:
    weights = _find_weights(source)
    architecture = open_clip.get_model_config(source.model)
    # Some tags were trained with QuickGELU on an architecture that is declared without it: the tag is right.
    quick_gelu = bool(_tag_config(source).get("quick_gelu", False))
    model = open_clip.create_model(
        source.model,
        pretrained=source.tag,
        device=device,
        force_quick_gelu=quick_gelu,
        require_pretrained=True,
    )
    model.eval().requires_grad_(False)
    return Loaded(
        source=source,
        model=model,
        tokenizer=open_clip.get_tokenizer(source.model),
        preprocess=dict(model.visual.preprocess_cfg),
        weights=weights,
        revision=weights_digest(weights),
        architecture={**architecture, "force_quick_gelu": quick_gelu},
        dimension=int(architecture["embed_dim"]),
    )


def _find_weights(source: Source) -> Path:
    """The file that ``create_model`` is going to load (downloaded to the library's cache first)."""
    from open_clip import factory, pretrained

    if source.folder is not None:
        found = factory._find_checkpoint_in_dir(source.folder)
    elif source.tag is not None:
        found = pretrained.download_pretrained(_tag_config(source))
    else:
        found = pretrained.download_pretrained_from_hf(source.model.removeprefix(factory.HF_HUB_PREFIX))
    if not found:
        raise ModelError(f"encoder {source.name} has no weights", hint="Put open_clip_model.safetensors beside them.")
    return Path(found)


def _tag_config(source: Source) -> dict[str, Any]:
    from open_clip import pretrained

    return dict(pretrained.get_pretrained_cfg(source.model, source.tag)) if source.tag else {}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep libraries from talking.

    OpenCLIP logs through ``logging.info`` and friends, which install a handler on a bare root logger and so make
    every library's warnings appear on stderr from then on; a null handler is there before it while it loads.
    """
    root = logging.getLogger()
    silent = logging.NullHandler()
    root.addHandler(silent)
    try:
        with quiet():
            yield
    finally:
        root.removeHandler(silent)
