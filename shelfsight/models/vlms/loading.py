"""Load a vision-language model with Transformers, quietly, and with every failure told in our own words."""

import contextlib
import importlib.util
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shelfsight.core.calibration import UNCALIBRATED, Calibration
from shelfsight.core.errors import MissingExtra, ModelError
from shelfsight.models import libraries
from shelfsight.models.torchvision_compat import ensure_torchvision
from shelfsight.models.vlms.calibration import read_calibration
from shelfsight.models.vlms.families import Family, family_of
from shelfsight.models.vlms.names import Source

if TYPE_CHECKING:
    import torch

__all__ = ["Loaded", "load", "quiet", "told"]

_MATCHING = "Blip2ForImageTextRetrieval"
_lock = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model ready to run.

    Attributes:
        model: in evaluation mode, on its device, in float32, or bfloat16 on a GPU that has it.
        processor: the model's own, of pictures and texts.
        family: what its architecture wants.
        device: where it runs.
        calibration: what its folder says of its probabilities.
    """

    source: Source
    model: Any
    processor: Any
    family: Family
    device: "torch.device"
    calibration: Calibration = UNCALIBRATED


def load(source: Source, device: "torch.device") -> Loaded:
    """Load the model from ``source``. Code that lies beside weights is never run.

    Raises:
        ModelError: it is no vision-language model, or cannot be downloaded or loaded.
        MissingExtra: a package its processor needs is not installed.
    """
    with _lock, told(f"vision-language model {source.name} cannot be loaded"), quiet():
        ensure_torchvision()
        from transformers import AutoConfig, AutoProcessor

        config = AutoConfig.from_pretrained(source.place, **_where(source))
        kind = _model_class(source, config)
        family = family_of(config.model_type)
        for package, extra in family.packages:
            if importlib.util.find_spec(package) is None:
                raise MissingExtra(package, extra)
        processor: Any = AutoProcessor.from_pretrained(source.place, **_where(source))  # type: ignore[no-untyped-call]
        if not hasattr(processor, "image_processor") or not hasattr(processor, "tokenizer"):
            raise ModelError("it has no processor of pictures and texts (processor_config.json)")
        calibration = read_calibration(Path(source.place)) if source.local else UNCALIBRATED
        model = _filled(kind, source, device)
    return Loaded(
        source=source, model=model, processor=processor, family=family, device=device, calibration=calibration
    )


@contextlib.contextmanager
def told(what: str) -> Iterator[None]:
    """What a library raises, and what we raise of a model, as a :class:`ModelError` that says what was being done."""
    with libraries.told(what):
        try:
            yield
        except ModelError as error:
            raise ModelError(f"{what}: {error.message}", hint=error.hint) from error


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep Transformers from talking while it loads: what matters of it is raised."""
    from transformers.utils import logging as spoken

    bars = spoken.is_progress_bar_enabled()
    spoken.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        with libraries.quiet():
            yield
    finally:
        if bars:
            spoken.enable_progress_bar()  # type: ignore[no-untyped-call]


def _where(source: Source) -> dict[str, bool]:
    return {"local_files_only": source.local, "trust_remote_code": False}


def _model_class(source: Source, config: Any) -> Any:
    """The Transformers class that the weights fill.

    Raises:
        ModelError: the architecture does not look at pictures, or has the other head.
    """
    import transformers
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES as KNOWN

    has_head = _MATCHING in (config.architectures or [])
    if source.matching:
        if not has_head:
            raise ModelError(f"it has no image-text-matching head (its architecture is {_architecture(config)})")
        return transformers.Blip2ForImageTextRetrieval
    if has_head:
        raise ModelError(
            "it writes no text: it is an image-text-matching head",
            hint=f"Open it as blip2-itm:{source.name}.",
        )
    if config.model_type not in KNOWN:
        raise ModelError(
            f"it is no vision-language model (its architecture is {_architecture(config)})",
            hint="Name a model that Transformers opens for image-text-to-text.",
        )
    return transformers.AutoModelForImageTextToText


def _architecture(config: Any) -> str:
    return ", ".join(config.architectures or [config.model_type or "not named"])


def _filled(kind: Any, source: Source, device: "torch.device") -> Any:
    """The model with its weights.

    Raises:
        ModelError: weights are missing. Transformers would make some up.
    """
    model, report = kind.from_pretrained(source.place, dtype=_dtype(device), output_loading_info=True, **_where(source))
    missing = sorted(report["missing_keys"])
    if missing:
        raise ModelError(f"{len(missing)} of its weights are missing: {json.dumps(missing[:3])} ...")
    return model.to(device).eval().requires_grad_(False)


def _dtype(device: "torch.device") -> "torch.dtype":
    """bfloat16 where a GPU has it; never half precision on a CPU, and never float16, which overflows."""
    import torch

    if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16
    return torch.float32
