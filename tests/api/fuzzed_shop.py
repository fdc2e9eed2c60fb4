"""A server on which every operation of the API has something to answer, for those who ask it at random."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from job_shop import JOB, write_shop
from PIL import ImageColor
from served import serving
from square_vlms import SquareVlm
from tint_shop import document
from tiny_encoder import TintEncoder
from zygote import Zygote

from shelfsight import Engine, Settings
from shelfsight.api.service.aliases import Aliases
from shelfsight.api.service.collections import Collections
from shelfsight.api.service.keys import Order, Scope
from shelfsight.api.service.root import Root
from shelfsight.api.service.service import Service
from shelfsight.core.errors import NotFound
from shelfsight.core.vectors import FloatArray
from shelfsight.stores import create_store, open_store

__all__ = ["Fuzzed", "fuzzed_shop"]

_COLOURS = ("red", "blue", "green", "white")
_ITEMS = 12


class _WordTints(TintEncoder):
    """Also of texts that name no colour: those are grey."""

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        return super().encode_texts(
            [next((word for word in text.split() if _is_colour(word)), "grey") for text in texts]
        )


@dataclass(frozen=True)
class Fuzzed:
    """The server.

    Attributes:
        key: that may do everything.
    """

    service: Service
    url: str
    key: str


@contextmanager
def fuzzed_shop(folder: Path, zygote: Zygote) -> Iterator[Fuzzed]:
    """Collections ``shop`` (the default one) and ``other``, which cannot be taken away, and room for more; catalogues
    below ``folder``; keys are needed."""
    write_shop(folder / "catalogues", 2)
    (folder / "catalogues" / "catalog.csv").write_text("id,image\ni0000,images/0000.png\n")
    settings = Settings.model_validate(
        {
            "access": {"keys": "required"},
            "jobs": {"roots": (folder / "catalogues",)},
            "server": {"state": folder / "state"},
        }
    )
    root = folder / "collections"
    root.mkdir()
    opener = partial(_open, settings=settings)
    engines = {name: opener(root / name, create=True) for name in ("shop", "other")}
    aliases = Aliases(folder / "state")
    with Collections(engines, "shop", root=Root(root, opener), aliases=aliases) as collections:
        service = Service(settings=settings, collections=collections)
        service.jobs.command = zygote.command(JOB)
        _, key = service.access.keys.create(Order(name="fuzz", scope=Scope.ADMIN))
        with serving(service) as url:
            _fill(url, key)
            yield Fuzzed(service, url, key)


def _open(path: Path, *, create: bool = False, settings: Settings, **_: Any) -> Engine:
    """As ``open_engine``: every store is the one that compares with each vector."""
    encoder = _WordTints()
    try:
        store = open_store(path)
    except NotFound:
        if not create:
            raise
        store = create_store(path, kind="exact", encoder=encoder.spec)
    return Engine(store, path=path, settings=settings, encoder=encoder, vlm=SquareVlm())


def _fill(url: str, key: str) -> None:
    items = [document(f"demo-{number:05}", _COLOURS[number % 4], price=10.0 * number) for number in range(_ITEMS)]
    for number, item in enumerate(items):
        item["metadata"] |= {"colour": _COLOURS[number % 4], "brand": "Oakenlund", "stock": number}
    with httpx.Client(base_url=url, headers={"X-API-Key": key}) as client:
        for path in ("/v1/items", "/v1/collections/other/items"):
            assert client.post(path, json={"items": items}).json()["indexed"] == _ITEMS


def _is_colour(word: str) -> bool:
    try:
        ImageColor.getrgb(word)
    except ValueError:
        return False
    return True
