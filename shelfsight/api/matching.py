"""Which encoder and which store a collection may be opened with: the ones it was built with."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from shelfsight.core.errors import Conflict, EncoderMismatch
from shelfsight.core.protocols import Encoder, EncoderSpec, Manifest
from shelfsight.core.relevance import RelevanceScale, ScalesRelevance
from shelfsight.core.relevance_file import read_relevance

if TYPE_CHECKING:
    from shelfsight.stores.milvus import MilvusPlace

__all__ = ["check_asked", "check_spec", "open_encoder_named", "scale_of"]


def open_encoder_named(name: str, device: str | None, runtime: str | None = None) -> Encoder:
    """The encoder of that name.

    Raises:
        ModelError: it cannot be found or loaded.
        UsageError, MissingExtra: the runtime cannot be had.
    """
    from shelfsight.models import open_encoder

    return open_encoder(name, device=device, runtime=runtime)


def scale_of(encoder: Encoder, folder: Path) -> RelevanceScale | None:
    """What is known of the encoder's cosines: from queries on the collection in ``folder``, else from its own
    calibration; ``None`` where nobody calibrated it.

    Raises:
        ModelError: what is written down cannot be read.
    """
    own = read_relevance(folder, encoder.spec.revision)
    if own is not None or not isinstance(encoder, ScalesRelevance):
        return own
    return encoder.relevance


def check_asked(
    folder: Path, manifest: Manifest, encoder: str | None, store: str | None, place: "MilvusPlace | None" = None
) -> None:
    """Compare what a caller asks for (``None``: whatever there is) with what the collection is.

    Raises:
        EncoderMismatch, Conflict: it is something else; both are named.
    """
    built_with = manifest.encoder.name
    if encoder is not None and built_with not in (encoder, _as_folder(encoder)):
        raise EncoderMismatch(
            f"{str(folder)!r} was built with encoder {built_with!r} and cannot be opened with {encoder!r}",
            hint="leave the encoder out, or index the catalogue into a new collection",
        )
    if store is not None and store != manifest.store:
        raise Conflict(
            f"{str(folder)!r} has a {manifest.store!r} store, not {store!r}",
            hint="leave the store out, or index the catalogue into a new collection",
        )
    if place is not None:
        _check_place(folder, manifest, place)


def _check_place(folder: Path, manifest: Manifest, asked: "MilvusPlace") -> None:
    """What is not said counts as asked for nothing: it has its default."""
    from shelfsight.stores.milvus import MilvusPlace, read_place
    from shelfsight.stores.versions import active

    hint = "leave the place in Milvus out, or index the catalogue into a new collection"
    if manifest.store != "milvus":
        raise Conflict(f"{str(folder)!r} has a {manifest.store!r} store and no place in Milvus", hint=hint)
    place = read_place(active(folder))
    if asked.lite and place.lite and asked.file(folder) == place.file(active(folder)):
        asked = replace(asked, uri=place.uri)
    there, default = asdict(place), asdict(MilvusPlace())
    for name, value in asdict(asked).items():
        if value not in (default[name], there[name]):
            raise Conflict(f"{str(folder)!r} lies in Milvus with {name} {there[name]!r}, not {value!r}", hint=hint)


def _as_folder(name: str) -> str:
    """The name that a model folder goes by in a manifest: its absolute path."""
    try:
        return str(Path(name.removeprefix("local-dir:")).expanduser().resolve())
    except (OSError, RuntimeError, ValueError):  # no path at all: too long, of an unknown user, with a null character
        return name


def check_spec(folder: Path, built_with: EncoderSpec, installed: EncoderSpec) -> None:
    """Compare the encoder that was loaded with the one that made the vectors.

    Raises:
        EncoderMismatch: weights, preprocessing or dimension are not the same.
    """
    if installed == (_as_far_as_known(built_with, installed) if built_with.image_size == 0 else built_with):
        return
    raise EncoderMismatch(
        f"{str(folder)!r} was built with {_describe(built_with)}; what opens under that name now is "
        f"{_describe(installed)}",
        hint="index the catalogue into a new collection, or install the version it was built with",
    )


def _as_far_as_known(imported: EncoderSpec, installed: EncoderSpec) -> EncoderSpec:
    """The spec of an encoder that could not be opened when its vectors were imported, what was not said filled in."""
    revision = imported.revision or installed.revision
    return replace(imported, name=installed.name, revision=revision, image_size=installed.image_size)


def _describe(spec: EncoderSpec) -> str:
    return (
        f"encoder {spec.name!r} (revision {spec.revision[:12]}, preprocessing {spec.fingerprint[:12]}, "
        f"{spec.dimension} numbers)"
    )
