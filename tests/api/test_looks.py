"""Looks that a key has had are not given back because what they were for broke off."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import cast

import pytest
from PIL import Image
from square_vlms import COLOURS, SquareVlm

from shelfsight import Engine, open_engine
from shelfsight.api.service import looking
from shelfsight.api.service.access import Access, Caller
from shelfsight.api.service.keys import Order
from shelfsight.core.errors import StoreError
from shelfsight.core.settings import AccessSettings, Settings
from shelfsight.core.streaming import HitsFound, OrderChanged, SearchEvent, Stream
from shelfsight.core.types import Page


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Four plain squares, and a model that sees their colours."""
    folder = tmp_path_factory.mktemp("squares")
    for name, colour in COLOURS.items():
        Image.new("RGB", (64, 64), colour).save(folder / f"{name}.png")
    rows = [{"id": name, "image": f"{name}.png"} for name in COLOURS]
    (folder / "catalog.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with open_engine(folder / "c", create=True, vlm=SquareVlm()) as opened:
        opened.index(folder / "catalog.jsonl")
        yield opened


@pytest.fixture
def access(tmp_path: Path) -> Access:
    return Access(AccessSettings(), tmp_path)


@pytest.fixture
def caller(access: Access) -> Caller:
    return Caller(key=access.keys.create(Order(name="page", looks_per_day=100))[0], address="")


def made(access: Access, caller: Caller) -> int:
    assert caller.key is not None
    return access.looks_on(caller.key, datetime.now(UTC).date())


class BreakingOff:
    """An engine whose streams fail behind some of their events."""

    settings = Settings()

    def __init__(self, *events: SearchEvent) -> None:
        self._given = events

    def search_events(self, **_asked: object) -> Stream[SearchEvent]:
        return Stream(self._events(), Event())

    def _events(self) -> Iterator[SearchEvent]:
        yield from self._given
        raise StoreError("the disk is gone")


def test_a_stream_that_fails_counts_what_it_has_told(engine: Engine, access: Access, caller: Caller) -> None:
    page: Page = engine.search("a red square", rerank=True)
    assert looking.looks_of(page) == 4
    asked = {"text": "a red square", "rerank": True, "k": 4, "depth": 20}
    for events, looks in (((), 0), ((HitsFound(page=page),), 0), ((HitsFound(page=page), OrderChanged(page=page)), 12)):
        before = made(access, caller)
        stream = looking.search_events(access, caller, cast(Engine, BreakingOff(*events)), asked)
        with pytest.raises(StoreError):
            list(stream)
        assert made(access, caller) - before == looks, "four are told, and eight may have been begun"
