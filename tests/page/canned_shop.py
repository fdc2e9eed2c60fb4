"""A shop whose answers are written down: the real page and headers, with documents of the API's shape behind it."""

import asyncio
import csv
import json
import time
from collections.abc import AsyncIterator, Container, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import unquote

import uvicorn
from canned import ATOMS, CLAIMS, ORDER, STAGES, Document, relooked
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

import shelfsight.api
from shelfsight.api.http.middleware import EncodedItemPaths, SafeHeaders
from shelfsight.api.server import address_of, bind

__all__ = ["Shop", "Stage", "canned_server", "looked_page", "served_app", "shop_app", "staged"]

_PAGE = Path(shelfsight.api.__file__).parent / "page"
_FAILURE = {"detail": "the model does not answer", "hint": "try again later", "code": "model"}
_EDGES = [0.0, 100.0, 200.0, 300.0, 400.0]


def looked_page(shop: "Shop", *, claims: Sequence[Document] = CLAIMS, **more: Any) -> Document:
    """What a second look at 30 items answers: in ``ORDER``, the first hit explained; ``more``: fields of the page."""
    hits = relooked(shop.hits(), ORDER)
    hits[0]["explanation"] = {"sentence": "It is yellow and under 150.", "claims": list(claims)}
    return shop.page(hits, **{"atoms": ATOMS, "stages": STAGES, **more})


@dataclass
class Shop:
    """What the server knows, says and has heard. A test writes down other answers as it likes.

    Attributes:
        rows: the catalogue.
        folder: where its pictures are.
        looked: the answer to a search with ``rerank``, by the query's text; a number is the status of a failure.
        held: second looks and questions that are not answered before the event is set, by their text.
        breaks: second looks that fail after their first order was told, by their text.
        answers: the answers to questions, in their order; a number is the status of a failure.
        streams: whether answers to questions are streamed to those who accept it.
        suggestions: of every hit.
        atoms: what words ask for, by their text.
        whys: why an item is where it is, by its id.
        collections: what the server lists.
        empty: texts that nothing is found for.
        warnings: what the first stage of a streamed search warns of.
        key: the API key that every request to the API has to bring.
        searches, questions, asked_why: the bodies that came, oldest first.
        filters: the filters under which values were counted.
        browsed: the parameters of the pages that were asked for without a search.
    """

    rows: list[dict[str, str]]
    folder: Path
    looked: dict[str, Document | int] = field(default_factory=dict)
    held: dict[str, Event] = field(default_factory=dict)
    answers: list[Document | int] = field(default_factory=list)
    streams: bool = False
    suggestions: Document = field(default_factory=dict)
    breaks: set[str] = field(default_factory=set)
    atoms: dict[str, list[Document]] = field(default_factory=dict)
    whys: dict[str, Document] = field(default_factory=dict)
    collections: list[Document] = field(default_factory=lambda: [{"name": "shop", "aliases": [], "default": True}])
    empty: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    key: str | None = None
    asked_why: list[Document] = field(default_factory=list)
    searches: list[Document] = field(default_factory=list)
    questions: list[Document] = field(default_factory=list)
    filters: list[str] = field(default_factory=list)
    browsed: list[Document] = field(default_factory=list)

    @classmethod
    def of(cls, folder: Path, count: int) -> "Shop":
        """The first ``count`` items of a rendered demo catalogue."""
        with (folder / "catalog.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))[:count]
        return cls(rows=rows, folder=folder)

    @property
    def pages(self) -> list[Document]:
        """The searches that asked for hits, and not only for what they are counted by."""
        return [body for body in self.searches if body["k"] > 1]

    @property
    def looks(self) -> list[Document]:
        """The searches that asked for a second look."""
        return [body for body in self.searches if body.get("rerank")]

    def hits(self) -> list[Document]:
        """What the first stage finds: everything, as the catalogue has it."""
        return [self._hit(row, rank) for rank, row in enumerate(self.rows, start=1)]

    def page(self, hits: Sequence[Document], **more: Any) -> Document:
        """A page of ``hits``."""
        return {
            "hits": list(hits),
            "total": len(self.rows),
            "facets": {"colour": self._colours()},
            "trace": {"total": 4.2},
            **more,
        }

    def _colours(self) -> dict[str, int]:
        colours = [row["colour"] for row in self.rows]
        return {colour: colours.count(colour) for colour in dict.fromkeys(colours)}

    def _hit(self, row: dict[str, str], rank: int) -> Document:
        texts = {name: value for name, value in row.items() if name not in ("id", "image", "title")}
        metadata: Document = {**texts, "price": float(row["price"])}
        hit = {
            "id": row["id"],
            "rank": rank,
            "score": 0.4 - 0.01 * rank,
            "title": row["title"],
            "picture": row["image"],
        }
        hit = {**hit, "picture_index": 0, "metadata": metadata, "ranks": {"retrieval": rank}}
        return {**hit, "suggestions": self.suggestions} if self.suggestions else hit

    async def _released(self, text: str) -> None:
        if text in self.held:
            assert await asyncio.to_thread(self.held[text].wait, 60)

    # --- routes ---

    async def search(self, request: Request) -> Response:
        body = await _body(request)
        self.searches.append(body)
        if not body.get("rerank"):
            first = body.get("offset", 0)
            if body.get("query") in self.empty:
                return JSONResponse(self.page([], total=0, nothing_matches=True))
            return JSONResponse(self.page(self.hits()[first : first + body["k"]], **self._spreads(body)))
        assert "text/event-stream" in request.headers["accept"]
        looked = self.looked[body["query"]]
        if isinstance(looked, int):
            return _failed(looked)
        return StreamingResponse(self._told(body, looked), media_type="text/event-stream")

    async def _told(self, body: Document, looked: Document) -> AsyncIterator[bytes]:
        """The events of a streamed search; a comment keeps the connection awake meanwhile."""
        more = {"atoms": looked.get("atoms", []), "warnings": self.warnings}
        yield _event("hits", self.page(self.hits()[: body["k"]], **more))
        yield b": still looking\n\n"
        await self._released(body["query"])
        if body["query"] in self.breaks:
            yield _event("error", _FAILURE)
            return
        hits = looked["hits"][: body["k"]]
        bare = [{name: value for name, value in hit.items() if name != "explanation"} for hit in hits]
        yield _event("order", {**looked, "hits": bare})
        for hit in hits:
            if "explanation" in hit:
                yield _event("explanation", {name: hit[name] for name in ("id", "rank", "explanation")})
        yield _event("done", {name: value for name, value in looked.items() if name != "hits"})

    async def parse(self, request: Request) -> Response:
        return JSONResponse({"atoms": self.atoms.get(request.query_params["query"], [])})

    async def why(self, request: Request) -> Response:
        id = unquote(request.path_params["id"])
        self.asked_why.append({**await _body(request), "id": id})
        return JSONResponse(self.whys[id]) if id in self.whys else _failed(404)

    async def list_collections(self, _request: Request) -> Response:
        return JSONResponse({"collections": self.collections})

    async def items(self, request: Request) -> Response:
        first, k = (int(request.query_params.get(name, default)) for name, default in (("offset", 0), ("k", 10)))
        unscored = [{name: value for name, value in hit.items() if name != "score"} for hit in self.hits()]
        self.browsed.append(dict(request.query_params))
        return JSONResponse(self.page(unscored[first : first + k], **self._spreads(request.query_params)))

    def _spreads(self, asked: Container[str]) -> Document:
        if "histograms" not in asked:
            return {}
        prices = [float(row["price"]) for row in self.rows]
        counts = [sum(low <= price < high for price in prices) for low, high in pairwise(_EDGES)]
        spread = {"edges": _EDGES, "counts": counts, "least": min(prices), "most": max(prices), "others": 0}
        return {"histograms": {"price": spread}}

    async def facets(self, request: Request) -> Response:
        self.filters.append(request.query_params.get("filter", ""))
        fields = {"colour": "text", "price": "number"}
        return JSONResponse({"facets": {"colour": self._colours()}, "fields": fields, "total": len(self.rows)})

    async def item(self, request: Request) -> Response:
        hit = next((hit for hit in self.hits() if hit["id"] == unquote(request.path_params["id"])), None)
        if hit is None:
            return _failed(404)
        pictures = [{"index": 0, "name": "front.jpg"}, {"index": 1, "name": "back.jpg"}]
        return JSONResponse({"id": hit["id"], "title": hit["title"], "metadata": hit["metadata"], "pictures": pictures})

    async def thumbnail(self, request: Request) -> Response:
        row = next(row for row in self.rows if row["id"] == unquote(request.path_params["id"]))
        return FileResponse(self.folder / row["image"])

    async def ask(self, request: Request) -> Response:
        self.questions.append({**await request.json(), "id": unquote(request.path_params["id"])})
        answer = self.answers.pop(0)
        await self._released(self.questions[-1]["question"])
        if isinstance(answer, int):
            return _failed(answer)
        if self.streams and "text/event-stream" in request.headers["accept"]:
            return StreamingResponse(_events(answer), media_type="text/event-stream")
        return JSONResponse(answer)

    def app(self) -> ASGIApp:
        """The page and the API over this shop; its only collection has two names."""
        asked = [
            Route("/search", self.search, methods=["POST"]),
            Route("/parse", self.parse),
            Route("/facets", self.facets),
            Route("/items", self.items),
            Route("/items/{id}", self.item),
            Route("/items/{id}/pictures/{index}", self.thumbnail),
            Route("/items/{id}/pictures/{index}/thumbnail", self.thumbnail),
            Route("/items/{id}/ask", self.ask, methods=["POST"]),
            Route("/items/{id}/why", self.why, methods=["POST"]),
        ]
        listed = Route("/v1/collections", self.list_collections)
        return shop_app([listed, Mount("/v1/collections/{name}", routes=asked), Mount("/v1", routes=asked)], self.key)


def shop_app(routes: Sequence[BaseRoute], key: str | None = None) -> ASGIApp:
    """The page, its headers, and ``routes``."""
    page = [
        Route("/", lambda _request: FileResponse(_PAGE / "index.html")),
        Route("/indexing", lambda _request: FileResponse(_PAGE / "indexing.html")),
        Mount("/page", StaticFiles(directory=_PAGE)),
    ]
    made = Starlette(routes=[*page, *routes])
    made.add_middleware(EncodedItemPaths)
    made.add_middleware(SafeHeaders)
    return made if key is None else _Locked(made, key)


class _Locked:
    """Answers 401 to whoever asks the API without the key."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app, self._key = app, f"Bearer {key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/v1") and not self._opens(scope):
            refusal = JSONResponse({"detail": "this needs an API key", "code": "unauthenticated"}, 401)
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _opens(self, scope: Scope) -> bool:
        return dict(scope["headers"]).get(b"authorization") == self._key


async def _body(request: Request) -> Document:
    if request.headers["content-type"] == "application/json":
        body: Document = await request.json()
        return body
    async with request.form() as form:
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
    return {**fields, "k": int(fields["k"]), "offset": int(fields.get("offset", "0"))}


def _failed(status: int) -> Response:
    return JSONResponse(_FAILURE, status)


def _event(name: str, document: Document) -> bytes:
    return f"event: {name}\ndata: {json.dumps(document, ensure_ascii=False)}\n\n".encode()


async def _events(answer: Document) -> AsyncIterator[bytes]:
    """The words one by one; a character and an event may be cut anywhere on their way."""
    for word in answer["answer"].split(" "):
        whole = f"event: text\ndata: {json.dumps({'text': word + ' '}, ensure_ascii=False)}\n\n".encode()
        for part in (whole[:27], whole[27:]):
            yield part
            await asyncio.sleep(0.05)
    if answer["stop"] == "failed":
        answer, name = {"detail": "the model fell over", "hint": "ask again"}, "error"
    else:
        name = "answer"
    yield _event(name, answer)


@dataclass
class Stage:
    """One address for one app after the other.

    Attributes:
        url: where it is.
        app: what answers there now.
    """

    url: str = ""
    app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


@contextmanager
def staged() -> Iterator[Stage]:
    """A stage on which nothing is shown yet."""
    stage = Stage()
    with served_app(stage) as stage.url:
        yield stage


def canned_server(shop: Shop) -> AbstractContextManager[str]:
    """The URL of ``shop``."""
    return served_app(shop.app())


@contextmanager
def served_app(app: ASGIApp) -> Iterator[str]:
    """The URL of ``app``."""
    with bind("127.0.0.1", 0) as bound:
        config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [bound]}, name="canned-server")
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.01)
            yield address_of(bound).rstrip("/")
        finally:
            server.should_exit = True
            thread.join(timeout=20)
