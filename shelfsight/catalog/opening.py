"""From a path to the reader of what is there."""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, Protocol

from shelfsight.catalog.csv_table import CsvTable
from shelfsight.catalog.folder import PictureFolder, is_hidden
from shelfsight.catalog.jsonl_table import JsonlTable
from shelfsight.catalog.options import Columns, Options
from shelfsight.catalog.parquet_table import ParquetTable
from shelfsight.catalog.references import PICTURE_SUFFIXES, inside
from shelfsight.catalog.tables import Table, TableCatalogue
from shelfsight.catalog.tar import TarCatalogue
from shelfsight.core.errors import CatalogueError, NotFound
from shelfsight.core.protocols import Catalogue
from shelfsight.core.settings import IndexSettings, PictureLimits

__all__ = ["check_kind", "file_name", "is_shard", "open_catalogue", "open_table"]

_Kind = Literal["CSV", "JSONL", "Parquet", "tar"]
_KINDS: tuple[tuple[_Kind, re.Pattern[str]], ...] = (
    ("CSV", re.compile(r".+\.(csv|tsv|tab)(\.gz)?", re.IGNORECASE)),
    ("JSONL", re.compile(r".+\.(jsonl|ndjson)(\.gz)?", re.IGNORECASE)),
    ("Parquet", re.compile(r".+\.(parquet|pq)", re.IGNORECASE)),
    ("tar", re.compile(r".+\.(tar(\.(gz|bz2|xz))?|tgz|tbz2|txz)", re.IGNORECASE)),
)


class _Checked(Catalogue, Protocol):
    def check(self) -> None: ...


def open_catalogue(
    source: str | Path,
    *,
    columns: Columns | None = None,
    roots: Path | None = None,
    max_text: int = IndexSettings().max_text,
    limits: PictureLimits | None = None,
) -> Catalogue:
    """The catalogue at ``source``, by kind:

    * a folder of pictures (:class:`~shelfsight.catalog.folder.PictureFolder`);
    * a ``.csv``, ``.tsv``, ``.jsonl``, ``.ndjson`` (each also ``.gz``), ``.parquet`` or ``.tar`` file;
    * a folder with files of one of these kinds: shards, read in the order of their names (numbers in them compared as
      numbers). Pictures may lie beside or below CSV, JSONL and Parquet files, whose paths lead to them.

    Args:
        source: file or folder.
        columns: which column is what, where the names do not say.
        roots: the catalogue's files and every picture file must lie inside this folder, symbolic links followed; the
            failure of another picture is outside_root. ``None``: anywhere.
        max_text: characters of one value at most (text_too_long).
        limits: for pictures that lie inside a tar file.

    Raises:
        NotFound: there is nothing at ``source``.
        CatalogueError: it is no catalogue, cannot be read, has no id or picture column, or is several things at once.
    """
    path = Path(source)
    options = Options(
        columns=columns or Columns(),
        root=roots,
        max_text=max_text,
        max_bytes=(limits or PictureLimits()).max_bytes,
    )
    catalogue = _unchecked(path, options)
    catalogue.check()
    return catalogue


def open_table(source: Path) -> Table:
    """The rows of a CSV, JSONL or Parquet file, or of a folder of files of one of these kinds.

    Raises:
        NotFound, CatalogueError: as :func:`open_catalogue`.
    """
    catalogue = _unchecked(source, Options())
    if not isinstance(catalogue, TableCatalogue):
        raise CatalogueError(f"{source.name!r} is no table", hint="name a .csv, .tsv, .jsonl or .parquet file")
    return catalogue.table


def _unchecked(path: Path, options: Options) -> _Checked:
    try:
        if not path.exists():
            raise NotFound(f"there is no catalogue at {str(path)!r}")
        return _in_folder(path, options) if path.is_dir() else _in_file(path, options)
    except (OSError, ValueError) as error:
        raise CatalogueError(f"{str(path)!r} cannot be read: {error}") from error


def _kind(name: str) -> _Kind | None:
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(name)), None)


def check_kind(name: str) -> None:
    """Refuse the name of a file that is no kind of catalogue.

    Raises:
        CatalogueError: it does not end like one.
    """
    if not is_shard(name):
        raise _no_kind(name)


def is_shard(name: str) -> bool:
    """Whether a file of this name is a catalogue, or a part of one."""
    return _kind(name) is not None


def file_name(name: str) -> str:
    """A name that any disk takes, with the ending of ``name``."""
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[^\w.-]+", "_", last, flags=re.ASCII).lstrip(".")[-100:] or "catalogue"


def _no_kind(name: str) -> CatalogueError:
    hint = "a catalogue is a folder, or a .csv, .tsv, .jsonl, .parquet or .tar file"
    return CatalogueError(f"{name!r} is no kind of catalogue", hint=hint)


def _in_file(path: Path, options: Options) -> _Checked:
    kind = _kind(path.name)
    if kind is None or not path.is_file():
        raise _no_kind(path.name)
    return _of_kind(kind, path.name, (path,), options)


def _in_folder(folder: Path, options: Options) -> _Checked:
    by_kind: dict[_Kind, list[Path]] = defaultdict(list)
    pictures = False
    for path in folder.iterdir():
        if is_hidden(path.name) or not path.is_file():
            continue
        pictures = pictures or path.suffix.lower() in PICTURE_SUFFIXES
        if kind := _kind(path.name):
            by_kind[kind].append(path)
    if not by_kind:
        return PictureFolder(folder, options)
    kind, *others = by_kind
    if others or (kind == "tar" and pictures):
        raise _ambiguous(folder, by_kind, pictures)
    files = tuple(sorted(by_kind[kind], key=_natural))
    return _of_kind(kind, files[0].name if len(files) == 1 else folder.name, files, options)


def _of_kind(kind: _Kind, name: str, files: tuple[Path, ...], options: Options) -> _Checked:
    if options.root is not None and (outside := [path for path in files if inside(path, options.root) is None]):
        raise CatalogueError(f"{outside[0].name!r} lies outside the folder that catalogues may be read from")
    match kind:
        case "CSV":
            return TableCatalogue(CsvTable(name, files), options)
        case "JSONL":
            return TableCatalogue(JsonlTable(name, files), options)
        case "Parquet":
            return TableCatalogue(ParquetTable(name, files), options)
        case "tar":
            return TarCatalogue(name, files, options)


def _natural(path: Path) -> list[tuple[int, str]]:
    """``part-2`` before ``part-10``."""
    pieces: Iterable[str] = re.split(r"(\d+)", path.name)
    return [(int(piece), "") if piece.isdigit() else (-1, piece) for piece in pieces]


def _ambiguous(folder: Path, by_kind: dict[_Kind, list[Path]], pictures: bool) -> CatalogueError:
    found = [f"{kind} ({', '.join(sorted(path.name for path in files)[:3])})" for kind, files in by_kind.items()]
    if pictures:
        found.append("pictures")
    return CatalogueError(
        f"{folder.name} holds catalogues of several kinds: {'; '.join(sorted(found))}", hint="name one file"
    )
