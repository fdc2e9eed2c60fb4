"""Items and changes as clients send them: JSON documents into what the indexer takes, or the reason why not."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field, StrictInt, StrictStr, ValidationError

from shelfsight.api.sent import Sent
from shelfsight.catalog import Fields
from shelfsight.catalog.fields import TITLE
from shelfsight.catalog.tables import assemble, read_title
from shelfsight.catalog.values import BadValue, ValueReader, clean_text, read_id
from shelfsight.core.errors import Reason
from shelfsight.core.types import Failure, Item, Picture, Value

__all__ = ["ChangeDocument", "ItemDocument", "PictureDocument", "RowReader"]

MAX_PICTURES = 100
"""Of one item."""

Id = Annotated[StrictStr | StrictInt, Field(description="Unique within the collection.")]
Fieldset = Annotated[
    dict[str, Any],
    Field(description="Field -> value; null is no value.", examples=[{"brand": "Acme", "price": 49.9, "stock": 3}]),
]


class PictureDocument(Sent):
    """A picture. Exactly one of ``data``, ``url`` and ``upload`` is given."""

    data: str | None = Field(default=None, description="The encoded picture (JPEG, PNG, ...), base64.")
    url: str | None = Field(default=None, max_length=4096, description="Where it is fetched from, once.")
    upload: str | None = Field(default=None, description="In a form: the name of the uploaded file.")
    name: str | None = Field(default=None, max_length=1024, description="What a person calls it.")


class ItemDocument(Sent):
    """An item, whole: it takes the place of what the collection has under its id."""

    id: Id
    title: str | None = Field(default=None, description="What a shop prints under the picture.")
    metadata: Fieldset = Field(default={})
    pictures: list[PictureDocument] = Field(
        max_length=MAX_PICTURES, description="At least one; the first is the main one."
    )


class ChangeDocument(Sent):
    """Changes to an item: what is not named stays as it is, and so do its pictures."""

    id: Id
    title: str | None = Field(default=None, description="The new title; null takes it away, left out keeps it.")
    metadata: Fieldset = Field(default={})


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reads the documents of one request.

    Attributes:
        max_text: characters of one metadata value at most.
        uploads: files that came with them, by name.
    """

    max_text: int
    uploads: Mapping[str, bytes] = field(default_factory=dict)

    def item(self, document: object, place: str) -> Item | Failure:
        """An item, or why it is none.

        Args:
            place: for people: ``items[3]``, ``line 17``.
        """
        try:
            said = ItemDocument.model_validate(document)
        except ValidationError as error:
            return _faulty(document, place, error)
        return self._item(said, place)

    def change(self, document: object, place: str) -> Fields | Failure:
        """A change of fields, or why it is none; ``place`` as for :meth:`item`."""
        id = None
        try:
            said = ChangeDocument.model_validate(document)
            id = read_id(said.id)
            fields = dict(self._metadata(said.metadata))
            if "title" in said.model_fields_set:
                fields[TITLE] = read_title(TITLE, said.title, self.max_text)
        except ValidationError as error:
            return _faulty(document, place, error)
        except BadValue as error:
            return Failure(reason=error.reason, place=place, message=str(error), id=id)
        return Fields(id=id, fields=fields, place=place)

    def _item(self, said: ItemDocument, place: str) -> Item | Failure:
        id = None
        try:
            id = read_id(said.id)
            title = read_title(TITLE, said.title, self.max_text)
            metadata = {name: value for name, value in self._metadata(said.metadata) if value is not None}
        except BadValue as error:
            return Failure(reason=error.reason, place=place, message=str(error), id=id)
        found = [self._picture(each, place, f"{id}#{index}") for index, each in enumerate(said.pictures)]
        return assemble(id, found, title, metadata, place)

    def _metadata(self, said: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
        reader = ValueReader({}, self.max_text)
        for name, value in said.items():
            if not name or name == TITLE:
                raise BadValue(Reason.BAD_VALUE, f"a field cannot be called {name!r}")
            yield clean_text(name), reader.read(name, value)

    def _picture(self, said: PictureDocument, place: str, name: str) -> Picture | Failure:
        name = clean_text(said.name or said.upload or name)
        given = [way for way in ("data", "url", "upload") if getattr(said, way) is not None]
        if len(given) != 1:
            message = "a picture is given by exactly one of data, url and upload"
            return Failure(reason=Reason.BAD_VALUE, place=place, message=message, picture=name)
        if said.url is not None:
            return Picture(name=said.name or said.url, url=said.url)
        data = self.uploads.get(said.upload or "") if said.data is None else _decoded(said.data)
        if data is None:
            wrong = "it is not base64" if said.upload is None else f"there is no uploaded file {said.upload!r}"
            reason = Reason.BAD_VALUE if said.upload is None else Reason.MISSING_FILE
            return Failure(reason=reason, place=place, message=f"picture {name!r}: {wrong}", picture=name)
        return Picture(name=name, data=data)


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(re.sub(r"^data:[^,]{0,200},", "", text), validate=True)
    except (binascii.Error, ValueError):
        return None


def _faulty(document: object, place: str, error: ValidationError) -> Failure:
    """What is wrong with a document that is no item; its id where that can be told."""
    faults = (f"{'.'.join(map(str, each['loc'])) or 'item'}: {each['msg']}" for each in error.errors()[:5])
    id = document.get("id") if isinstance(document, dict) else None
    try:
        known = read_id(id)
    except BadValue:
        known = None
    reason = Reason.EMPTY_ID if id is None and isinstance(document, dict) else Reason.BAD_ROW
    return Failure(reason=reason, place=place, message="; ".join(faults), id=known)
