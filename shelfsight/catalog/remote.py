"""Catalogues at addresses: of http(s), or of an object store. Their files are copied, their pictures are not.

A relative path to a picture is relative to the catalogue's own address; it becomes an address, and the job fetches it
with all others, asking only for what has changed since the last time.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from urllib.parse import quote, unquote, urljoin, urlsplit

from shelfsight.catalog.fetching import GuardedFetcher
from shelfsight.catalog.folder import PictureFolder
from shelfsight.catalog.opening import check_kind, file_name, open_catalogue
from shelfsight.catalog.options import Columns, Options
from shelfsight.catalog.remote_store import Copy, Files, StoreFetcher, split
from shelfsight.core.errors import CatalogueError, PictureError, UsageError
from shelfsight.core.protocols import Catalogue, Fetcher
from shelfsight.core.settings import FetchSettings, Settings
from shelfsight.core.types import Failure, Item, Picture

__all__ = ["Opened", "is_address", "opened"]

_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_HTTP = ("http", "https")
_SECONDS = 3600.0
"""That the download of a catalogue may take."""
_LARGEST = 1 << 40


@dataclass(frozen=True, slots=True)
class Opened:
    """A catalogue, and what gets the pictures that it names by address."""

    catalogue: Catalogue
    fetch: Fetcher | None


def is_address(source: str) -> bool:
    """Whether ``source`` is an address rather than a path."""
    return _ADDRESS.match(source) is not None


@contextmanager
def opened(
    source: str | Path,
    *,
    settings: Settings,
    fetch: Fetcher | None,
    columns: Columns | None = None,
    roots: Path | None = None,
    copies: Path | None = None,
    max_bytes: int | None = None,
) -> Iterator[Opened]:
    """The catalogue at a path or address.

    Args:
        fetch: gets pictures from addresses of http(s); ``None``: they fail with url_only.
        columns, roots: see :func:`~shelfsight.catalog.open_catalogue`; ``roots`` is for paths.
        copies: a folder for copies of the files at an address, where they are looked for first. Left out, they are
            gone behind the block.
        max_bytes: of such files together, at most.

    Raises:
        NotFound, CatalogueError: as :func:`~shelfsight.catalog.open_catalogue`.
        UsageError, MissingExtra: there is nothing that reads such an address.
    """
    options = Options(columns=columns or Columns(), max_text=settings.index.max_text, root=roots)
    if not is_address(str(source)):
        yield Opened(_read(Path(source), options, settings), fetch)
        return
    with TemporaryDirectory(prefix="shelfsight-") as temporary:
        folder = copies or Path(temporary)
        scheme = str(source).partition(":")[0].lower()
        open_at = _open_http if scheme in _HTTP else _open_stored
        yield open_at(str(source), folder, options, settings, fetch, max_bytes)


def _read(path: Path, options: Options, settings: Settings) -> Catalogue:
    return open_catalogue(
        path, columns=options.columns, roots=options.root, max_text=options.max_text, limits=settings.pictures
    )


def _open_http(
    address: str, folder: Path, options: Options, settings: Settings, fetch: Fetcher | None, limit: int | None
) -> Opened:
    name = _last_part(address)
    check_kind(name)
    copy = _copied(folder, file_name(name), lambda to: _download(address, to, settings.fetch, limit))
    inner = _read(copy, replace(options, root=folder), settings)
    return Opened(_Remote(inner, folder, lambda below: urljoin(address, quote(below))), fetch)


def _open_stored(
    address: str, folder: Path, options: Options, settings: Settings, fetch: Fetcher | None, limit: int | None
) -> Opened:
    files = Files.at(address)
    options = replace(options, root=folder)
    names = files.parts()
    if names == [""]:
        base, _, name = files.address.rpartition("/")
        check_kind(name)
        copy = _copied(folder, file_name(name), partial(files.copy, "", limit))
        place = replace(files, address=base, path=files.path.rpartition("/")[0])
        return Opened(_below(place, _read(copy, options, settings), folder), StoreFetcher(place, fetch))
    shards, pictures = split(names)
    if shards:
        _copy_all(files, shards, folder, limit)
        inner = _read(folder, options, settings)
    elif pictures:
        inner = _Pictures(PictureFolder(folder, options), files.address.rpartition("/")[2], pictures)
    else:
        raise CatalogueError(f"no pictures and no catalogue at {files.address}")
    return Opened(_below(files, inner, folder), StoreFetcher(files, fetch))


def _copy_all(files: Files, names: Sequence[str], folder: Path, limit: int | None) -> None:
    left = limit
    for name in names:
        copy = _copied(folder, name, partial(files.copy, name, left))
        left = None if left is None else left - copy.stat().st_size


def _below(files: Files, inner: Catalogue, folder: Path) -> "_Remote":
    return _Remote(inner, folder, lambda below: f"{files.address}/{below}")


def _copied(folder: Path, name: str, copy: Callable[[Copy], object]) -> Path:
    """A file of ``folder``, which is there whole, or not at all.

    Raises:
        CatalogueError: it cannot be had, or cannot be kept.
    """
    there, begun = folder / name, folder / f".{name}.part"
    try:
        if not there.exists():
            with Copy(begun) as file:
                copy(file)
                file.flush()
                os.fsync(file.fileno())
            begun.replace(there)
    except BaseException as error:
        with suppress(OSError):
            begun.unlink()
        if isinstance(error, OSError):
            raise CatalogueError(f"a copy of {name[:80]!r} cannot be kept: {error.strerror}") from error
        raise
    return there


def _download(address: str, to: Copy, settings: FetchSettings, limit: int | None) -> None:
    with GuardedFetcher(settings) as fetcher:
        try:
            fetcher.save(address, to, max_bytes=limit or _LARGEST, seconds=_SECONDS)
        except PictureError as error:
            raise CatalogueError(f"the catalogue cannot be fetched: {error.message}", hint=error.hint) from error


def _last_part(address: str) -> str:
    try:
        return unquote(urlsplit(address).path).rstrip("/").rpartition("/")[2]
    except ValueError as error:
        raise UsageError(f"{address[:200]!r} is no address: {error}") from error


@dataclass(frozen=True, slots=True)
class _Remote:
    """A catalogue whose files are copies: its pictures lie where the originals do."""

    inner: Catalogue
    folder: Path
    address: Callable[[str], str]

    @property
    def name(self) -> str:
        return self.inner.name

    def __iter__(self) -> Iterator[Item | Failure]:
        for row in self.inner:
            yield row if isinstance(row, Failure) else self._there(row)

    def count(self) -> int | None:
        return self.inner.count()

    def _there(self, item: Item) -> Item:
        return replace(item, pictures=tuple(map(self._picture, item.pictures)))

    def _picture(self, picture: Picture) -> Picture:
        if picture.path is None:
            return picture
        below = picture.path.resolve().relative_to(self.folder.resolve()).as_posix()
        return Picture(name=picture.name, url=self.address(below))


@dataclass(frozen=True, slots=True)
class _Pictures:
    """A folder of pictures that is elsewhere."""

    folder: PictureFolder
    name: str
    paths: list[str]

    def __iter__(self) -> Iterator[Item | Failure]:
        return map(self.folder.item, map(PurePosixPath, self.paths))

    def count(self) -> int | None:
        return len(self.paths)
