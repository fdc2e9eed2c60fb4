"""From the one string that names a vision-language model to where it lies."""

import re
from dataclasses import dataclass
from pathlib import Path

from shelfsight.core.errors import ModelError

__all__ = ["EMBEDDED", "EMBEDDED_FOLDER", "Source", "parse_name"]

EMBEDDED = "embedded"
EMBEDDED_FOLDER = Path(__file__).parent.parent / EMBEDDED / "vlm"
_MATCHING = "blip2-itm:"
_HUB = "hf-hub:"
_CONFIG = "config.json"
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_WAYS = (
    "Name a Transformers model (organisation/model) or folder of one, "
    f"{_MATCHING} with either for BLIP-2's image-text-matching head, "
    "or openai:MODEL@BASE_URL for a server of chat completions."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a model comes from.

    Attributes:
        name: the canonical name: opens the same model from anywhere on this machine.
        place: what Transformers is given: an absolute folder or a hub name.
        matching: whether BLIP-2's image-text-matching head is meant.
    """

    name: str
    place: str
    matching: bool

    @property
    def local(self) -> bool:
        """Whether it is a folder, so that nothing is downloaded."""
        return Path(self.place).is_absolute()


def parse_name(name: str) -> Source:
    """Decide what ``name`` means; touches the disk, never the network.

    Raises:
        ModelError: nothing can have that name, or the folder holds no Transformers model.
    """
    matching = name.startswith(_MATCHING)
    bare = name.removeprefix(_MATCHING)
    prefix = _MATCHING if matching else ""
    if not bare.strip():
        raise ModelError("the name of the vision-language model is empty", hint=_WAYS)
    if bare == EMBEDDED:
        return Source(name=name, place=_checked(EMBEDDED_FOLDER), matching=matching)
    folder = _folder_called(bare)
    if folder is not None:
        return Source(name=f"{prefix}{folder}", place=_checked(folder), matching=matching)
    hub = bare.removeprefix(_HUB)
    if not _HUB_NAME.fullmatch(hub) or hub.startswith("."):
        raise ModelError(f"there is no vision-language model {name!r}", hint=_WAYS)
    return Source(name=f"{prefix}{hub}", place=hub, matching=matching)


def _folder_called(name: str) -> Path | None:
    try:
        path = Path(name).expanduser()
        return path.resolve() if path.is_dir() or path.is_absolute() else None
    except (OSError, RuntimeError, ValueError) as error:  # too long, of an unknown user, with a null character
        raise ModelError(f"vision-language model {name!r} can be no folder: {error}", hint=_WAYS) from error


def _checked(folder: Path) -> str:
    if not folder.is_dir():
        raise ModelError(f"the folder {folder} of a vision-language model does not exist", hint=_WAYS)
    if not (folder / _CONFIG).is_file():
        raise ModelError(
            f"{folder} is no vision-language model: it has no {_CONFIG}",
            hint="A Transformers folder holds its configuration, weights, tokenizer and processor.",
        )
    return str(folder)
