"""Receipts of erasures, as the API answers them."""

from datetime import datetime

from pydantic import Field

from shelfsight.api.http.schemas.base import Told, shown

__all__ = ["ErasedPlace", "Receipt"]


class ErasedPlace(Told):
    """A place that was searched before and after."""

    name: str = Field(description="`vectors`, `index`, `items`, `notes`, `words`, `cache`, `server: jobs` ...")
    found: int = Field(ge=0, description="Pieces of the items that it held before.")
    shared: int = Field(ge=0, description="Those it holds still, for an item that stays holds them too.")
    left: int = Field(ge=0, description="Those it holds still, and nobody else does.")


class Receipt(Told):
    """That items were erased: what they held, where, that it is gone, and what is not reached from here."""

    model_config = shown(
        {
            "receipt": "5f0c3a1b9d2e4f60",
            "time": "2026-11-21T19:54:20+00:00",
            "collection": "shop.collection",
            "ids": ["mug-1"],
            "absent": [],
            "held": {"vector": 1, "text": 5, "preview": 1},
            "places": [{"name": "items", "found": 6, "shared": 1, "left": 0}],
            "caches": {"thumbnails": 12, "queries": 3},
            "later": [],
            "remains": ["backups that were made before"],
            "files": 14,
            "bytes": 2499001,
            "seconds": 0.276,
            "verified": True,
            "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        }
    )

    receipt: str = Field(description="Its id.")
    time: datetime = Field(description="When it was done, UTC.")
    collection: str = Field(description="Name of its directory.")
    ids: tuple[str, ...] = Field(description="Items that were there.")
    absent: tuple[str, ...] = Field(description="Those that were not.")
    held: dict[str, int] = Field(description="What they held: `vector`, `text`, `preview`, `features`, `word`.")
    places: tuple[ErasedPlace, ...] = Field(description="Where that was.")
    caches: dict[str, int] = Field(description="Entries of memory that were let go of.")
    later: tuple[str, ...] = Field(description="What is not done yet, and who does it when.")
    remains: tuple[str, ...] = Field(description="What is not reached from here.")
    files: int = Field(ge=0, description="Files that were searched afterwards.")
    bytes: int = Field(ge=0, description="Bytes of them.")
    seconds: float = Field(ge=0)
    verified: bool = Field(description="Whether nothing was left anywhere that was searched.")
    digest: str = Field(description="SHA-256 of all the rest, as JSON with sorted keys and without spaces.")
