"""Deleting items so that nothing of them is left.

A delete leaves much behind: rows of sealed files that are nobody's, pages of SQLite that are free, words of documents
that ended, a checkpoint from before, and whatever earlier versions of the item left in the same way. Which of all that
was whose, nobody can tell any more. So an erasure is a delete that leaves a mark, in the same transaction, and then
everything that holds something dead is written anew, by the ways of maintenance: beside what is there, which goes when
the new is in its place. The mark goes last. Whoever opens or maintains a collection that has one goes on from there.
What was erased is searched for before and after, byte by byte, in all files.
"""

import logging
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from shelfsight.core.erased import Erased, ErasedPlace, Piece, PieceKind
from shelfsight.core.errors import StoreError
from shelfsight.core.protocols import Store
from shelfsight.stores.faults import storage_faults
from shelfsight.stores.ledger import DATABASE, Ledger, connect
from shelfsight.stores.manifest import MANIFEST
from shelfsight.stores.notes_file import NOTES
from shelfsight.stores.pieces import Naming, own_words, pieces_of, shared_texts, shared_vectors
from shelfsight.stores.records import is_text
from shelfsight.stores.search_bytes import Found, search_files
from shelfsight.stores.versions import MAIN, VERSIONS, folder_of, pointed
from shelfsight.stores.words.file import WORDS

if TYPE_CHECKING:
    from shelfsight.stores.local import LocalStore

__all__ = ["DONE", "ask", "asked", "erase", "finish", "marked", "resumed"]

DONE = "erased"
"""Counter of the ledger: the deletion whose items were erased last."""
_ASKED = "erasing"
_log = logging.getLogger("shelfsight.stores")
_OURS = ("segments", "cache", VERSIONS, "milvus.")
"""Directories of a collection that a store writes."""
_PLACES = ((DATABASE, "items"), (NOTES, "notes"), (WORDS, "words"), ("spelling.", "words"), ("milvus", "milvus"))


@runtime_checkable
class Purgeable(Protocol):
    """A store that does what the mark asks for."""

    def purge(self, *, wait: bool = True) -> object: ...


def ask(connection: sqlite3.Connection, generation: int, ids: Sequence[str]) -> None:
    """Mark, in the transaction that deletes ``ids``, that everything dead is to go; ``generation`` is that of the
    deletion, also for those that were deleted before."""
    connection.executemany("UPDATE deleted SET generation = ? WHERE id = ?", [(generation, id) for id in ids])
    connection.execute("INSERT OR REPLACE INTO counters VALUES (?, ?)", (_ASKED, generation))


def asked(connection: sqlite3.Connection) -> int | None:
    """The mark; ``None`` where what it asks for was done."""
    found = dict(connection.execute("SELECT name, value FROM counters WHERE name IN (?, ?)", (_ASKED, DONE)))
    return found[_ASKED] if found.get(_ASKED, 0) > found.get(DONE, 0) else None


def marked(connection: sqlite3.Connection) -> list[str]:
    """Ids of what is to be erased, and of what else was deleted since something was."""
    done = connection.execute("SELECT value FROM counters WHERE name = ?", (DONE,)).fetchone()
    sql = "SELECT id FROM deleted WHERE generation > ?"
    return [row[0] for row in connection.execute(sql, (0 if done is None else done[0],))]


def finish(connection: sqlite3.Connection, generation: int) -> None:
    """Say, in a transaction, that the mark of ``generation`` was obeyed."""
    connection.execute("INSERT OR REPLACE INTO counters VALUES (?, ?)", (DONE, generation))


def erase(store: "LocalStore", home: Path | None, ids: Sequence[str], since: str | None = None) -> Erased:
    """See :meth:`shelfsight.core.protocols.Store.erase`.

    Args:
        home: the collection of which ``store`` is the version that counts; its others are erased from as well.
    """
    wanted = [*dict.fromkeys(filter(is_text, ids))]
    with ExitStack() as stack:
        others, busy = stack.enter_context(_others(home))
        stores = [store, *others]
        there = {id for each in stores for id in each.snapshot().contains(wanted)}
        absent = tuple(id for id in wanted if id not in there)
        if not there and not (wanted and any(_remembers(each.folder, wanted) for each in stores)):
            return Erased(ids=(), absent=absent, held={}, places=())
        search = _Search(stores, home, wanted)
        store.remove(wanted, since=since, others=others)
        later = [] if not busy else ["another version of the collection is being written by a migration: what that has"]
        for each in stores if not busy else [store]:
            try:
                later += each.purge()
            except StoreError as error:
                later.append(f"{error.message}: the next maintenance or opening goes on")
        return search.done(tuple(id for id in wanted if id in there), absent, tuple(later))


def resumed(store: Store, home: Path | None) -> Store:
    """Itself, after an erasure that was interrupted has been ended, in the other versions of the collection at ``home``
    too; where that is not possible now, it waits for the next occasion."""
    try:
        if isinstance(store, Purgeable):
            store.purge(wait=False)
        if home is not None and any(_is_marked(folder_of(home, name)) for name in _standbys(home)):
            _end_others(home)
    except StoreError as error:
        _log.warning("an erasure that was interrupted is not ended yet: %s", error)
    return store


@contextmanager
def _others(home: Path | None) -> "Iterator[tuple[list[LocalStore], bool]]":
    """The versions that do not count, and whether somebody else is at work on them."""
    from shelfsight.stores import open_version
    from shelfsight.stores.local import LocalStore
    from shelfsight.stores.shadow import changing

    if home is None or not (home / VERSIONS).is_dir():
        yield [], False
        return
    with changing(home) as alone, ExitStack() as stack:
        found = []
        for name in _standbys(home):
            opened = stack.enter_context(closing(open_version(home, name)))
            assert isinstance(opened, LocalStore)
            found.append(opened)
        yield found, not alone


def _end_others(home: Path) -> None:
    """End what was interrupted in versions that do not count, unless somebody else is at work on them."""
    from shelfsight.stores import open_version
    from shelfsight.stores.shadow import changing

    with changing(home) as alone:
        for name in _standbys(home) if alone else ():
            open_version(home, name).close()


def _standbys(home: Path) -> list[str]:
    """Names of the versions that do not count."""
    with storage_faults(home):
        entries = [*(home / VERSIONS).iterdir()] if (home / VERSIONS).is_dir() else []
        names = [MAIN, *sorted(entry.name for entry in entries if entry.is_dir())]
        counts = pointed(home).active
        return [name for name in names if name != counts and (folder_of(home, name) / MANIFEST).exists()]


def _is_marked(folder: Path) -> bool:
    with storage_faults(folder), closing(connect(folder)) as connection:
        return asked(connection) is not None


class _Search:
    """What is searched for, and what was found of it before."""

    def __init__(self, stores: "Sequence[LocalStore]", home: Path | None, ids: Sequence[str]) -> None:
        self._stores = stores
        self._root = home or stores[0].folder
        self._whole = home is not None
        elsewhere = dict.fromkeys(each.elsewhere for each in stores if each.elsewhere is not None)
        self._elsewhere = [folder for folder in elsewhere if not folder.is_relative_to(self._root.resolve())]
        found = {piece: name for each in stores for piece, name in pieces_of(each, ids).items()}
        words = dict.fromkeys(word for each in stores for word in own_words(each, ids))
        self._pieces = (*found, *(Piece(PieceKind.WORD, (word.encode(),)) for word in words))
        self._names = {number: name for number, name in enumerate(found.values()) if name}
        self._before = self._look()

    def done(self, ids: tuple[str, ...], absent: tuple[str, ...], later: tuple[str, ...]) -> Erased:
        """After all was done."""
        found = self._look()
        before, after = self._by_place(self._before), self._by_place(found)
        shared = self._shared(set().union(*after.values()))
        places = tuple(
            ErasedPlace(
                name=name,
                found=len(before.get(name, set())),
                shared=len(after.get(name, set()) & shared),
                left=len(after.get(name, set()) - shared),
            )
            for name in sorted(before.keys() | after.keys())
        )
        return Erased(
            ids=ids,
            absent=absent,
            held=dict(Counter(str(piece.kind) for piece in self._pieces)),
            places=places,
            later=later,
            files=found.files,
            bytes=found.bytes,
            pieces=tuple(
                piece for n, piece in enumerate(self._pieces) if n not in shared and piece.kind is not PieceKind.WORD
            ),
        )

    def _look(self) -> Found:
        with storage_faults(self._root):
            return search_files(self._files(), self._pieces)

    def _files(self) -> Iterator[Path]:
        for entry in sorted(self._root.iterdir()):
            if entry.is_file():
                yield entry
            elif entry.name.startswith(_OURS) and (self._whole or entry.name != VERSIONS):
                yield from _within(entry)
        for folder in self._elsewhere:
            yield from _within(folder)

    def _by_place(self, found: Found) -> dict[str, set[int]]:
        """Words are those of the index alone: an item may have one in a path, by which it is not found."""
        places: dict[str, set[int]] = {}
        for file, numbers in found.pieces.items():
            place = self._place(file)
            words = place.endswith("words")
            met = {n for n in numbers if words or self._pieces[n].kind is not PieceKind.WORD}
            if met:
                places.setdefault(place, set()).update(met)
        return places

    def _place(self, file: Path) -> str:
        if not file.is_relative_to(self._root):
            return "milvus"
        parts = file.relative_to(self._root).parts
        if parts[0] == VERSIONS and len(parts) > 2:
            return f"{VERSIONS}/{parts[1]}: {_called(parts[2:])}"
        return _called(parts)

    def _shared(self, left: set[int]) -> set[int]:
        """What other items have; of vectors only those looked for that are ``left`` in files."""
        found: set[int] = set()
        for each in self._stores:
            state = each.snapshot().state
            if any(self._pieces[n].kind is PieceKind.VECTOR for n in left):
                found |= shared_vectors(state.blocks, state.row_slot >= 0, self._pieces)
            if isinstance(each, Naming) and (kept := self._names.keys() & left):
                needed = each.needed([self._names[n] for n in kept])
                found |= {n for n in kept if self._names[n] in needed}
            for name in (DATABASE, NOTES):
                if (each.folder / name).exists():
                    with closing(sqlite3.connect(each.folder / name)) as connection:
                        found |= shared_texts(connection, self._pieces)
        return found


def _within(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def _remembers(folder: Path, ids: Sequence[str]) -> bool:
    """Whether one of ``ids`` was an item once, for all that is known."""
    with storage_faults(folder), closing(connect(folder)) as connection:
        if Ledger(connection, 1).counter("forgotten"):
            return True
        return any(connection.execute("SELECT 1 FROM deleted WHERE id = ?", (id,)).fetchone() for id in ids)


def _called(parts: Sequence[str]) -> str:
    if parts[0] == "segments":
        return "vectors" if parts[-1].endswith(".npy") else "index"
    if parts[0] == "cache":
        return "cache"
    return next((place for start, place in _PLACES if parts[0].startswith(start)), parts[0])
