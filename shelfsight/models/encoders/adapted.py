"""An encoder adapted to a catalogue: a base encoder, deltas for its text tower, and a matrix behind its picture tower.

``shelfsight finetune`` writes such a folder. Opening it adds the deltas to the base's text matrices, so a query costs
what it cost before; a picture costs one product of a vector and a matrix more.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from shelfsight.core.errors import ModelError
from shelfsight.core.protocols import EncoderSpec
from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.models.encoders.digests import input_digest, weights_digest
from shelfsight.models.encoders.heat import reloaded
from shelfsight.models.encoders.loading import Loaded, load, pick_device
from shelfsight.models.encoders.openclip import OpenClipEncoder
from shelfsight.models.encoders.runtimes.base import HoldsTower, IdArray, PixelArray, Runtime, preferred_batch
from shelfsight.models.encoders.runtimes.choice import check_runtime, open_runtime

if TYPE_CHECKING:
    import torch

    from shelfsight.models.encoders.runtimes.towers import PictureTower

__all__ = [
    "ADAPTER",
    "DOWN",
    "PICTURE_DELTA",
    "UP",
    "WEIGHTS",
    "AdaptedEncoder",
    "AdapterFile",
    "adapter_folder",
    "open_adapted",
]

ADAPTER = "shelfsight_adapter.json"
WEIGHTS = "adapter.safetensors"
PICTURE_DELTA = "pictures.delta"
UP, DOWN = ".up", ".down"


class AdapterFile(BaseModel):
    """What ``shelfsight_adapter.json`` must say; it says more, for people.

    Attributes:
        base: the base encoder, as :class:`~shelfsight.core.protocols.EncoderSpec` describes it.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    format: Literal[1] = 1
    base: EncoderSpec


def adapter_folder(name: str) -> Path | None:
    """The absolute path of the adapted encoder's folder that ``name`` is, or ``None`` where it is something else."""
    try:
        folder = Path(name.removeprefix("local-dir:")).expanduser()
        return folder.resolve() if (folder / ADAPTER).is_file() else None
    except (OSError, RuntimeError, ValueError):  # no path at all: too long, of an unknown user, with a null character
        return None


def open_adapted(folder: Path, *, device: str | None = None, runtime: str | None = None) -> "AdaptedEncoder":
    """Open the base, check that it is the one that was adapted, and add the deltas.

    Raises:
        ModelError: the folder is damaged, or its base cannot be opened or is another one now.
    """
    said = _read(folder)
    if adapter_folder(said.base.name) is not None:
        raise ModelError(f"encoder {folder} stands on {said.base.name}, which is adapted itself")
    weights = _weights(folder)
    where = pick_device(device)
    asked = check_runtime(runtime, where)
    try:
        loaded = load(said.base.name, where)
    except ModelError as error:
        reason = f"encoder {folder} needs its base {said.base.name!r}, which cannot be opened: {error.message}"
        raise ModelError(reason, hint=error.hint) from error
    _check_base(folder, said.base, loaded)  # before a runtime keeps anything of it under the adapted encoder's name
    try:
        delta = _square(weights.pop(PICTURE_DELTA).float().numpy(), loaded.dimension)
        _merge(loaded.model, weights)
    except (KeyError, ValueError, RuntimeError) as error:
        raise ModelError(f"encoder {folder}: {WEIGHTS} does not fit {said.base.name!r}: {error}") from error
    merged = replace(loaded, revision=_revision(said.base, folder))  # what a runtime keeps of it is not the base's
    adapted = _AdaptedRuntime(open_runtime(merged, where, asked), delta)
    return AdaptedEncoder(loaded, adapted, base=said.base, folder=folder)


class AdaptedEncoder(OpenClipEncoder):
    """An OpenCLIP encoder with an adapter: its own name and revision, the preprocessing of its base."""

    def __init__(self, loaded: Loaded, runtime: "_AdaptedRuntime", *, base: EncoderSpec, folder: Path) -> None:
        super().__init__(loaded, runtime)
        self._adapted = runtime
        self._folder = folder  # what is known of its base's cosines does not hold for its own
        self._spec = replace(base, name=str(folder), revision=_revision(base, folder))

    def picture_tower(self) -> "PictureTower":
        """The base's: what is adapted comes behind it."""
        runtime = self._adapted.base
        return runtime.picture_tower if isinstance(runtime, HoldsTower) else reloaded(self._name)

    def turn(self, vectors: FloatArray) -> FloatArray:
        """(n, d) float32 vectors as the base's picture tower gives them to those that are normalised."""
        return self._adapted.turn(vectors)

    def adapt(self, vectors: FloatArray) -> FloatArray:
        """Picture vectors of the base, (n, d) float32, to this encoder's: what encoding the pictures anew gives."""
        return normalise(self._adapted.turn(vectors))


@dataclass(frozen=True, slots=True)
class _AdaptedRuntime:
    """A runtime over a model whose text matrices are merged, with the picture matrix behind it."""

    base: Runtime
    delta: FloatArray

    @property
    def name(self) -> str:
        return self.base.name

    @property
    def batch_size(self) -> int:
        return preferred_batch(self.base)

    def encode_pictures(self, pixels_bchw: PixelArray) -> FloatArray:
        return self.turn(self.base.encode_pictures(pixels_bchw))

    def encode_texts(self, ids: IdArray) -> FloatArray:
        return self.base.encode_texts(ids)

    def turn(self, vectors: FloatArray) -> FloatArray:
        """Linear, so that it makes no difference whether the vectors are normalised already."""
        turned: FloatArray = vectors + vectors @ self.delta
        return turned


def _read(folder: Path) -> AdapterFile:
    try:
        return AdapterFile.model_validate_json((folder / ADAPTER).read_bytes())
    except (OSError, ValidationError) as error:
        raise ModelError(f"encoder {folder}: {ADAPTER} cannot be read: {error}") from error


def _weights(folder: Path) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return dict(load_file(folder / WEIGHTS))
    except (OSError, SafetensorError) as error:
        raise ModelError(f"encoder {folder}: {WEIGHTS} cannot be read: {error}") from error


def _square(matrix: FloatArray, side: int) -> FloatArray:
    if matrix.shape != (side, side):
        raise ValueError(f"{PICTURE_DELTA} has the shape {matrix.shape}, and vectors have {side} numbers")
    return matrix


def _merge(model: Any, weights: Mapping[str, "torch.Tensor"]) -> None:
    """Add ``up @ down`` to the matrices of ``model``, in place.

    Raises:
        KeyError, ValueError, RuntimeError: there is no such matrix, half of a pair is missing, or shapes differ.
    """
    import torch

    own = dict(model.named_parameters())
    names = dict.fromkeys(key.removesuffix(UP).removesuffix(DOWN) for key in weights)
    with torch.no_grad():
        for name in names:
            delta = weights[name + UP].float() @ weights[name + DOWN].float()
            if delta.shape != own[name].shape:
                raise ValueError(f"{name} has the shape {tuple(own[name].shape)}, its delta {tuple(delta.shape)}")
            own[name].add_(delta.to(own[name]))


def _check_base(folder: Path, wanted: EncoderSpec, found: Loaded) -> None:
    fingerprint = input_digest(found.preprocess, lambda texts: found.tokenizer(list(texts)).numpy())
    if (found.revision, fingerprint, found.dimension) != (wanted.revision, wanted.fingerprint, wanted.dimension):
        raise ModelError(
            f"encoder {folder} was made for {wanted.name!r} of revision {wanted.revision[:12]} (preprocessing "
            f"{wanted.fingerprint[:12]}); what opens under that name now is revision {found.revision[:12]} "
            f"(preprocessing {fingerprint[:12]})",
            hint="install the base it was made for, or adapt the one that is here with `shelfsight finetune`",
        )


def _revision(base: EncoderSpec, folder: Path) -> str:
    """A digest that changes with the base's weights and with the adapter's."""
    return hashlib.sha256(f"{base.revision} {weights_digest(folder / WEIGHTS)}".encode()).hexdigest()
