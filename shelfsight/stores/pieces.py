"""What items hold, as bytes by which it is found again in files, and which of that others hold too."""

import base64
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from shelfsight.core.erased import Piece, PieceKind
from shelfsight.core.protocols import Store, StoredItem
from shelfsight.stores.blocks import Blocks, BoolArray
from shelfsight.stores.search_bytes import LEAST, search_rows
from shelfsight.stores.words.document import document
from shelfsight.stores.words.file import WordsFile

if TYPE_CHECKING:
    from shelfsight.stores.local import LocalStore

__all__ = ["Naming", "own_words", "pieces_of", "shared_texts", "shared_vectors"]

_DIGITS = 8  # of a number that is looked for: a price is anybody's, an article's number is not
_DISTINCT = 4  # bytes of a piece that are unlike
_ROWS = 4096
_LONGEST = 64  # bytes that are looked for in one piece: longer values lie on several pages of a database


@runtime_checkable
class Naming(Protocol):
    """A store that keeps previews by names, once for all items that have them."""

    def name_of(self, preview: bytes) -> str: ...

    def needed(self, names: Sequence[str]) -> set[str]:
        """Those of ``names`` that an item needs."""
        ...


def pieces_of(store: Store, ids: Sequence[str]) -> dict[Piece, str]:
    """Of the items of ``ids`` that are there: vectors, texts, pictures and features that are kept, each with the name
    by which a :class:`Naming` store keeps it, if it does. What is in an item's id is left out, for ids stay where
    deletions are listed, and so is what is shorter than six bytes."""
    snapshot = store.snapshot()
    suggestions = store.notes.suggestions(ids)
    found: dict[Piece, str] = {}
    for id, item in snapshot.items(ids).items():
        texts = [*_texts(item), *(each.value for each in suggestions.get(id, {}).values())]
        made = [_of_text(text) for text in texts if text not in id]
        made += [_of_vector(vector) for vector in snapshot.vectors(id)]
        made += [_of_bytes(PieceKind.FEATURES, data) for data in _features(store, item)]
        found.update(dict.fromkeys((piece for piece in made if piece.forms), ""))
        for data in _previews(store, item):
            found[_of_preview(data)] = store.name_of(data) if isinstance(store, Naming) else ""
    return {piece: name for piece, name in found.items() if piece.forms}


def own_words(store: "LocalStore", ids: Sequence[str]) -> list[str]:
    """The words, of six bytes and more, by which the items of ``ids`` are found and no others, where the store has an
    index of words that knows them."""
    made = [document(each.id, each.title, dict(each.metadata)) for each in store.snapshot().items(ids).values()]
    words = dict.fromkeys(word for each in made for word in each.words if len(word.encode()) >= LEAST)
    with closing(WordsFile(store.folder)) as file, file.read() as connection:
        if connection is None:
            return []
        wanted = {*ids}
        return [word for word in words if all(id in wanted for id in _having(connection, word))]


def _having(connection: sqlite3.Connection, word: str) -> Iterator[str]:
    """Ids of the items that have a word, one by one: of a common one few are looked at."""
    sql = "SELECT d.id FROM words w CROSS JOIN docs d ON d.doc = w.rowid WHERE w.words MATCH ? AND d.died = 0"
    with closing(connection.execute(sql, (f'"{word}"',))) as rows:
        yield from (row[0] for row in rows)


def shared_texts(connection: sqlite3.Connection, pieces: Sequence[Piece]) -> set[int]:
    """Numbers of those of ``pieces``, vectors apart, that a row of a ledger or of notes has."""
    return {n for n in search_rows(_rows(connection), pieces) if pieces[n].kind is not PieceKind.VECTOR}


def shared_vectors(blocks: Blocks, alive: BoolArray, pieces: Sequence[Piece]) -> set[int]:
    """Numbers of the vectors among ``pieces`` that a row of ``blocks`` is which is ``alive`` (rows,)."""
    return {n for n in search_rows(_living(blocks, alive), pieces) if pieces[n].kind is PieceKind.VECTOR}


def _living(blocks: Blocks, alive: BoolArray) -> Iterator[tuple[bytes]]:
    rows = np.flatnonzero(alive)
    for start in range(0, len(rows), _ROWS):
        yield (np.ascontiguousarray(blocks.gather(rows[start : start + _ROWS]), "<f4").tobytes(),)


_COLUMNS = (
    ("sqlite_master", "CAST(coalesce(sql, '') AS BLOB)"),
    ("items", "record"),
    ("previews", "data"),
    ("features", "data"),
    ("suggestions", "CAST(value AS BLOB)"),
)


def _rows(connection: sqlite3.Connection) -> Iterator[tuple[bytes]]:
    there = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")} | {
        "sqlite_master"
    }
    for table, column in _COLUMNS:
        if table in there:
            yield from connection.execute(f"SELECT {column} FROM main.{table}")


def _texts(item: StoredItem) -> Iterator[str]:
    yield item.title or ""
    yield from _leaves(item.metadata)
    for picture in item.pictures:
        yield from (text for text in (picture.name, picture.path, picture.url) if text)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and len(json.dumps(value)) >= _DIGITS:
        yield json.dumps(value)


def _of_text(text: str) -> Piece:
    """As it is, and as JSON writes it."""
    ways = (text, json.dumps(text, ensure_ascii=False)[1:-1], json.dumps(text)[1:-1])
    forms = [form for way in dict.fromkeys(ways) for form in _samples(way.encode("utf-8", "surrogatepass"))]
    return Piece(PieceKind.TEXT, tuple(dict.fromkeys(forms)))


def _of_vector(vector: Any) -> Piece:
    """Of both widths of numbers that vectors are kept in."""
    forms = [form for width in ("<f4", "<f2") for form in _samples(np.asarray(vector, width).tobytes())]
    return Piece(PieceKind.VECTOR, tuple(dict.fromkeys(forms)))


def _of_preview(data: bytes) -> Piece:
    """As it is, and in the letters of base64, three bytes of it in four of these: so Milvus keeps bytes."""
    letters = base64.b64encode(data)
    return Piece(PieceKind.PREVIEW, (*_samples(data), *_samples(letters)))


def _of_bytes(kind: PieceKind, data: bytes) -> Piece:
    return Piece(kind, _samples(data))


def _samples(data: bytes) -> tuple[bytes, ...]:
    """The whole of something short; of what is long its beginning, its middle and its end. Runs of zeros and the like
    are everywhere, and tell nothing."""
    starts = dict.fromkeys((0, max(0, (len(data) - _LONGEST) // 2), max(0, len(data) - _LONGEST)))
    parts = dict.fromkeys(data[start : start + _LONGEST] for start in starts)
    return tuple(part for part in parts if len(part) >= LEAST and len({*part}) >= _DISTINCT)


def _previews(store: Store, item: StoredItem) -> Iterator[bytes]:
    for index, picture in enumerate(item.pictures):
        data = store.preview(item.id, index) if picture.path is None else None
        if data:
            yield data


def _features(store: Store, item: StoredItem) -> Iterator[bytes]:
    keys = [(item.id, index) for index in range(len(item.pictures))]
    for version in store.notes.summary().features:
        for array in store.notes.features(version, keys).values():
            yield np.asarray(array, "<f2").tobytes()
