"""A folder of pictures as a catalogue."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from shelfsight.catalog.options import Options
from shelfsight.catalog.references import PICTURE_SUFFIXES, inside
from shelfsight.catalog.values import BadValue, clean_text, read_id
from shelfsight.core.errors import CatalogueError, Reason
from shelfsight.core.types import Failure, Item, Picture

__all__ = ["PictureFolder", "is_hidden"]

_Above = tuple[tuple[int, int], ...]
"""The folders that something lies in, each by device and inode: a circle is found whatever its links are called."""


def is_hidden(name: str) -> bool:
    return name.startswith((".", "__MACOSX")) or name in ("Thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True)
class PictureFolder:
    """Every picture file in a folder and its subfolders is an item, in the order of their paths.

    The id is the path relative to the folder, with ``/``; the metadata field ``category`` is the subfolder's path,
    left out for pictures at the top. There is no title: what a camera names a file is none. Hidden files and folders
    and files that are not named like pictures are passed over. Linked folders are followed, but not in circles; a link
    that leads nowhere is a failure.
    """

    folder: Path
    options: Options

    @property
    def name(self) -> str:
        return self.folder.name or str(self.folder)

    def __iter__(self) -> Iterator[Item | Failure]:
        for found in self._walk():
            yield found if isinstance(found, Failure) else self.item(found)

    def count(self) -> int | None:
        return sum(isinstance(found, PurePosixPath) for found in self._walk())

    def check(self) -> None:
        """Raise what iterating would raise at once: a folder with nothing in it that is a picture."""
        if next(self._walk(), None) is None:
            hint = "give a folder of pictures, of catalogue files of one kind, or a CSV, JSONL, Parquet or tar file"
            raise CatalogueError(f"no pictures in {self.name}", hint=hint)

    def _walk(self) -> Iterator[PurePosixPath | Failure]:
        """Depth first, without recursion: folders may be nested deeper than calls may be."""
        waiting: list[tuple[PurePosixPath, _Above | None]] = [(PurePosixPath(), ())]
        while waiting:
            found, above = waiting.pop()
            if above is not None:
                inner = self._look_into(found, above)
                if isinstance(inner, Failure):
                    yield inner
                else:
                    waiting += reversed(inner)
            elif found.suffix.lower() in PICTURE_SUFFIXES:
                yield found
            elif _leads_nowhere(self.folder / found):
                message = f"{clean_text(found.as_posix())!r} leads to nothing that could be read"
                yield Failure(reason=Reason.MISSING_FILE, place=clean_text(found.as_posix()), message=message)

    def _look_into(self, below: PurePosixPath, above: _Above) -> list[tuple[PurePosixPath, _Above | None]] | Failure:
        """What a folder holds, in order, each with the folders that it lies in, or ``None`` where it is none itself."""
        place = self.folder / below
        if self.options.root is not None and inside(place, self.options.root) is None:
            return _outside(below)
        try:
            status = place.stat()
            if (real := (status.st_dev, status.st_ino)) in above:
                return []
            with os.scandir(place) as entries:
                found = sorted((each.name, _is_folder(each)) for each in entries if not is_hidden(each.name))
        except OSError as error:
            if not above:
                raise CatalogueError(f"{self.name} cannot be read: {error.strerror or error}") from error
            message = f"the folder cannot be read: {error.strerror or error}"
            return Failure(reason=Reason.UNREADABLE_FILE, place=clean_text(below.as_posix()), message=message)
        return [(below / name, (*above, real) if is_folder else None) for name, is_folder in found]

    def item(self, relative: PurePosixPath) -> Item | Failure:
        """What the picture at a path below the folder is, whether or not it is there."""
        name = clean_text(relative.as_posix())
        path = (self.folder / relative).absolute()
        try:
            identifier = read_id(relative.as_posix())
        except BadValue as error:
            return Failure(reason=error.reason, place=name, message=f"the file's name cannot be an id: {error}")
        root = self.options.root
        if root is not None and inside(path, root) is None:
            return _outside(relative, identifier)
        category = relative.parent.as_posix()
        metadata = {} if category == "." else {"category": category}
        return Item(id=identifier, pictures=(Picture(name=name, path=path),), metadata=metadata, place=name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _leads_nowhere(path: Path) -> bool:
    """Whether ``path`` is a link to nothing: to a disk that is not mounted, say, with pictures that are not gone."""
    return path.is_symlink() and not path.exists()


def _outside(relative: PurePosixPath, identifier: str | None = None) -> Failure:
    name = clean_text(relative.as_posix())
    message = f"{name!r} leads out of the folder that pictures may come from"
    return Failure(reason=Reason.OUTSIDE_ROOT, place=name, message=message, id=identifier)
