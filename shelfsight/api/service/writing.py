"""Writes of clients to a collection. What has returned here is durable."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from shelfsight.api.engine import Engine
from shelfsight.api.live import Check, UpdateReport, update_chunk
from shelfsight.api.service.rows import RowReader
from shelfsight.core.errors import PictureError, Reason, UsageError
from shelfsight.core.types import Failure, Item

if TYPE_CHECKING:
    from shelfsight.catalog import Fields
    from shelfsight.indexer import Report

__all__ = ["Rows", "Updates", "Upserts", "put_one"]

_KEPT = 1000


class Rows(Protocol):
    """Where rows of one request go, some at a time. Made, used and closed in one thread."""

    @property
    def document(self) -> dict[str, Any]:
        """What became of all that was put in so far, for the client."""
        ...

    def read(self, document: object, place: str) -> None:
        """Take a row; it is not put in yet."""
        ...

    def refuse(self, failure: Failure) -> None:
        """Take a row that cannot even be read."""
        ...

    def put(self) -> None:
        """Put in what was read. What cannot be used is reported; the rest is durable on return.

        Raises:
            StoreError, StoreFull, ModelError: all that was put in before is in, and some of these may be.
        """
        ...

    def close(self) -> None: ...


class Upserts:
    """Items, in place of what the collection has under their ids. Of two with one id the first counts."""

    def __init__(self, engine: Engine, uploads: Mapping[str, bytes] | None = None) -> None:
        """
        Args:
            uploads: files that came with the items, by name.
        """
        from shelfsight.indexer.seen import SeenIds

        self._engine = engine
        self._reader = RowReader(engine.settings.index.max_text, uploads or {})
        self._seen = SeenIds()
        self._waiting: list[Item | Failure] = []
        self._report: Report | None = None

    @property
    def document(self) -> dict[str, Any]:
        if self._report is None:
            self.put()
        assert self._report is not None
        return self._report.to_json()

    def read(self, document: object, place: str) -> None:
        self._waiting.append(self._reader.item(document, place))

    def refuse(self, failure: Failure) -> None:
        self._waiting.append(failure)

    def put(self) -> None:
        rows, self._waiting = self._waiting, []
        new = iter(self._seen.add([row.id for row in rows if isinstance(row, Item)]))
        fresh = [_repeated(row) if isinstance(row, Item) and not next(new) else row for row in rows]
        report = self._engine.upsert(fresh)
        self._report = report if self._report is None else _together(self._report, report)

    def close(self) -> None:
        self._seen.close()


class Updates:
    """Changes to fields of items that are there."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reader = RowReader(engine.settings.index.max_text)
        self._waiting: list[Fields | Failure] = []
        self._report = UpdateReport()

    @property
    def document(self) -> dict[str, Any]:
        return self._report.to_json()

    def read(self, document: object, place: str) -> None:
        self._waiting.append(self._reader.change(document, place))

    def refuse(self, failure: Failure) -> None:
        self._waiting.append(failure)

    def put(self) -> None:
        rows, self._waiting = self._waiting, []
        update_chunk(self._engine, rows, self._report)

    def close(self) -> None:
        """Nothing is held."""


def put_one(engine: Engine, item: Item | Failure, check: Check | None = None) -> tuple[Failure, ...]:
    """Put one item in; the pictures of it that could not be used.

    Args:
        check: see :meth:`shelfsight.Engine.upsert`.

    Raises:
        PictureError: none of its pictures can be used.
        UsageError: it is no item.
    """
    report = engine.upsert([item], check=check)
    if report.failed:
        first = report.failures[0]
        if first.picture is not None or first.reason is Reason.NO_PICTURE:
            raise PictureError(first.reason, first.message)
        raise UsageError(first.message)
    return report.failures


def _repeated(item: Item) -> Failure:
    message = f"the id {item.id!r} has come before in this request; the first one counts"
    return Failure(reason=Reason.DUPLICATE_ID, place=item.place, message=message, id=item.id)


def _together(first: "Report", then: "Report") -> "Report":
    """Both as one: counts of what was done are added, those of the collection are the later ones."""
    added = ("indexed", "unchanged", "updated", "failed", "deleted", "encoded", "seconds")
    sums = {name: getattr(first, name) + getattr(then, name) for name in added}
    return replace(then, failures=(first.failures + then.failures)[:_KEPT], **sums)
