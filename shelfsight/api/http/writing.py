"""Items into a collection, changed and out of it, over HTTP. An answer of success means that it is on disk."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field, model_validator
from starlette.responses import Response

from shelfsight.api.documents import item_document
from shelfsight.api.engine import Engine
from shelfsight.api.http.access import Asker
from shelfsight.api.http.audited import Noted, noting
from shelfsight.api.http.bodies import (
    FORM,
    JSON,
    LINES,
    kind_of,
    parsed,
    read_body,
    read_json,
    unsupported,
    validated,
)
from shelfsight.api.http.conditions import IfMatch, IfNoneMatch, condition, item_tag
from shelfsight.api.http.context import Asked, Serving
from shelfsight.api.http.incoming import RowsRequest, read_uploads, take_lines, take_rows
from shelfsight.api.http.items import ItemId
from shelfsight.api.http.middleware import ITEM, decode_id
from shelfsight.api.http.searching import json_response
from shelfsight.api.live import Check
from shelfsight.api.sent import Sent
from shelfsight.api.service.audit import Entry
from shelfsight.api.service.keys import Scope
from shelfsight.api.service.rows import RowReader
from shelfsight.api.service.service import Service
from shelfsight.api.service.writing import Updates, Upserts, put_one
from shelfsight.core.errors import NotFound, UsageError
from shelfsight.core.types import Item
from shelfsight.indexer.report import failure_to_json

__all__ = ["writing_routes"]

_MAX_IDS = 10_000
_MAX_ERASED = 1_000

Hard = Annotated[
    bool,
    Query(description="Leave nothing of it, and answer a receipt; see `/items/erase`. It needs a key for `admin`."),
]


class EraseRequest(Sent):
    """Which items go for good."""

    ids: list[str] = Field(min_length=1, max_length=_MAX_ERASED, description="These, where they are there.")


class DeleteRequest(Sent):
    """Which items go. Exactly one of the two is given."""

    ids: list[str] | None = Field(default=None, max_length=_MAX_IDS, description="These, where they are there.")
    filter: str | None = Field(default=None, min_length=1, description="Every item that passes it: `stock == 0`.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.ids is None) == (self.filter is None):
            raise ValueError("give either ids or filter")
        return self


def writing_routes() -> APIRouter:
    """``POST`` and ``PATCH`` of ``/items``, ``POST /items/delete``, ``PUT`` and ``DELETE`` of ``/items/{id}``."""
    routes = APIRouter(prefix="/items", tags=["items"])
    _add_bulk(routes)
    _add_single(routes)
    return routes


def _add_bulk(routes: APIRouter) -> None:
    @routes.post("", summary="Put items in, in place of what is there under their ids")
    async def upsert_items(request: Request, engine: Asked, service: Serving, entry: Noted) -> Response:
        """Pictures come as base64, as files of a form, or as addresses. Those that have not changed are not encoded
        again. An item that cannot be used is in `failures`, with the reason, and the others go in. What the answer
        counts is on disk, and the next search finds it."""
        open_rows = noting(entry, service.audit, partial(Upserts, engine))
        match kind_of(request):
            case "application/json":
                return await take_rows(await read_json(request, RowsRequest, _limit(service)), open_rows)
            case "multipart/form-data":
                said, uploads = await read_uploads(request, _limit(service), "items")
                asked = validated(RowsRequest, {"items": said} if isinstance(said, list) else said)
                return await take_rows(asked, partial(open_rows, uploads))
            case kind if kind in LINES:
                return await take_lines(request, open_rows, service.settings)
        raise unsupported(JSON, FORM, *LINES)

    @routes.patch("", summary="Change fields of items: prices, stock, titles")
    async def update_items(request: Request, engine: Asked, service: Serving, entry: Noted) -> Response:
        """Fields that are not named stay, and so do pictures; nothing is encoded. Ids that are not there are in
        `failures`."""
        open_rows = noting(entry, service.audit, partial(Updates, engine))
        match kind_of(request):
            case "application/json":
                return await take_rows(await read_json(request, RowsRequest, _limit(service)), open_rows)
            case kind if kind in LINES:
                return await take_lines(request, open_rows, service.settings)
        raise unsupported(JSON, *LINES)

    @routes.post("/erase", summary="Take items out and leave nothing of them")
    async def erase_items(request: Request, engine: Asked, service: Serving, entry: Noted, asker: Asker) -> Response:
        """No byte of them stays in the collection's files, in other versions of it, in caches, nor in what jobs keep;
        all of that is searched afterwards, and the receipt says so. It takes as long as writing the collection anew,
        and needs a key for `admin`. The receipt lists what is not reached from here, such as backups."""
        asker.check(Scope.ADMIN)
        asked = await read_json(request, EraseRequest, _limit(service))
        entry.add(asked.ids)
        return await run_in_threadpool(_erased, engine, asked.ids, entry)

    @routes.post("/delete", summary="Take items out, by id or by a filter")
    async def delete_items(request: Request, engine: Asked, service: Serving, entry: Noted) -> Response:
        asked = await read_json(request, DeleteRequest, _limit(service))
        entry.add(asked.ids or ())
        deleted = await run_in_threadpool(_deleted, engine, asked)
        entry.number = deleted["deleted"] if asked.ids is None else entry.number
        return json_response(deleted)


def _add_single(routes: APIRouter) -> None:
    @routes.put(ITEM, summary="Put one item in")
    async def put_item(
        request: Request,
        engine: Asked,
        service: Serving,
        id: ItemId,
        if_match: IfMatch = None,
        if_none_match: IfNoneMatch = None,
    ) -> Response:
        """Answers the item as it is now, `failures` among it where pictures of it could not be used."""
        document, uploads = await _read_item(request, _limit(service), decode_id(id))
        check = condition(engine, decode_id(id), if_match, if_none_match)
        return await run_in_threadpool(_put, engine, document, uploads, check)

    @routes.delete(ITEM, summary="Take one item out")
    def delete_item(
        engine: Asked,
        id: ItemId,
        asker: Asker,
        entry: Noted,
        hard: Hard = False,
        if_match: IfMatch = None,
        if_none_match: IfNoneMatch = None,
    ) -> Response:
        """Its picture files stay where they are."""
        if hard:
            asker.check(Scope.ADMIN)
        check = condition(engine, decode_id(id), if_match, if_none_match)
        if hard:
            answer = _erased(engine, [decode_id(id)], entry, check)
            _check_erased(entry, decode_id(id))
            return answer
        deleted = engine.delete([decode_id(id)], check=check)
        if not deleted:
            raise NotFound(f"no item {decode_id(id)!r} in this collection")
        return json_response({"deleted": deleted, "items": engine.count()})


def _erased(engine: Engine, ids: Sequence[str], entry: Entry, check: Check | None = None) -> Response:
    """The receipt, which goes into the audit log, too."""
    entry.receipt = engine.erase(ids, check=check).to_json()
    return json_response(entry.receipt)


def _check_erased(entry: Entry, id: str) -> None:
    if not (entry.receipt or {}).get("ids"):
        hint = "what an earlier deletion left of it, if anything, is gone now"
        raise NotFound(f"no item {id!r} in this collection", hint=hint)


def _limit(service: Service) -> int:
    return service.settings.server.max_request


def _deleted(engine: Engine, asked: DeleteRequest) -> dict[str, Any]:
    if asked.filter is not None:
        return {"deleted": engine.delete_where(asked.filter), "items": engine.count()}
    ids = set(asked.ids or ())
    deleted = engine.delete(sorted(ids))
    return {"deleted": deleted, "items": engine.count(), "absent": len(ids) - deleted}


async def _read_item(request: Request, limit: int, id: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The item that is to be ``id``, and the files that came with it."""
    uploads: dict[str, bytes] = {}
    match kind_of(request):
        case "application/json":
            said = parsed(await read_body(request, limit))
        case "multipart/form-data":
            said, uploads = await read_uploads(request, limit, "item")
        case _:
            raise unsupported(JSON, FORM)
    if not isinstance(said, dict):
        raise UsageError("an item is a JSON object", hint="/docs says what this operation takes")
    if str(said.setdefault("id", id)) != id:
        raise UsageError(
            f"the item's id is {str(said['id'])[:80]!r}, and the path says {id[:80]!r}", hint="leave one out"
        )
    return said, uploads


def _put(engine: Engine, document: dict[str, Any], uploads: Mapping[str, bytes], check: Check | None) -> Response:
    id = str(document["id"])
    item = RowReader(engine.settings.index.max_text, uploads).item(document, "item")
    if isinstance(item, Item) and item.id != id:
        raise UsageError(f"{id[:80]!r} cannot be an id", hint="an id has no space at its ends")
    new = engine.find(id) is None
    failures = put_one(engine, item, check)
    stored = engine.get(id)
    answer = item_document(stored, engine.suggestions_of(stored))
    tag = item_tag(stored, answer)
    if failures:
        answer["failures"] = [failure_to_json(failure) for failure in failures]
    return json_response(answer, 201 if new else 200, tag=tag)
