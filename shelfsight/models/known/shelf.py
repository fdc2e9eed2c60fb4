"""The list of known encoders, and one of them by name."""

import difflib
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from shelfsight.core.errors import NotFound
from shelfsight.models.known.descriptor import SMALL, Descriptor
from shelfsight.models.known.kinds import Kind
from shelfsight.models.known.own import own_descriptor

__all__ = ["describe", "descriptors"]

_FILES = ("general.toml", "products.toml", "multilingual.toml")


def descriptors(kind: Kind | None = None) -> tuple[Descriptor, ...]:
    """Known encoders from small to large, those of one kind if ``kind`` is given."""
    return tuple(one for one in _everyone() if kind is None or kind in one.kinds)


def describe(name: str) -> Descriptor:
    """What is known of the encoder called ``name``; upper and lower case are the same.

    Raises:
        NotFound: there is no descriptor of that name; the hint lists near ones. It may still be a model that can be
            opened: descriptors are a choice, not everything OpenCLIP knows.
    """
    by_name = {one.name.casefold(): one for one in _everyone()}
    found = by_name.get(name.casefold())
    if found is None:
        raise NotFound(f"no encoder is described under the name {name!r}", hint=_hint(name, list(by_name.values())))
    return found


def _hint(name: str, known: list[Descriptor]) -> str:
    asked = name.casefold()
    holding = [one.name for one in known if asked.strip() and asked in one.name.casefold()]
    spelled = {one.name.casefold(): one.name for one in known}
    spelled |= {one.name.casefold().rpartition("/")[2]: one.name for one in known}
    close = [spelled[match] for match in difflib.get_close_matches(asked, spelled, n=5, cutoff=0.5)]
    near = list(dict.fromkeys(holding + close))[:5]
    listed = f"Near names: {', '.join(near)}. " if near else ""
    return listed + "`shelfsight models` lists all; other OpenCLIP and hf-hub: names can be opened too."


@cache
def _everyone() -> tuple[Descriptor, ...]:
    read = [own_descriptor(), *(one for name in _FILES for one in _read(name))]
    return tuple(sorted(read, key=lambda one: (one.parameters, one.name)))


def _read(name: str) -> list[Descriptor]:
    document = tomllib.loads(files("shelfsight.models.known").joinpath(name).read_text(encoding="utf-8"))
    return [_descriptor(row, document["sources"]) for row in document["encoder"]]


def _descriptor(row: dict[str, Any], sources: dict[str, str]) -> Descriptor:
    figures = tuple({**figure, "source": sources[figure["source"]]} for figure in row["figures"])
    small: tuple[Kind, ...] = ("small",) if row["parameters"] <= SMALL else ()
    return Descriptor(**{**row, "kinds": (*row["kinds"], *small), "figures": figures})
