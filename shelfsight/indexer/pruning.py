"""Delete what left the catalogue, where the catalogue can be trusted to be whole."""

from collections.abc import Iterator
from itertools import islice

from shelfsight.core.errors import CatalogueError, Reason
from shelfsight.core.protocols import Store
from shelfsight.core.types import Failure
from shelfsight.indexer.intake import Intake
from shelfsight.indexer.report import Tally
from shelfsight.indexer.seen import SeenIds

__all__ = ["prune"]

_CHUNK = 1000


def prune(name: str, store: Store, intake: Intake, seen: SeenIds, tally: Tally, since: str) -> None:
    """Delete every id that this job did not meet.

    Nothing is deleted, and the failures say so, when rows failed that did not tell which item they were: those items
    may well be in the collection.

    Args:
        name: the catalogue's.
        since: token of the state at the job's beginning; items written after it stay.

    Raises:
        CatalogueError: the catalogue has no items; deleting everything is hardly meant.
    """
    if intake.items == 0:
        raise CatalogueError(
            f"{name} has no items, so nothing was pruned", hint="Check the catalogue; to start anew, delete the folder."
        )
    if intake.nameless:
        message = f"nothing was pruned: {intake.nameless} rows came without an id, and whose they are is unknown"
        tally.log.add(Failure(reason=Reason.BAD_ROW, place=name, message=message))
        return
    for chunk in _chunks(store.ids()):
        if gone := seen.missing(chunk):
            tally.deleted += store.commit((), gone, since=since)


def _chunks(ids: Iterator[str]) -> Iterator[list[str]]:
    while chunk := list(islice(ids, _CHUNK)):
        yield chunk
