"""Items as they are sent and shown, what became of those that were sent, and what models make of texts and pictures."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from shelfsight.api.http.incoming import MAX_ROWS
from shelfsight.api.http.schemas.base import Told, absent, shown
from shelfsight.api.http.schemas.pages import Suggestion
from shelfsight.api.service.rows import ChangeDocument, ItemDocument
from shelfsight.core.dialogue import Stop
from shelfsight.core.errors import Reason

__all__ = [
    "AnswerDocument",
    "AnswerPiece",
    "Deleted",
    "Embeddings",
    "FailureDocument",
    "PutRequest",
    "StoredItem",
    "UpdateReport",
    "UpdateRequest",
    "UpsertReport",
    "UpsertRequest",
]

_STORED = {
    "id": "mug-1",
    "title": "Red stoneware mug",
    "metadata": {"price": 18.5, "colour": "red"},
    "pictures": [{"index": 0, "name": "mug.png"}],
}
_FAILURE = {
    "id": "mug-2",
    "reason": "not_a_picture",
    "place": "items[1]",
    "message": "'mug.txt' is no picture",
    "picture": "mug.txt",
}


class UpsertRequest(BaseModel):
    """Items; each is looked at by itself, so that a bad one does not speak for the others."""

    model_config = ConfigDict(extra="forbid")

    items: list[ItemDocument] = Field(min_length=1, max_length=MAX_ROWS)


class UpdateRequest(BaseModel):
    """Changes to items; each is looked at by itself."""

    model_config = ConfigDict(extra="forbid")

    items: list[ChangeDocument] = Field(min_length=1, max_length=MAX_ROWS)


class PutRequest(ItemDocument):
    """An item whose id the path says."""

    id: StrictStr | StrictInt = absent("As the path says it, or left out.")


class FailureDocument(Told):
    """What could not be used."""

    model_config = shown(_FAILURE)

    id: str | None = Field(description="The item's, where it is known.")
    reason: Reason
    place: str = Field(description="Where it was: `items[3]`, `line 17`, `catalog.csv:17`.")
    message: str = Field(description="A sentence for a person.")
    picture: str | None = Field(description="The picture's name, where one picture failed rather than the row.")


class StoredPicture(Told):
    """A picture of an item."""

    index: int = Field(ge=0)
    name: str


class StoredItem(Told):
    """An item as it is now."""

    model_config = shown(_STORED)

    id: str
    title: str | None
    metadata: dict[str, Any]
    pictures: tuple[StoredPicture, ...]
    suggestions: dict[str, Suggestion] = absent("Field -> what a model said of it.")
    failures: tuple[FailureDocument, ...] = absent("Pictures that could not be used, right after the item was put in.")


class UpsertReport(Told):
    """What became of items that were sent."""

    model_config = shown(
        {
            "items": 97,
            "pictures": 97,
            "indexed": 1,
            "unchanged": 0,
            "updated": 0,
            "failed": 1,
            "deleted": 0,
            "encoded": 1,
            "seconds": 0.031,
            "failures": [_FAILURE],
        }
    )

    items: int = Field(description="Items now in the collection.")
    pictures: int = Field(description="Pictures now in the collection.")
    indexed: int = Field(description="Items that are new, or have new pictures.")
    unchanged: int = Field(description="Items found as they were.")
    updated: int = Field(description="Items of which only fields changed.")
    failed: int = Field(description="Items that could not be used; what was there of them stays.")
    deleted: int
    encoded: int = Field(description="Pictures that went through the encoder.")
    seconds: float
    failures: tuple[FailureDocument, ...] = Field(description="The first thousand.")


class UpdateReport(Told):
    """What became of changes that were sent."""

    model_config = shown({"rows": 2, "updated": 2, "failed": 0, "failures": []})

    rows: int
    updated: int = Field(description="Items that were changed, or had these values already.")
    failed: int
    failures: tuple[FailureDocument, ...] = Field(description="The first thousand.")


class Deleted(Told):
    """How many items went, and how many are left."""

    model_config = shown({"deleted": 2, "items": 95, "absent": 1})

    deleted: int
    items: int = Field(description="Items now in the collection.")
    absent: int = absent("Of the ids, those that were not there.")


class AnswerDocument(Told):
    """What a vision-language model said of a picture."""

    model_config = shown(
        {"answer": "A red mug on a table.", "stop": "end", "model": "embedded", "milliseconds": 412.337}
    )

    answer: str
    stop: Stop = Field(description="Why it ends there.")
    model: str
    milliseconds: float


class AnswerPiece(Told):
    """The next piece of an answer."""

    model_config = shown({"text": "A red"})

    text: str


class EncoderDocument(Told):
    """What made the vectors."""

    name: str
    revision: str = Field(description="Digest of its weights.")
    dimension: int


Vectors = Annotated[
    tuple[tuple[float, ...] | str, ...],
    Field(description="Lists of numbers, or base64 of float32, little-endian, as `encoding` says."),
]


class Embeddings(Told):
    """Vectors of length 1, in the order of what was sent."""

    model_config = shown(
        {
            "encoder": {"name": "embedded", "revision": "5f0c1e", "dimension": 3},
            "encoding": "float",
            "texts": [[0.6, 0.0, 0.8]],
            "pictures": [],
        }
    )

    encoder: EncoderDocument
    encoding: Literal["float", "base64"]
    texts: Vectors
    pictures: Vectors
