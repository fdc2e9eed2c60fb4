"""Files of object stores, by fsspec: ``s3://bucket/key`` and whatever else has an implementation installed."""

import io
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from shelfsight.catalog.folder import is_hidden
from shelfsight.catalog.opening import is_shard
from shelfsight.catalog.references import PICTURE_SUFFIXES
from shelfsight.core.errors import (
    CatalogueError,
    MissingExtra,
    NotFound,
    PictureError,
    Reason,
    ShelfsightError,
    UsageError,
)
from shelfsight.core.protocols import Fetched, Fetcher

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["Copy", "Files", "StoreFetcher", "split"]

_PIECE = 1 << 20
_RESERVE = 256_000_000
"""Bytes of a disk that copies leave free."""
_MARKS = ("ETag", "etag", "md5Hash", "content_md5", "LastModified", "last_modified", "mtime", "updated", "created")
"""What tells one state of a file from another, in the words of different stores; the first that is there counts."""


class Copy(io.BufferedWriter):
    """A file that leaves its disk some room."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path, "w"))
        self._folder = path.parent

    def write(self, data: "ReadableBuffer", /) -> int:
        """As any file.

        Raises:
            CatalogueError: the disk is nearly full.
        """
        if shutil.disk_usage(self._folder).free < _RESERVE:
            raise CatalogueError("there is no room on the disk for a copy of the catalogue")
        return super().write(data)


@dataclass(frozen=True, slots=True)
class Files:
    """What lies at an address.

    Attributes:
        address: without a slash at its end.
    """

    address: str
    fs: Any
    path: str

    @classmethod
    def at(cls, address: str) -> "Files":
        """
        Raises:
            UsageError: it is no address that anything can be read from.
            MissingExtra: what reads it is not installed.
        """
        import fsspec  # type: ignore[import-untyped]

        try:
            fs, path = fsspec.core.url_to_fs(address)
        except ImportError as error:
            scheme = address.partition(":")[0]
            if scheme in ("s3", "s3a"):
                raise MissingExtra("s3fs", "s3") from error
            raise UsageError(f"{scheme}:// cannot be read here: {error}") from error
        except Exception as error:
            raise UsageError(f"{address[:200]!r} cannot be read: {error}") from error
        fs.invalidate_cache()  # which outlives this, and knows files as they were
        return cls(address.rstrip("/"), fs, path.rstrip("/"))

    def parts(self) -> list[str]:
        """Names of the files that are the catalogue, relative to the address: one that is the address itself is
        empty.

        Raises:
            NotFound: there is nothing.
            CatalogueError: it cannot be read.
        """
        with self._told():
            if self.fs.isfile(self.path):
                return [""]
            found = sorted(name[len(self.path) + 1 :] for name in self.fs.find(self.path))
        names = [name for name in found if not any(map(is_hidden, PurePosixPath(name).parts))]
        if not names:
            raise NotFound(f"there is no catalogue at {self.address}")
        return names

    def copy(self, name: str, limit: int | None, to: Copy) -> None:
        """Copy a file.

        Raises:
            CatalogueError: it cannot be read, has more than ``limit`` bytes, or more than the disk has free.
        """
        with self._told(), self.fs.open(self._of(name), "rb") as source:
            _copy(source, to, limit, self.address)

    def mark(self, name: str) -> tuple[str | None, int | None]:
        """(what tells this state of a file from others, its bytes), where the store says so."""
        info: Mapping[str, Any] = self.fs.info(self._of(name))
        found = next((str(info[each]) for each in _MARKS if info.get(each)), None)
        size = info.get("size")
        return (None if found is None else f"{found} {size}"), size

    def read(self, name: str, limit: int) -> bytes:
        """The first ``limit`` bytes of a file."""
        data: bytes = self.fs.cat_file(self._of(name), start=0, end=limit)
        return data

    def _of(self, name: str) -> str:
        return f"{self.path}/{name}" if name else self.path

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except ShelfsightError:
            raise
        except FileNotFoundError as error:
            raise NotFound(f"there is no catalogue at {self.address}") from error
        except Exception as error:  # every store has errors of its own
            raise CatalogueError(f"{self.address} cannot be read: {error}") from error


def split(names: list[str]) -> tuple[list[str], list[str]]:
    """(files that are parts of a catalogue, pictures) of a folder; a folder inside holds pictures alone."""
    shards = [name for name in names if "/" not in name and is_shard(name)]
    pictures = [name for name in names if PurePosixPath(name).suffix.lower() in PICTURE_SUFFIXES]
    return shards, sorted(pictures, key=lambda name: PurePosixPath(name).parts)


def _copy(source: IO[bytes], file: Copy, limit: int | None, name: str) -> None:
    copied = 0
    while piece := source.read(_PIECE):
        copied += len(piece)
        if limit is not None and copied > limit:
            raise CatalogueError(f"{name} has more than {limit:,} bytes")
        file.write(piece)


@dataclass(frozen=True, slots=True)
class StoreFetcher:
    """A :class:`~shelfsight.core.protocols.Fetcher` of the files below one address; all others are another one's."""

    files: Files
    otherwise: Fetcher | None

    def __call__(self, url: str, *, max_bytes: int, validator: str | None = None) -> Fetched:
        """As :class:`~shelfsight.core.protocols.Fetcher`; a file that is not there is a missing_file."""
        base = f"{self.files.address}/"
        if not url.startswith(base):
            if self.otherwise is None:
                raise PictureError(Reason.URL_ONLY, "pictures are not fetched from addresses here")
            return self.otherwise(url, max_bytes=max_bytes, validator=validator)
        name = url.removeprefix(base)
        try:
            mark, size = self.files.mark(name)
            if mark is not None and mark == validator:
                return Fetched(data=None, validator=validator)
            data = b"" if (size or 0) > max_bytes else self.files.read(name, max_bytes + 1)
        except FileNotFoundError as error:
            raise PictureError(Reason.MISSING_FILE, f"there is no {name!r} in the store") from error
        except Exception as error:  # every store has errors of its own
            raise PictureError(Reason.FETCH_FAILED, f"{name!r} cannot be read from the store: {error}") from error
        if max(size or 0, len(data)) > max_bytes:
            raise PictureError(Reason.TOO_MANY_BYTES, f"{name!r} has more than {max_bytes:,} bytes")
        if not data:
            raise PictureError(Reason.EMPTY_FILE, f"{name!r} is empty")
        return Fetched(data=data, validator=mark)
