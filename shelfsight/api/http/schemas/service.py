"""Collections, aliases, keys, the audit log, and how the server is."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from shelfsight.api.http.schemas.base import Told, absent, shown
from shelfsight.api.http.schemas.erasing import Receipt
from shelfsight.api.http.schemas.pages import FieldKind
from shelfsight.api.service import keys
from shelfsight.core.types import Scalar

__all__ = [
    "AliasDeleted",
    "AliasList",
    "AliasSet",
    "Audit",
    "CollectionDeleted",
    "CollectionDocument",
    "CollectionList",
    "Health",
    "KeyCreated",
    "KeyDocument",
    "KeyList",
    "KeyRequest",
    "Ready",
]

_LISTED = {"name": "shop", "aliases": ["live"], "default": True, "removable": False}
_KEY = {
    "name": "shop-page",
    "scope": "search",
    "rate": 20.0,
    "looks_per_day": None,
    "collections": ["shop"],
    "origins": ["https://shop.example"],
    "expires": None,
    "id": "k3Yt9QmB2x",
    "created": "2026-05-04T09:00:00Z",
    "revoked": None,
    "state": "live",
    "looks_today": 0,
}


class ListedCollection(Told):
    """A collection of this server."""

    name: str
    aliases: tuple[str, ...]
    default: bool = Field(description="Whether it is asked where none is named.")
    removable: bool = Field(description="Whether it may be taken away over HTTP.")


class CollectionList(Told):
    """The collections of this server."""

    model_config = shown({"collections": [_LISTED]})

    collections: tuple[ListedCollection, ...]


class CollectionEncoder(Told):
    """What makes its vectors."""

    name: str
    revision: str
    fingerprint: str = Field(description="Digest of all that is done to a picture and a text before the network.")
    dimension: int
    image_size: int


class CollectionIndex(Told):
    """What finds vectors, and how well it did when it was built."""

    kind: str
    vectors: int = Field(description="Rows it covers; what came since is searched exactly.")
    parameters: dict[str, Scalar]
    target: float | None = Field(description="recall@10 that was asked for.")
    recall: float | None = Field(description="recall@10 that was measured.")
    queries: int
    bytes_per_vector: float
    seconds: float


class CollectionDocument(ListedCollection):
    """What a collection is, and what is in it."""

    model_config = shown(
        {
            **_LISTED,
            "format": 4,
            "store": "faiss",
            "encoder": {
                "name": "embedded",
                "revision": "5f0c1e",
                "fingerprint": "a6b1",
                "dimension": 512,
                "image_size": 224,
            },
            "metric": "cosine",
            "items": 96,
            "pictures": 96,
            "index": None,
            "fields": {"price": "number", "colour": "text"},
        }
    )

    format: int
    store: str
    encoder: CollectionEncoder
    metric: str
    items: int
    pictures: int
    index: CollectionIndex | None
    fields: dict[str, FieldKind]


class CollectionDeleted(Told):
    """A collection went."""

    model_config = shown({"deleted": "old"})

    deleted: str


class Alias(Told):
    """A second name of a collection."""

    alias: str
    collection: str


class AliasList(Told):
    """The aliases, and what each stands for."""

    model_config = shown({"aliases": [{"alias": "live", "collection": "shop"}]})

    aliases: tuple[Alias, ...]


class AliasSet(Alias):
    """What an alias stands for now, and what it stood for before."""

    model_config = shown({"alias": "live", "collection": "shop", "before": "old"})

    before: str | None


class AliasDeleted(Told):
    """What an alias stood for."""

    model_config = shown({"alias": "live", "before": "shop"})

    alias: str
    before: str


class KeyRequest(keys.Order):
    """The API key that is wanted."""


class KeyDocument(Told):
    """An API key, without what makes it work."""

    model_config = shown(_KEY)

    name: str
    scope: keys.Scope
    rate: float | None = Field(description="Requests a second.")
    looks_per_day: int | None = Field(description="Pictures a day that a vision-language model may look at.")
    collections: tuple[str, ...] = Field(description="Those it may ask; none: all.")
    origins: tuple[str, ...] = Field(description="Pages that may use it.")
    expires: datetime | None
    id: str
    created: datetime
    revoked: datetime | None
    state: Literal["live", "revoked", "expired"]
    looks_today: int = Field(description="Pictures that a vision-language model looked at for it since 0:00 UTC.")


class KeyCreated(KeyDocument):
    """A new API key."""

    model_config = shown({**_KEY, "key": "ss_s_k3Yt9QmB2x_..."})

    key: str = Field(description="What its owner sends. It is never shown again.")


class KeyList(Told):
    """The API keys, without what makes them work."""

    model_config = shown({"keys": [_KEY]})

    keys: tuple[KeyDocument, ...]


class AuditEntry(Told):
    """One change that was asked for."""

    time: datetime
    operation: str
    collection: str | None = Field(description="The name or alias that was asked for; null: it is about the server.")
    outcome: Literal["done", "refused", "failed", "begun"]
    status: int | None
    number: int | None = Field(description="How many things it was about.")
    ids: tuple[str, ...] = Field(description="The first of them.")
    key: str | None = Field(description="Id of the API key.")
    name: str | None = Field(description="Name of the API key.")
    address: str
    request: str = Field(description="The request's id.")
    receipt: Receipt = absent("Of an erasure.")


class Audit(Told):
    """What was changed, the newest first."""

    model_config = shown(
        {
            "entries": [
                {
                    "time": "2026-05-04T09:00:00.125Z",
                    "operation": "upsert_items",
                    "collection": "shop",
                    "outcome": "done",
                    "status": 200,
                    "number": 1,
                    "ids": ["mug-1"],
                    "key": "k3Yt9QmB2x",
                    "name": "importer",
                    "address": "127.0.0.1",
                    "request": "0af7651916cd43dd8448eb211c80319c",
                }
            ]
        }
    )

    entries: tuple[AuditEntry, ...]


class Health(Told):
    """The process is there."""

    model_config = shown({"status": "alive"})

    status: Literal["alive"]


class Ready(Told):
    """Whether a query is answered just now, and why not."""

    model_config = shown(
        {"status": "ready", "items": 96, "milliseconds": 9.2, "checks": {"search": "ok", "collection": "ok"}},
        {"status": "starting", "code": "starting", "detail": "the encoder is being loaded"},
    )

    status: Literal["ready", "degraded", "starting", "failing", "ending"]
    items: int = absent()
    milliseconds: float = absent("What the query took.")
    checks: dict[str, str] = absent("What was looked at: `ok`, or what is wrong with it.")
    code: str = absent()
    detail: str = absent()
    hint: str = absent()
    position: int = absent()
    reason: str = absent()
