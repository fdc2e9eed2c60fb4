"""Searches whose second looks are counted against the API key that asks for them."""

from collections.abc import Iterator, Mapping
from typing import Any

from shelfsight.api.engine import Engine
from shelfsight.api.service.access import Access, Caller
from shelfsight.api.service.observed import observed
from shelfsight.core.settings import SearchSettings
from shelfsight.core.streaming import HitExplained, HitsFound, OrderChanged, SearchDone, SearchEvent, Stream
from shelfsight.core.types import Page
from shelfsight.core.why import Why

__all__ = ["looks_of", "planned_looks", "search", "search_events", "why"]

_AHEAD = 8
"""Pictures that a model may be at work on where a stream is broken off between two explanations."""


def planned_looks(asked: Mapping[str, Any], settings: SearchSettings) -> int:
    """How many pictures a search may have a model look at, by its keyword arguments."""
    explain = asked.get("explain", 0)
    looks = settings.explained if explain is True else int(explain)
    looks = min(looks, max(int(asked.get("k", 0)), 0))
    if asked.get("rerank"):
        wished = asked.get("depth")
        looks += min(max(settings.depth if wished is None else int(wished), int(asked.get("k", 0))), settings.max_depth)
    return looks


def looks_of(page: Page) -> int:
    """How many pictures a model looked at for a page."""
    return sum(stage.scored for stage in page.stages)


def search(access: Access, caller: Caller, engine: Engine, asked: Mapping[str, Any]) -> Page:
    """``engine.search(**asked)``.

    Raises:
        LimitReached: the caller's key has too few looks left today; and what the search raises.
    """
    _note(asked)
    with access.looking(caller, planned_looks(asked, engine.settings.search)) as looks:
        page = engine.search(**asked)
        looks.made = looks_of(page)
    return page


def why(access: Access, caller: Caller, engine: Engine, id: str, asked: Mapping[str, Any]) -> Why:
    """``engine.why(id, **asked)``.

    Raises:
        As :func:`search`.
    """
    _note(asked)
    with access.looking(caller, planned_looks({**asked, "explain": 0}, engine.settings.search)) as looks:
        told = engine.why(id, **asked)
        looks.made = told.looks
    return told


def search_events(access: Access, caller: Caller, engine: Engine, asked: Mapping[str, Any]) -> Stream[SearchEvent]:
    """``engine.search_events(**asked)``; where it is broken off, what may have been looked at counts."""
    planned = planned_looks(asked, engine.settings.search)
    _note(asked)

    def counted(events: Iterator[SearchEvent]) -> Iterator[SearchEvent]:
        with access.looking(caller, planned) as looks:
            for event in events:
                looks.made = _made_by(event, looks.made, planned)
                looks.sure = 0 if isinstance(event, HitsFound) else looks.made
                yield event

    return engine.search_events(**asked).around(counted)


def _note(asked: Mapping[str, Any]) -> None:
    """What is searched for, where the log says it."""
    request = observed()
    if request is not None:
        request.query = asked.get("text")


def _made_by(event: SearchEvent, before: int, planned: int) -> int:
    match event:
        case OrderChanged():
            return min(looks_of(event.page) + _AHEAD, planned)
        case HitExplained():
            return min(before + 1, planned)
        case SearchDone():
            return looks_of(event.page)
    return before
