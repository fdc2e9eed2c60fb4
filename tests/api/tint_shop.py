"""Small collections of coloured squares, whose encoder is worked out by hand, and servers on them."""

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from conforming import conforming
from PIL import Image
from served import serving
from tiny_encoder import TintEncoder

from shelfsight import Engine, Item, Picture, Settings
from shelfsight.api.service.aliases import Aliases
from shelfsight.api.service.collections import Collections
from shelfsight.api.service.root import Root
from shelfsight.api.service.service import Service
from shelfsight.api.service.state import state_directory
from shelfsight.core.errors import NotFound
from shelfsight.stores import create_store, open_store

__all__ = ["document", "open_tints", "png", "problem_of", "served_tints", "tint_service", "tinted"]


def png(colour: str, side: int = 16) -> bytes:
    """A square of one colour."""
    file = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(file, "PNG")
    return file.getvalue()


def tinted(id: str, colour: str, **metadata: Any) -> Item:
    """An item whose picture is a square."""
    return Item(id=id, pictures=(Picture(name=f"{id}.png", data=png(colour)),), metadata=metadata)


def document(id: str, colour: str, **metadata: Any) -> dict[str, Any]:
    """The same as a client sends it."""
    data = base64.b64encode(png(colour)).decode()
    return {"id": id, "title": f"A {colour} thing", "metadata": metadata, "pictures": [{"data": data}]}


def open_tints(
    path: Path, *, create: bool = False, store: str | None = None, settings: Settings | None = None, **_: Any
) -> Engine:
    """As ``open_engine``, with the encoder of tints whatever is asked for."""
    encoder = TintEncoder()
    try:
        opened = open_store(path)
    except NotFound:
        if not create:
            raise
        opened = create_store(path, kind=store or "exact", encoder=encoder.spec)
    return Engine(opened, path=path, settings=settings or Settings(), encoder=encoder)


@contextmanager
def tint_service(root: Path, *named: str, default: str = "default", **given: Any) -> Iterator[Service]:
    """A service of the folder ``root``; collections in it that are ``named`` are open all the time."""
    settings = Settings(**given)
    opener = partial(open_tints, settings=settings)
    engines = {name: opener(root / name, create=True) for name in named}
    home = Collections(engines, default, root=Root(root, opener)).home
    aliases = Aliases(state_directory(settings, home))
    with Collections(engines, default, root=Root(root, opener), aliases=aliases) as collections:
        yield Service(settings=settings, collections=collections)


@contextmanager
def served_tints(root: Path, *named: str, **given: Any) -> Iterator[tuple[Service, httpx.Client]]:
    """The same with a server on it, and a client of that."""
    with (
        tint_service(root, *named, **given) as service,
        serving(service) as url,
        conforming(url, timeout=30) as client,
    ):
        yield service, client


def problem_of(response: httpx.Response, status: int, code: str | None = None) -> dict[str, Any]:
    """The problem document that ``response`` has to be."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = response.json()
    assert found["status"] == status
    assert found["detail"]
    assert "Traceback" not in response.text
    if code is not None:
        assert found["code"] == code
    return found
