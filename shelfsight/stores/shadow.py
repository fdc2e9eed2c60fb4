"""A version of a collection beside the one that counts, and what it has of that one.

A standby follows the version that counts by its ledger: items in the order of the commits that wrote them, from a
cursor on that is kept in ``versions/NAME.json``. What is written meanwhile comes later in that order, so catching up is
going on. While the last of it is caught up, and until the pointer is published, nobody commits to the version that is
left (:meth:`Changes.frozen`); what it wrote before is then in the standby, and it writes nothing after.

A version of a Milvus collection has a Milvus collection of its own, of which its directory is a handle; see
:mod:`shelfsight.stores.milvus.standby`.
"""

import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from shelfsight.core.errors import Conflict, CorruptCollection, UsageError
from shelfsight.core.protocols import EncoderSpec
from shelfsight.stores.checkpoint import CACHE
from shelfsight.stores.creation import create_collection
from shelfsight.stores.faults import storage_faults
from shelfsight.stores.files import TEMPORARY, locked, publish, sync_directory
from shelfsight.stores.ledger import DATABASE, connect, writing
from shelfsight.stores.local import JOB_LOCK
from shelfsight.stores.maintenance import MAINTAIN_LOCK
from shelfsight.stores.manifest import MANIFEST, read_header
from shelfsight.stores.notes_file import NOTES
from shelfsight.stores.segments import SEGMENTS
from shelfsight.stores.versions import MAIN, VERSIONS, Current, active, folder_of, point, pointed
from shelfsight.stores.words.file import WORDS, WORDS_LOCK

__all__ = [
    "Changes",
    "Cursor",
    "Standby",
    "changing",
    "copy_notes",
    "create_standby",
    "discard",
    "find_standby",
    "left",
    "migrating",
    "new_version",
    "standby_name",
    "switch",
]

_LOCK = "migrate.lock"
_HANDLE = ("milvus.json", "milvus-marks.json", "milvus-write.lock")
_MILVUS = "milvus"


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """How far a ledger was followed: everything of commits before ``generation``, and of that one the items up to
    ``id``."""

    generation: int = 0
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standby:
    """A version that does not count.

    Attributes:
        name: of the version.
        source: the version that it follows.
        cursor: how far.
        deleted: generation up to which deletions were followed.
        failed: ids of items that it could not take over.
    """

    name: str
    source: str
    cursor: Cursor = Cursor()
    deleted: int = 0
    failed: tuple[str, ...] = ()

    def save(self, path: Path) -> None:
        """Publish it in the collection at ``path``."""
        content = {key: value for key, value in asdict(self).items() if key != "name"}
        text = json.dumps(content) + "\n"
        with storage_faults(path):
            publish(_note(path, self.name), lambda file: file.write(text.encode()))


def _note(path: Path, name: str) -> Path:
    return path / VERSIONS / f"{name}.json"


@contextmanager
def migrating(path: Path) -> Iterator[None]:
    """Alone in changing the versions of the collection at ``path``.

    Raises:
        NotFound: there is no collection.
        Conflict: somebody else is changing them.
        StoreError: they are in Milvus, which cannot be reached.
    """
    read_header(folder_of(path, pointed(path).active))
    with changing(path) as alone:
        if not alone:
            raise Conflict(f"{path} is being migrated by another process", hint="wait until it ends, or stop it")
        if _in_milvus(active(path)):
            from shelfsight.stores.milvus.standby import settle_alias

            settle_alias(path)
        with storage_faults(path):
            _sweep(path)
        yield


@contextmanager
def changing(path: Path) -> Iterator[bool]:
    """Whether nobody else changes the versions of the collection at ``path`` meanwhile."""
    with storage_faults(path):
        (path / VERSIONS).mkdir(exist_ok=True)
    with locked(path / VERSIONS / _LOCK, wait=False) as lock:
        yield lock is not None


def _in_milvus(folder: Path) -> bool:
    return read_header(folder).store == _MILVUS


def _sweep(path: Path) -> None:
    """Remove what an interrupted creation or removal left: versions without a manifest."""
    for entry in [*(path / VERSIONS).iterdir()]:
        if entry.is_dir() and not (entry / MANIFEST).exists():
            _drop(path, entry)
            _note(path, entry.name).unlink(missing_ok=True)
            shutil.rmtree(entry)
    if pointed(path).active != MAIN and not (path / MANIFEST).exists():
        _remove_main(path)


def _drop(path: Path, folder: Path) -> None:
    """What Milvus has of a version, first of all, for its directory says what that is."""
    if (folder / "milvus.json").exists():
        from shelfsight.stores.milvus.standby import drop_version

        drop_version(path, folder)


def _remove_main(path: Path) -> None:
    _drop(path, path)
    _note(path, MAIN).unlink(missing_ok=True)
    for entry in [*path.iterdir()]:
        if _is_version_file(entry.name):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def find_standby(path: Path) -> Standby | None:
    """The version that does not count, or ``None``: there is one at most.

    Raises:
        CorruptCollection: what is noted of it makes no sense.
    """
    name = standby_name(path)
    return None if name is None else _read(path, name)


def standby_name(path: Path) -> str | None:
    """Its name, whatever is noted of it."""
    current = pointed(path)
    names = [MAIN, *sorted(entry.name for entry in (path / VERSIONS).iterdir() if entry.is_dir())]
    there = (name for name in names if name != current.active and (folder_of(path, name) / MANIFEST).exists())
    return next(there, None)


def _read(path: Path, name: str) -> Standby:
    file = _note(path, name)
    try:
        content = json.loads(file.read_bytes())
        cursor = Cursor(**content.pop("cursor"))
        return Standby(name=name, cursor=cursor, failed=tuple(content.pop("failed")), **content)
    except FileNotFoundError:  # its making was interrupted
        return Standby(name=name, source=pointed(path).active)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CorruptCollection(
            f"{file} is damaged: {error}", hint="shelfsight migrate --discard removes that version"
        ) from error


def new_version(path: Path) -> str:
    """A name for one. Inside :func:`changing`."""
    used = [int(entry.name[1:]) for entry in (path / VERSIONS).iterdir() if entry.name[1:].isdecimal()]
    return f"v{max(used, default=1) + 1}"


def create_standby(path: Path, kind: str, encoder: EncoderSpec) -> Standby:
    """A new empty version of the collection at ``path``. Inside :func:`migrating`."""
    standby = Standby(name=new_version(path), source=pointed(path).active)
    standby.save(path)
    folder = folder_of(path, standby.name)
    if kind == _MILVUS:
        from shelfsight.stores.milvus.standby import create_version

        create_version(active(path), folder, encoder)
    else:
        create_collection(folder, kind, encoder)
    return standby


def discard(path: Path, name: str) -> None:
    """Remove a version that does not count, its manifest first: half of it is none. Inside :func:`migrating`.

    Raises:
        UsageError: it is the one that counts.
    """
    folder = folder_of(path, name)
    with storage_faults(path):
        current = pointed(path)
        if name == current.active:
            raise UsageError(f"version {name!r} of {path} is the one that counts")
        if current.previous == name:
            point(path, replace(current, previous=None))
        (folder / MANIFEST).unlink(missing_ok=True)
        sync_directory(folder)
        _sweep(path)


def _is_version_file(name: str) -> bool:
    """What belongs to a version, and not to the collection as a whole."""
    if name in (SEGMENTS, CACHE, MAINTAIN_LOCK, JOB_LOCK, WORDS_LOCK) or name in _HANDLE:
        return True
    return name.startswith((DATABASE, NOTES, WORDS, "spelling."))


@dataclass(slots=True)
class Changes:
    """The ledger of a version, read in the order of its commits. Over a connection of its own, used by one thread."""

    folder: Path
    _connection: sqlite3.Connection = field(init=False)

    def __post_init__(self) -> None:
        with storage_faults(self.folder):
            self._connection = connect(self.folder)

    def __enter__(self) -> "Changes":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def generation(self) -> int:
        """The newest commit."""
        return self._counter("generation")

    def items(self, after: Cursor, limit: int) -> list[Cursor]:
        """The next items behind ``after``, as they are now: each by the cursor that is behind it."""
        with storage_faults(self.folder):
            rows = self._connection.execute(
                "SELECT generation, id FROM items WHERE generation >= ? AND (generation, id) > (?, ?)"
                " ORDER BY generation, id LIMIT ?",
                (after.generation, after.generation, after.id, limit),
            ).fetchall()
        return [Cursor(generation, id) for generation, id in rows]

    def remaining(self, after: Cursor) -> int:
        """How many items :meth:`items` would give."""
        sql = "SELECT count(*) FROM items WHERE generation >= ? AND (generation, id) > (?, ?)"
        with storage_faults(self.folder):
            row = self._connection.execute(sql, (after.generation, after.generation, after.id)).fetchone()
        return int(row[0])

    def deleted(self, after: int) -> list[str] | None:
        """Ids deleted by commits behind generation ``after``; ``None`` where that is no longer known."""
        with storage_faults(self.folder):
            if after < self._counter("forgotten"):
                return None
            rows = self._connection.execute("SELECT id FROM deleted WHERE generation > ?", (after,)).fetchall()
        return [row[0] for row in rows]

    def absent(self, ids: Sequence[str]) -> list[str]:
        """Those of ``ids`` that are no items."""
        sql = "SELECT 1 FROM items WHERE id = ?"
        with storage_faults(self.folder):
            return [id for id in ids if self._connection.execute(sql, (id,)).fetchone() is None]

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Nobody commits to this version meanwhile, on any machine; the counters may be written here.

        Raises:
            SupersededError: it counts no longer, for another machine switched.
        """
        with ExitStack() as stack:
            if _in_milvus(self.folder):
                from shelfsight.stores.milvus.standby import quiet

                stack.enter_context(quiet(self.folder))
            stack.enter_context(storage_faults(self.folder))
            stack.enter_context(writing(self._connection))
            yield

    def _counter(self, name: str) -> int:
        with storage_faults(self.folder):
            return _counter(self._connection, name)


def _counter(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute("SELECT value FROM counters WHERE name = ?", (name,)).fetchone()
    return int(row[0])


def switch(path: Path, standby: Standby, source: Changes) -> None:
    """Let ``standby`` count in place of the version that ``source`` reads, which becomes the standby.

    Inside :meth:`Changes.frozen` of ``source`` and with nothing left to catch up.
    """
    folder = folder_of(path, standby.name)
    if not _in_milvus(folder):
        left(path, standby.source, standby.name, _renumbered(folder, source.generation()))
        _point(path, standby)
        return
    from shelfsight.stores.milvus.standby import renumbered, settle_alias, supersede

    generation = renumbered(folder, source.generation())
    left(path, standby.source, standby.name, generation)
    supersede(source.folder, folder, generation)
    _point(path, standby)
    settle_alias(path)


def _renumbered(folder: Path, above: int) -> int:
    """A token must not name one state before the switch and another one after it."""
    with storage_faults(folder), closing(connect(folder)) as connection, writing(connection):
        before = _counter(connection, "generation")
        generation = max(before, above) + 1
        sql = "UPDATE counters SET value = ? WHERE name IN ('generation', 'counted') AND value = ?"
        connection.execute(sql, (generation, before))
    return generation


def left(path: Path, name: str, by: str, generation: int) -> None:
    """Note that the version ``name`` has what ``by`` has up to ``generation``, and follows it from there on."""
    Standby(name=name, source=by, cursor=Cursor(generation + 1), deleted=generation).save(path)


def _point(path: Path, standby: Standby) -> None:
    with storage_faults(path):
        point(path, Current(active=standby.name, previous=standby.source))


def copy_notes(source: Path, target: Path) -> None:
    """Give a version the notes of another, where it has none: they are of the pictures, whatever encoder is used."""
    if not (source / NOTES).exists() or (target / NOTES).exists():
        return
    temporary = target / SEGMENTS / f"{NOTES}{TEMPORARY}"  # what is left there, maintenance removes
    with storage_faults(target, database=NOTES), locked(target / MAINTAIN_LOCK, wait=True):
        temporary.unlink(missing_ok=True)
        with closing(sqlite3.connect(source / NOTES)) as old, closing(sqlite3.connect(temporary)) as new:
            old.backup(new)
        temporary.replace(target / NOTES)
