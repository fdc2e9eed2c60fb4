"""Pages of hits as the outside sees them: pictures and models by name, never by the place of their files."""

from collections.abc import Iterator, Mapping
from typing import Any

from shelfsight.api.documents import explanation_document, page_document, public_model, public_name, public_text
from shelfsight.api.http.events import event
from shelfsight.core.streaming import HitExplained, HitsFound, OrderChanged, SearchDone, SearchEvent
from shelfsight.core.types import Page

__all__ = ["public_page", "search_event"]


def public_page(page: Page, *, scores: bool = True) -> dict[str, Any]:
    """What the outside may know of a page."""
    document = page_document(page)
    for hit in _every(document["hits"]):
        hit["picture"] = public_name(hit["picture"])
        for suggestion in hit.get("suggestions", {}).values():
            suggestion["model"] = public_model(suggestion["model"])
        if not scores:
            del hit["score"]
    for stage in document.get("stages", ()):
        stage["model"] = public_model(stage["model"])
    if "warnings" in document:
        document["warnings"] = [public_text(warning) for warning in document["warnings"]]
    return document


def search_event(told: SearchEvent) -> str:
    """One step of a search, as it is sent."""
    match told:
        case HitsFound(page=page):
            return event("hits", public_page(page))
        case OrderChanged(page=page):
            return event("order", public_page(page))
        case HitExplained():
            explanation = explanation_document(told.explanation)
            return event("explanation", {"id": told.id, "rank": told.rank, "explanation": explanation})
        case SearchDone(page=page):
            return event("done", _without_hits(public_page(page)))


def _without_hits(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "hits"}


def _every(hits: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Hits and their variants."""
    for hit in hits:
        yield hit
        yield from hit.get("variants", ())
