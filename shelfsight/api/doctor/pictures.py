"""The pictures of a collection: their files still there, and those that it keeps itself whole. Both by a sample."""

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from shelfsight.api.doctor.collection import Subject
from shelfsight.api.doctor.finding import Finding, error, warning
from shelfsight.api.doctor.reading import database
from shelfsight.core.errors import PictureError
from shelfsight.core.pictures import decode
from shelfsight.core.settings import PictureLimits
from shelfsight.core.stored import StoredItem
from shelfsight.stores.ledger import DATABASE

__all__ = ["CHECKS"]

_SAMPLE = 500
_DECODED = 20


def picture_files(subject: Subject) -> Iterator[Finding]:
    """Pictures of a catalogue stay where they are; a collection names them."""
    named = [(item.id, Path(picture.path)) for item, _ in _sample(subject) for picture in item.pictures if picture.path]
    gone = [(id, path) for id, path in named if not path.is_file()]
    if gone:
        id, path = gone[0]
        text = f"{len(gone)} of {len(named)} picture files looked at are gone, such as {path} of item {id!r}"
        cure = "put them back, or index the catalogue where it is now; searches go on, and show no picture"
        yield warning("picture_gone", text, cure)


def previews(subject: Subject) -> Iterator[Finding]:
    """Pictures without a file are kept in the collection."""
    if subject.header.store == "milvus":
        return
    lacking: list[str] = []
    with database(subject.folder / DATABASE) as connection:
        for item, first in _sample(subject):
            wanted = [first + place for place, picture in enumerate(item.pictures) if picture.path is None]
            if any(_preview(connection, vector) is None for vector in wanted):
                lacking.append(item.id)
        if lacking:
            text = (
                f"{len(lacking)} items looked at lack a picture that the collection should keep, such as {lacking[0]!r}"
            )
            yield error("preview_missing", text, f"index them again: {subject.again}")
        yield from _whole(connection, subject)


def _whole(connection: sqlite3.Connection, subject: Subject) -> Iterator[Finding]:
    query = "SELECT vector_id, data FROM previews ORDER BY vector_id LIMIT ?"
    for vector, data in connection.execute(query, (_DECODED,)):
        try:
            decode(bytes(data), limits=PictureLimits())
        except PictureError as fault:
            row = connection.execute(
                "SELECT id FROM items WHERE ? BETWEEN first_vector AND first_vector + pictures - 1", (vector,)
            ).fetchone()
            if row is not None:
                text = f"the picture that is kept of item {row[0]!r} is damaged: {fault.message}"
                yield error("preview_damaged", text, f"delete the item, then index again: {subject.again}")
                return


def _sample(subject: Subject) -> list[tuple[StoredItem, int]]:
    """(item, its first vector) of some items, from the whole of the collection."""
    from shelfsight.stores.records import decode as item_of

    with database(subject.folder / DATABASE) as connection:
        number = connection.execute("SELECT count(*) FROM items").fetchone()[0]
        query = "SELECT id, record, first_vector FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM items)"
        step = max(1, number // _SAMPLE)
        rows = connection.execute(f"{query} WHERE n % ? = 0 LIMIT ?", (step, _SAMPLE)).fetchall()
    found = []
    for id, record, first in rows:
        with suppress(ValueError, TypeError):  # `ledger_file` tells
            found.append((item_of(id, record), first))
    return found


def _preview(connection: sqlite3.Connection, vector: int) -> object:
    return connection.execute("SELECT 1 FROM previews WHERE vector_id = ?", (vector,)).fetchone()


CHECKS = (picture_files, previews)
