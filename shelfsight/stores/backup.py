"""A copy of a collection as one commit left it, made while others write, and the way back.

A backup is the ledger by SQLite's own backup, the sealed vector files it names with their indexes (hard links where the
file system has them: they never change), the notes, the manifest, and what people wrote for the collection (rules,
calibration); other caches are made again. Of a Milvus collection the vectors are fetched from Milvus, so that any store
can be made of any backup. ``backup.json`` lists every file with its size and SHA-256. A backup appears whole or not at
all, after it was opened and read; so does a collection that is restored.
"""

import hashlib
import json
import lzma
import os
import shutil
import sqlite3
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from shelfsight.core.errors import Conflict, CorruptCollection, NotFound, StoreError, UsageError
from shelfsight.stores.faults import storage_faults
from shelfsight.stores.files import TEMPORARY, locked, sync_directory
from shelfsight.stores.ledger import DATABASE, connect
from shelfsight.stores.maintenance import MAINTAIN_LOCK
from shelfsight.stores.manifest import MANIFEST, Header, read_header, write_header
from shelfsight.stores.milvus.place import LITE_FILE, PLACE, MilvusPlace, name_of, read_place
from shelfsight.stores.notes_file import NOTES
from shelfsight.stores.segments import SEGMENTS
from shelfsight.stores.versions import active

__all__ = ["BackupReport", "back_up", "restore"]

_LIST = "backup.json"
_FORMAT = 1
_PARTIAL = ".partial"
_WHOLE = ("rules.toml", "relevance.json")  # of the collection as a whole, beside its versions


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupReport:
    """What a backup holds.

    Attributes:
        path: where it is, or where it was restored to.
        bytes: of its files.
        created: when it was made, UTC.
    """

    path: str
    store: str
    encoder: str
    items: int
    pictures: int
    files: int
    bytes: int
    created: str


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    size: int
    sha256: str


def back_up(path: Path, target: Path) -> BackupReport:
    """Copy the collection at ``path`` to ``target``: a new directory, or a new ``.tar`` file. Of a migrated collection,
    the version that counts. What an interrupted backup leaves (``TARGET.partial``) is replaced by the next one there.

    Raises:
        NotFound: no collection at ``path``.
        Conflict: there is something at ``target``.
        UsageError: ``target`` lies in the collection.
        StoreError, StoreFull: it cannot be read, or the copy cannot be written.
        CorruptCollection: the copy cannot be read; there is none then.
    """
    folder = active(path)
    header = read_header(folder)
    _check_target(path, target)
    with _partial(target) as partial:
        inside = partial if target.suffix != ".tar" else partial / "collection"
        inside.mkdir(exist_ok=True)
        _copy_items(folder, header, inside)
        _copy_notes(folder, inside)
        shutil.copyfile(folder / MANIFEST, inside / MANIFEST)
        for name in _WHOLE:
            if (path / name).is_file():
                shutil.copyfile(path / name, inside / name)
        items, pictures = _verified(inside, header)
        report = _listed(inside, target, header, items, pictures)
        _sync(inside)
        if inside is partial:
            partial.rename(target)
        else:
            _pack(inside, partial / "packed").rename(target)
        sync_directory(target.parent)
    return report


def restore(
    backup: Path, path: Path, *, kind: str | None = None, place: Mapping[str, str] | None = None
) -> BackupReport:
    """Make a collection at ``path`` of a backup, after every byte of it was checked.

    Args:
        kind: its store; that of the collection that was backed up where left out.
        place: where in Milvus, as fields of :class:`~shelfsight.stores.milvus.MilvusPlace`; the store is ``milvus``
            then. What is not said: the same server, or a Lite file in the directory; a new collection, named as that.

    Raises:
        NotFound: there is no backup.
        Conflict: there is something at ``path``, or in Milvus by that name.
        CorruptCollection: the backup is damaged.
        UsageError: a place that cannot be, or a store that has none.
        StoreError, StoreFull: it cannot be read, or the collection cannot be written.
    """
    if not backup.exists():
        raise NotFound(f"there is no backup at {backup}")
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise Conflict(f"there is something at {path} already", hint="name a new place, and move it when it is there")
    with _partial(path) as partial:
        inside = partial / "backup"
        inside.mkdir()
        if backup.is_dir():
            report = _fetched(backup, inside, backup)
        else:
            with _unpacked(backup, partial / "tar") as unpacked:
                report = _fetched(unpacked, inside, backup)
        _verified(inside, read_header(inside))
        kind = kind or ("milvus" if place else report.store)
        made = _made(inside, path, kind, place or {})
        _sync(made)
        made.rename(path)
        sync_directory(path.parent)
    return BackupReport(**asdict(report) | {"path": str(path), "store": kind})


def _made(inside: Path, path: Path, kind: str, place: Mapping[str, str]) -> Path:
    """A collection of another kind, where the backup in ``inside`` is to become one; else that itself."""
    from shelfsight.stores import KINDS, open_store

    if kind not in KINDS or (place and kind != "milvus"):
        raise UsageError(f"a {kind!r} collection has no place in Milvus", hint=f"stores are {', '.join(KINDS)}")
    header = read_header(inside)
    if kind == "milvus":
        return _in_milvus(inside, path, header, place)
    (inside / PLACE).unlink(missing_ok=True)
    if kind != header.store:
        write_header(inside, replace(header, store=kind))
        with closing(open_store(inside)) as store:
            store.maintain()
    return inside


def _in_milvus(inside: Path, path: Path, header: Header, said: Mapping[str, str]) -> Path:
    from shelfsight.stores.blocks import ExactBlock
    from shelfsight.stores.local import LocalStore
    from shelfsight.stores.milvus.importing import fill

    made = inside.with_name("collection")
    with closing(LocalStore(inside, header, ExactBlock)) as source:
        fill(made, source, _new_place(inside, path, said), home=path)
    for name in (NOTES, _LIST, *_WHOLE):
        if (inside / name).exists():
            (inside / name).rename(made / name)
    return made


def _new_place(inside: Path, path: Path, said: Mapping[str, str]) -> MilvusPlace:
    """What ``said`` leaves open is as it was where the backup was made, but for names and files of Lite."""
    before = read_place(inside) if (inside / PLACE).exists() else MilvusPlace()
    chosen = replace(before, collection=name_of(path), rows="", uri=LITE_FILE if before.lite else before.uri)
    chosen = replace(chosen, **said)  # type: ignore[arg-type]
    if chosen.lite != before.lite and "index" not in said:
        chosen = replace(chosen, index="auto")
    return chosen.checked()


def _check_target(path: Path, target: Path) -> None:
    if target.resolve().is_relative_to(path.resolve()):
        raise UsageError(f"{target} lies in the collection itself", hint="name a place outside of it")
    if target.exists():
        raise Conflict(f"there is something at {target} already", hint="name a new place")


@contextmanager
def _partial(target: Path) -> Iterator[Path]:
    """A directory beside ``target`` that is gone afterwards, unless it was renamed."""
    partial = target.with_name(target.name + _PARTIAL)
    with storage_faults(target):
        if partial.exists():
            shutil.rmtree(partial)
        partial.mkdir(parents=True)
        try:
            yield partial
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _copy_items(folder: Path, header: Header, target: Path) -> None:
    """Ledger, vectors and previews of one commit."""
    if header.store == "milvus":
        from shelfsight.stores.milvus.exporting import export

        export(folder, header, target)
        shutil.copyfile(folder / PLACE, target / PLACE)
        return
    with storage_faults(folder), locked(folder / MAINTAIN_LOCK, wait=True):
        _copy_ledger(folder, target)
        _copy_segments(folder, target)


def _copy_ledger(folder: Path, target: Path) -> None:
    """One committed state: a single step of SQLite's backup reads within one transaction and keeps no writer out."""
    with closing(connect(folder)) as source, closing(sqlite3.connect(target / DATABASE)) as copy:
        source.backup(copy)


def _copy_segments(folder: Path, target: Path) -> None:
    """The sealed files that the ledger's copy names, each with its index, which takes long to build."""
    (target / SEGMENTS).mkdir()
    with closing(sqlite3.connect(target / DATABASE)) as copy:
        stems = {Path(row[0]).stem for row in copy.execute("SELECT name FROM segments")}
    for source in (folder / SEGMENTS).iterdir():
        if source.stem not in stems or source.suffix == TEMPORARY:
            continue
        try:
            os.link(source, target / SEGMENTS / source.name)
        except OSError:
            shutil.copyfile(source, target / SEGMENTS / source.name)


def _copy_notes(folder: Path, target: Path) -> None:
    """Notes can be made again: where they cannot be read, the backup has none."""
    if not (folder / NOTES).exists():
        return
    try:
        with closing(sqlite3.connect(folder / NOTES)) as source, closing(sqlite3.connect(target / NOTES)) as copy:
            source.backup(copy)
    except sqlite3.DatabaseError:
        (target / NOTES).unlink(missing_ok=True)


def _verified(folder: Path, header: Header) -> tuple[int, int]:
    """(items, pictures) of a copy, after reading all of its ledger and finding every vector."""
    from shelfsight.stores.blocks import ExactBlock
    from shelfsight.stores.local import LocalStore

    with storage_faults(folder), closing(connect(folder)) as connection:
        found = connection.execute("PRAGMA quick_check").fetchone()[0]
    if found != "ok":
        raise CorruptCollection(f"{folder / DATABASE} is damaged: {found}", hint="use another backup")
    with closing(LocalStore(folder, header, ExactBlock)) as store:
        store.snapshot()
        manifest = store.manifest
    _tidy(folder)
    return manifest.items, manifest.pictures


def _tidy(folder: Path) -> None:
    """Remove what opening left."""
    wanted = {DATABASE, NOTES, MANIFEST, SEGMENTS, PLACE, _LIST, *_WHOLE}
    for entry in folder.iterdir():
        if entry.name not in wanted:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _listed(folder: Path, target: Path, header: Header, items: int, pictures: int) -> BackupReport:
    """Write the list of files."""
    files = [_described(folder, file) for file in sorted(folder.rglob("*")) if file.is_file()]
    about = {
        "store": header.store,
        "encoder": header.encoder.name,
        "items": items,
        "pictures": pictures,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    content = {"format": _FORMAT, **about, "files": [asdict(file) for file in files]}
    (folder / _LIST).write_text(json.dumps(content, indent=1) + "\n")
    size = sum(file.size for file in files)
    return BackupReport(path=str(target), files=len(files), bytes=size, **about)  # type: ignore[arg-type]


def _described(folder: Path, file: Path) -> _File:
    with file.open("rb") as data:
        digest = hashlib.file_digest(data, "sha256").hexdigest()
    return _File(file.relative_to(folder).as_posix(), file.stat().st_size, digest)


def _sync(folder: Path) -> None:
    """Everything in ``folder`` durable."""
    for file in folder.rglob("*"):
        if file.is_dir():
            sync_directory(file)
        else:
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
    sync_directory(folder)


def _pack(folder: Path, file: Path) -> Path:
    """``folder`` as a tar file, its list first."""
    with tarfile.open(file, "w") as archive:
        archive.add(folder / _LIST, _LIST)
        for each in sorted(folder.rglob("*")):
            if each.is_file() and each.name != _LIST:
                archive.add(each, each.relative_to(folder).as_posix())
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
    return file


@contextmanager
def _unpacked(file: Path, folder: Path) -> Iterator[Path]:
    with storage_faults(folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            try:
                with tarfile.open(file) as archive:
                    archive.extractall(folder, filter="data")
            except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError) as error:
                raise CorruptCollection(
                    f"{file} cannot be read as a tar file, or not to its end: {str(error).partition(':')[0]}",
                    hint="use another backup",
                ) from error
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _fetched(backup: Path, target: Path, named: Path) -> BackupReport:
    """Copy the files of a backup that its list names, each checked.

    Args:
        named: what the backup is called, where it was unpacked.
    """
    files, report = _read_list(backup, named)
    for file in files:
        place = target / file.name
        if not place.resolve().is_relative_to(target.resolve()):
            raise CorruptCollection(f"{named / _LIST} names {file.name!r}, which no backup has")
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(backup / file.name, place)
        except FileNotFoundError as error:
            raise CorruptCollection(f"{named / file.name} is missing", hint="use another backup") from error
        if _described(target, place) != file:
            raise CorruptCollection(f"{named / file.name} is damaged", hint="use another backup")
    (target / SEGMENTS).mkdir(exist_ok=True)
    return report


def _read_list(backup: Path, named: Path) -> tuple[list[_File], BackupReport]:
    file = backup / _LIST
    try:
        content = json.loads(file.read_bytes())
        version = content.pop("format")
        if version != _FORMAT:
            raise StoreError(f"{named} has format {version!r}", hint="upgrade shelfsight")
        files = [_File(str(each["name"]), int(each["size"]), str(each["sha256"])) for each in content.pop("files")]
        size = sum(each.size for each in files)
        return files, BackupReport(path=str(named), files=len(files), bytes=size, **content)
    except FileNotFoundError as error:
        raise NotFound(f"{named} is no backup: {_LIST} is not in it") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptCollection(f"{named / _LIST} is damaged: {error}", hint="use another backup") from error
