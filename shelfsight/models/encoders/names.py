"""From the one string that names an encoder to what OpenCLIP wants to hear."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shelfsight.core.errors import ModelError

__all__ = ["EMBEDDED", "EMBEDDED_FOLDER", "Registry", "Source", "parse_name"]

EMBEDDED = "embedded"
EMBEDDED_FOLDER = Path(__file__).parent.parent / EMBEDDED / "encoder"
_CONFIG = "open_clip_config.json"
_HUB = "hf-hub:"
_LOCAL = "local-dir:"
_WAYS = (
    f"Name an OpenCLIP model (architecture/tag), {_HUB}organisation/model, a local folder, or {EMBEDDED!r}; "
    "`shelfsight models` lists some."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a model comes from.

    Attributes:
        name: the canonical name: opens the same model from anywhere on this machine.
        model: OpenCLIP's ``model_name``.
        tag: OpenCLIP's ``pretrained``, for built-in architectures only.
        folder: the model's folder, where it is one.
    """

    name: str
    model: str
    tag: str | None = None
    folder: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """OpenCLIP's built-in architectures, and the tags of weights each has."""

    tags: dict[str, Sequence[str]]


def parse_name(name: str, registry: Registry) -> Source:
    """Decide what ``name`` means; touches the disk, never the network.

    Raises:
        ModelError: nothing of that name; the hint lists near names.
    """
    if not name.strip():
        raise ModelError("the name of the encoder is empty", hint=_WAYS)
    if name == EMBEDDED:
        return _folder(name, EMBEDDED_FOLDER)
    if name.startswith(_HUB):
        return _hub(name)
    folder = _folder_called(name)
    if folder is not None:
        return _folder(str(folder), folder)
    if _looks_like_path(name):
        raise ModelError(f"encoder folder {name} does not exist", hint="Give the path of an OpenCLIP model folder.")
    return _built_in(name, registry)


def _folder_called(name: str) -> Path | None:
    """The absolute path of a name that is a folder's, or claims to be."""
    try:
        path = Path(name.removeprefix(_LOCAL)).expanduser()
        return path.resolve() if path.is_dir() or name.startswith(_LOCAL) else None
    except (OSError, RuntimeError, ValueError) as error:  # too long, of an unknown user, with a null character
        raise ModelError(f"encoder {name!r} can be no folder: {error}", hint=_WAYS) from error


def _looks_like_path(name: str) -> bool:
    return name.startswith((".", "/", "~")) or "\\" in name or name.count("/") > 1


def _folder(name: str, folder: Path) -> Source:
    if not folder.is_dir():
        raise ModelError(f"encoder {name}: the folder {folder} does not exist")
    if not (folder / _CONFIG).is_file():
        raise ModelError(
            f"encoder {name}: {folder} has no {_CONFIG}",
            hint="An OpenCLIP model folder holds its configuration, its weights and, where it has one, its tokenizer.",
        )
    return Source(name=name, model=f"{_LOCAL}{folder}", folder=folder)


def _hub(name: str) -> Source:
    repository = name.removeprefix(_HUB)
    if repository.count("/") != 1 or repository.startswith("/") or repository.endswith("/"):
        raise ModelError(f"encoder {name!r} is not a hub name", hint="Write hf-hub:organisation/model.")
    return Source(name=name, model=name)


def _built_in(name: str, registry: Registry) -> Source:
    architecture, _, tag = name.rpartition("/")
    for bare in (name, name.replace("/", "-")):
        if bare in registry.tags:
            raise ModelError(f"encoder {name!r} needs the tag of its weights", hint=_tags_hint(bare, registry))
    if architecture not in registry.tags:
        raise ModelError(f"there is no encoder {name!r}", hint=_near_hint(architecture or name, registry))
    if tag not in registry.tags[architecture]:
        raise ModelError(f"{architecture} has no weights called {tag!r}", hint=_tags_hint(architecture, registry))
    return Source(name=name, model=architecture, tag=tag)


def _tags_hint(architecture: str, registry: Registry) -> str:
    names = [f"{architecture}/{tag}" for tag in registry.tags[architecture]]
    if not names:
        return f"OpenCLIP knows no weights for {architecture}; use a local folder or hf-hub:organisation/model."
    return "Write one of: " + ", ".join(names)


def _near_hint(architecture: str, registry: Registry) -> str:
    usable = {known.lower(): known for known, tags in registry.tags.items() if tags}
    near = [usable[match] for match in difflib.get_close_matches(architecture.lower(), usable, n=5, cutoff=0.5)]
    examples = ", ".join(f"{known}/{registry.tags[known][0]}" for known in near)
    return f"Near names: {examples}" if near else _WAYS
