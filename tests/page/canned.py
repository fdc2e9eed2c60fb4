"""A shop whose answers are written down: the real page and headers, with documents of the API's shape behind it.

What a model says of a picture differs from machine to machine in the last digit; here each answer is known to the
letter.
"""

import asyncio
import base64
import csv
import io
import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import unquote

import numpy as np
import uvicorn
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import shelfsight.api
from shelfsight.api.http.middleware import EncodedItemPaths, SafeHeaders
from shelfsight.api.server import address_of, bind

__all__ = [
    "ADDRESS",
    "ATOMS",
    "BOX",
    "CLAIMS",
    "ORDER",
    "STAGES",
    "WORDS",
    "Document",
    "Shop",
    "atom",
    "canned_server",
    "catalogue_claim",
    "heat_map",
    "looked_page",
    "picture_claim",
    "relooked",
]

Document = dict[str, Any]

_PAGE = Path(shelfsight.api.__file__).parent / "page"
BOX = [0.25, 0.5, 0.75, 0.9]


def heat_map(width: int = 64, height: int = 64, box: Sequence[float] = BOX) -> str:
    """A PNG as a data URI: orange where ``box`` is, its alpha fading towards the edges of the box, clear elsewhere."""
    y, x = (np.indices((height, width)) + 0.5) / np.array([height, width])[:, None, None]
    left, top, right, bottom = box
    far = ((x - (left + right) / 2) / (right - left)) ** 2 + ((y - (top + bottom) / 2) / (bottom - top)) ** 2
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[..., :3] = (255, 120, 0)
    pixels[..., 3] = (200 * np.exp(-3 * far)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def atom(term: str, kind: str = "attribute", *, negated: bool = False, **fields: Any) -> Document:
    """An atom as the API writes it."""
    text = f"not {term}" if negated else term
    empty = {"field": None, "value": None, "filter": None, "subject": "other", "start": 0, "end": 0}
    return {"kind": kind, "term": term, "text": text, "negated": negated, **empty, **fields}


def picture_claim(words: str, verdict: str, probability: float, **evidence: Any) -> Document:
    """A claim that a model made by looking, with its heat map and box unless told otherwise."""
    seen = {"picture_index": 0, "box": BOX, "heat_map": heat_map(), **evidence}
    kept = {name: value for name, value in seen.items() if value is not None}
    return {
        "atom": words,
        "kind": "attribute",
        "verdict": verdict,
        "probability": probability,
        "source": "picture",
        "evidence": kept,
    }


def catalogue_claim(words: str, verdict: str, field: str, value: str) -> Document:
    """A claim that a field of the catalogue decides."""
    probability = 1.0 if verdict == "yes" else 0.0
    evidence = {"field": field, "value": value}
    return {
        "atom": words,
        "kind": "kind",
        "verdict": verdict,
        "probability": probability,
        "source": "catalogue",
        "evidence": evidence,
    }


def relooked(before: Sequence[Document], order: Sequence[int]) -> list[Document]:
    """``before``, the hits of a first stage, in another order, with ranks and relevance of a second look."""
    hits = []
    for rank, place in enumerate(order, start=1):
        ranks = {"retrieval": before[place]["rank"], "rerank": rank}
        hits.append({**before[place], "rank": rank, "ranks": ranks, "relevance": 0.97 * 0.9 ** (rank - 1)})
    return hits


WORDS = "yellow hat, not leather, under 150"
ADDRESS = "/?q=yellow+hat%2C+not+leather%2C+under+150"
ORDER = [6, 1, 12, 0, *range(2, 6), *range(7, 12), *range(13, 30)]
ATOMS = [
    atom("yellow", field="colour", value="yellow", subject="attribute", start=0, end=6),
    atom("hat", "kind", field="kind", value="hat", subject="kind", start=7, end=10),
    atom("leather", negated=True, start=12, end=23),
    atom("under 150", "limit", filter="price < 150", start=25, end=34),
]
CLAIMS = [
    picture_claim("yellow", "yes", 0.932),
    catalogue_claim("hat", "no", "kind", "sunglasses"),
    picture_claim("not leather", "cannot tell", 0.48, box=None, heat_map=None),
    catalogue_claim("under 150", "yes", "price", "95.95"),
]
_COSTS = {"model": "m-1", "ended": "complete"}
STAGES = [
    {"name": "rerank", "candidates": 50, "scored": 50, "moved": 37, "milliseconds": 312.4, **_COSTS},
    {"name": "explain", "candidates": 10, "scored": 10, "moved": 0, "milliseconds": 88.0, **_COSTS},
]


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
        answers: the answers to questions, in their order; a number is the status of a failure.
        streams: whether answers are streamed to those who accept it.
        suggestions: of every hit.
        searches, questions: the bodies that came, oldest first.
        filters: the filters under which values were counted.
    """

    rows: list[dict[str, str]]
    folder: Path
    looked: dict[str, Document | int] = field(default_factory=dict)
    held: dict[str, Event] = field(default_factory=dict)
    answers: list[Document | int] = field(default_factory=list)
    streams: bool = False
    suggestions: Document = field(default_factory=dict)
    searches: list[Document] = field(default_factory=list)
    questions: list[Document] = field(default_factory=list)
    filters: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, folder: Path, count: int) -> "Shop":
        """The first ``count`` items of a rendered demo catalogue."""
        with (folder / "catalog.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))[:count]
        return cls(rows=rows, folder=folder)

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
            return JSONResponse(self.page(self.hits()[first : first + body["k"]]))
        await self._released(body["query"])
        looked = self.looked[body["query"]]
        if isinstance(looked, int):
            return _failed(looked)
        return JSONResponse({**looked, "hits": looked["hits"][: body["k"]]})

    async def items(self, request: Request) -> Response:
        first, k = (int(request.query_params.get(name, default)) for name, default in (("offset", 0), ("k", 10)))
        unscored = [{name: value for name, value in hit.items() if name != "score"} for hit in self.hits()]
        return JSONResponse(self.page(unscored[first : first + k]))

    async def facets(self, request: Request) -> Response:
        self.filters.append(request.query_params.get("filter", ""))
        fields = {"colour": "string", "price": "number"}
        return JSONResponse({"facets": {"colour": self._colours()}, "fields": fields, "total": len(self.rows)})

    async def item(self, request: Request) -> Response:
        hit = next(hit for hit in self.hits() if hit["id"] == unquote(request.path_params["id"]))
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

    def app(self) -> Starlette:
        """The page and the API over this shop."""
        routes = [
            Route("/", lambda _request: FileResponse(_PAGE / "index.html")),
            Mount("/page", StaticFiles(directory=_PAGE)),
            Route("/v1/search", self.search, methods=["POST"]),
            Route("/v1/facets", self.facets),
            Route("/v1/items", self.items),
            Route("/v1/items/{id}", self.item),
            Route("/v1/items/{id}/pictures/{index}/thumbnail", self.thumbnail),
            Route("/v1/items/{id}/ask", self.ask, methods=["POST"]),
        ]
        made = Starlette(routes=routes)
        made.add_middleware(EncodedItemPaths)
        made.add_middleware(SafeHeaders)
        return made


async def _body(request: Request) -> Document:
    if request.headers["content-type"] == "application/json":
        body: Document = await request.json()
        return body
    async with request.form() as form:
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
    return {**fields, "k": int(fields["k"]), "offset": int(fields.get("offset", "0"))}


def _failed(status: int) -> Response:
    return JSONResponse({"detail": "the model does not answer", "hint": "try again later", "code": "model"}, status)


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
    yield f"event: {name}\ndata: {json.dumps(answer)}\n\n".encode()


@contextmanager
def canned_server(shop: Shop) -> Iterator[str]:
    """The URL of ``shop``."""
    with bind("127.0.0.1", 0) as bound:
        config = uvicorn.Config(shop.app(), log_level="warning", timeout_graceful_shutdown=2)
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
