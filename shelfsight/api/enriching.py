"""What models make of a collection's pictures beside its items: made on request, and shown.

``shelfsight index --features --enrich`` calls, the first before the job and the others after it::

    check_able(vlm, features=True, enrich=True)
    notes = add_notes(engine.store, vlm, settings=engine.settings, features=True, enrich=True)
    document = report.to_json() | notes_document(notes)

Whoever shows hits or items calls, once a page::

    page = with_suggestions(page, store)
    suggestions = suggestions_of({item.id: item.metadata}, store).get(item.id, {})

``shelfsight info`` shows :func:`summary_document` of ``store.notes.summary()`` where there is something.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shelfsight.api.gallery import Gallery
from shelfsight.core.protocols import NotesSummary, Store
from shelfsight.core.settings import Settings
from shelfsight.core.types import Hit, Page, Suggestion, Value
from shelfsight.core.vision import VisionLanguageModel

if TYPE_CHECKING:
    from shelfsight.indexer import NotesProgress, NotesReport

__all__ = ["add_notes", "check_able", "notes_document", "suggestions_of", "summary_document", "with_suggestions"]


def add_notes(
    store: Store,
    vlm: VisionLanguageModel,
    *,
    settings: Settings,
    features: bool = False,
    enrich: bool = False,
    progress: "NotesProgress | None" = None,
) -> "NotesReport":
    """Keep features of pictures, captions and suggested values beside a collection.

    See :func:`shelfsight.indexer.add_notes`. What is there already stays as it is, so the same call goes on after an
    interruption.

    Raises:
        UsageError: nothing is asked for, or ``vlm`` cannot do it: keep no features, or write no text.
        LeaseHeld: another job is at work on the collection.
        StoreError, ModelError: as they come; what was kept so far stays.
        KeyboardInterrupt: it was told to end; likewise.
    """
    from shelfsight import indexer

    look = Gallery(store, settings.pictures).decoded
    return indexer.add_notes(store, vlm, look, settings=settings, features=features, enrich=enrich, progress=progress)


def check_able(vlm: VisionLanguageModel, *, features: bool, enrich: bool) -> None:
    """Refuse what :func:`add_notes` would refuse after the job that goes before it.

    Raises:
        UsageError: nothing is asked for, or ``vlm`` cannot do it.
    """
    from shelfsight import indexer

    indexer.check_able(vlm, features=features, enrich=enrich)


def notes_document(report: "NotesReport") -> dict[str, int]:
    """What ``index --json`` tells of it: ``features`` (pictures of this run) and ``suggestions`` (items of this run),
    each only where it was asked for."""
    counts = {"features": report.features, "suggestions": report.suggestions}
    return {name: count for name, count in counts.items() if count is not None}


def suggestions_of(metadata: Mapping[str, Mapping[str, Value]], store: Store) -> dict[str, dict[str, Suggestion]]:
    """What models suggested for items: id -> field -> suggestion; ids of which there is nothing left out.

    Args:
        metadata: id -> the item's fields. What the merchant said himself since, nobody suggests any more.
    """
    found = store.notes.suggestions([*metadata])
    if not found:
        return {}
    from shelfsight.indexer import is_said

    kept = {
        id: {field: said for field, said in given.items() if not is_said(field, metadata[id])}
        for id, given in found.items()
    }
    return {id: given for id, given in kept.items() if given}


def with_suggestions(page: Page, store: Store) -> Page:
    """``page`` with what models suggested for its hits and their variants."""
    shown = [each for hit in page.hits for each in (hit, *hit.variants)]
    found = suggestions_of({hit.id: hit.metadata for hit in shown}, store)
    if not found:
        return page

    def told(hit: Hit) -> Hit:
        variants = tuple(told(each) for each in hit.variants)
        return replace(hit, suggestions=found.get(hit.id, {}), variants=variants)

    return replace(page, hits=tuple(told(hit) for hit in page.hits))


def summary_document(summary: NotesSummary) -> dict[str, Any] | None:
    """What ``shelfsight info`` tells of the notes; ``None`` where there are none.

    ``features``: [{``version``, ``pictures``}], the version written to last first; ``suggestions``: [{``model``,
    ``items``}]; ``bytes`` on disk.
    """
    if not summary.features and not summary.suggestions:
        return None
    return {
        "features": [{"version": name, "pictures": count} for name, count in summary.features.items()],
        "suggestions": [{"model": name, "items": count} for name, count in summary.suggestions.items()],
        "bytes": summary.bytes,
    }
