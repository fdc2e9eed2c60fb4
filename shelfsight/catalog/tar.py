"""Tar files of samples, in the manner of WebDataset, read as a stream."""

import json
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO, NoReturn, cast

from shelfsight.catalog.columns import Layout, title_column
from shelfsight.catalog.options import Options
from shelfsight.catalog.references import PICTURE_SUFFIXES
from shelfsight.catalog.tables import assemble, read_metadata, read_title
from shelfsight.catalog.values import BadValue, ValueReader, clean_text, read_id
from shelfsight.core.errors import CatalogueError, Reason
from shelfsight.core.types import Failure, Item, Picture

__all__ = ["TarCatalogue"]

_TEXTS = (".json", ".txt", ".cls")
_MAX_TEXT_BYTES = 16 * 1024 * 1024
_MAX_MEMBER_BYTES = 1 << 36
"""tarfile passes over a member piece by piece, wherever the file ends."""
_MAX_HEADER_BYTES = 16 * 1024
_MAX_HEADERS = 6
"""Of one member: names that are too long for its own header, and what else comes before it."""
_EXTENSIONS = (
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
)
_KEY = "\0key"  # in place of an id column; no JSON member of a sample is named so


@dataclass(frozen=True, slots=True)
class TarCatalogue:
    """Consecutive members with one path up to the first dot of the file name are one item, that path its id.

    ``.jpg``, ``.png``, ... are its pictures, ``.json`` its metadata (and title, where one is named so), ``.txt`` its
    title, ``.cls`` the metadata field ``category``. Hidden members, links and other kinds of file are passed over.
    The files are read in order, once, from front to back; one sample at a time is in memory.
    """

    name: str
    files: tuple[Path, ...]
    options: Options

    def __iter__(self) -> Iterator[Item | Failure]:
        for path in self.files:
            for sample in _samples(path, self.options.max_bytes):
                yield _to_item(sample, path, self.options.max_text)

    def count(self) -> int | None:
        return None

    def check(self) -> None:
        """Raise what iterating would raise at once: a first member that cannot be read."""
        for path in self.files:
            with _opened(path) as tar:
                tar.next()


@dataclass(slots=True)
class _Sample:
    key: str
    pictures: list[Picture | Failure] = field(default_factory=list)
    texts: dict[str, bytes | None] = field(default_factory=dict)


class _Tar(tarfile.TarFile):
    """Knows how many headers of the next member are being read."""

    headers = 0


class _Member(tarfile.TarInfo):
    """A header, strictly: tarfile takes a damaged one, or a file that breaks off between members, for the end. And
    within bounds: tarfile reads whatever a header says it has into memory, and looks through all of it."""

    @classmethod
    def fromtarfile(cls, tarfile_: tarfile.TarFile) -> "_Member":
        assert isinstance(tarfile_, _Tar)
        tarfile_.headers += 1
        try:
            if tarfile_.headers > _MAX_HEADERS:
                raise tarfile.ReadError("a member has too many headers")
            member = super().fromtarfile(tarfile_)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # the mark of the end
            raise
        except (tarfile.HeaderError, ValueError) as error:
            raise tarfile.ReadError(str(error)) from error
        finally:
            tarfile_.headers -= 1
        if not 0 <= member.size <= _MAX_MEMBER_BYTES:
            raise tarfile.ReadError(f"a member says that it has {member.size:,} bytes")
        return member

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_Member":
        member = super().frombuf(buf, encoding, errors)
        if member.type in _EXTENSIONS and not 0 <= member.size <= _MAX_HEADER_BYTES:
            raise tarfile.ReadError(f"a header says that it has {member.size:,} bytes")
        return member

    def _refuse(self, *_: object) -> NoReturn:
        raise tarfile.ReadError("sparse files are not read")

    _proc_sparse = _proc_gnusparse_10 = _refuse  # their maps are as long as they like


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    """``path`` open as a stream; what goes wrong with the file becomes a :class:`CatalogueError`."""
    try:
        with _Tar.open(path, "r|*", tarinfo=_Member) as tar:
            yield tar
    except (tarfile.TarError, OSError, EOFError, zlib.error, LZMAError) as error:
        raise CatalogueError(f"{path.name} cannot be read as tar: {error}") from error


def _members(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while (member := tar.next()) is not None:
        yield member
        tar.members = []  # type: ignore[attr-defined]  # tarfile keeps every header it has read


def _samples(path: Path, max_bytes: int) -> Iterator[_Sample]:
    sample: _Sample | None = None
    with _opened(path) as tar:
        for member in _members(tar):
            found = _key_and_suffix(member)
            if found is None:
                continue
            key, suffix = found
            if sample is None or sample.key != key:
                if sample is not None:
                    yield sample
                sample = _Sample(key)
            _add(sample, member, tar, suffix, max_bytes, f"{path.name}#{clean_text(key)}")
    if sample is not None:
        yield sample


def _key_and_suffix(member: tarfile.TarInfo) -> tuple[str, str] | None:
    """Which item a member belongs to and what it is of it; ``None``: nothing."""
    path = PurePosixPath(member.name)
    suffix = path.suffix.lower()
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    if not member.isreg() or hidden or not (suffix in PICTURE_SUFFIXES or suffix in _TEXTS):
        return None
    return path.with_name(path.name.partition(".")[0]).as_posix(), suffix


def _add(
    sample: _Sample, member: tarfile.TarInfo, tar: tarfile.TarFile, suffix: str, max_bytes: int, place: str
) -> None:
    name = clean_text(member.name)
    if suffix in _TEXTS:
        sample.texts[suffix] = _content(tar, member) if member.size <= _MAX_TEXT_BYTES else None
    elif member.size > max_bytes:
        message = f"{name!r} has {member.size:,} bytes, the limit is {max_bytes:,}"
        sample.pictures.append(Failure(reason=Reason.TOO_MANY_BYTES, place=place, message=message, picture=name))
    else:
        sample.pictures.append(Picture(name=name, data=_content(tar, member)))


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    with cast(IO[bytes], tar.extractfile(member)) as file:
        return file.read()


def _to_item(sample: _Sample, path: Path, max_text: int) -> Item | Failure:
    place = f"{path.name}#{clean_text(sample.key)}"
    identifier = None
    try:
        identifier = read_id(sample.key)
        fields = _fields(sample)
        column = title_column(fields)
        layout = Layout(id=_KEY, pictures=(), url=None, title=column, include=None, exclude=frozenset())
        title = None if column is None else read_title(column, fields[column], max_text)
        if ".txt" in sample.texts:
            title = read_title(".txt", _text(sample, ".txt").strip(), max_text)
        metadata = read_metadata(fields, layout, ValueReader(max_text=max_text))
    except BadValue as error:
        return Failure(reason=error.reason, place=place, message=str(error), id=identifier)
    return assemble(identifier, sample.pictures, title, metadata, place)


def _fields(sample: _Sample) -> dict[str, object]:
    fields: dict[str, object] = {}
    if ".json" in sample.texts:
        try:
            fields = json.loads(_text(sample, ".json"))
        except (ValueError, RecursionError) as error:
            raise BadValue(Reason.BAD_ROW, f"member .json is no JSON: {error}") from error
        if not isinstance(fields, dict):
            raise BadValue(Reason.BAD_ROW, "member .json is no JSON object")
    if ".cls" in sample.texts:
        fields.setdefault("category", _text(sample, ".cls").strip())
    return fields


def _text(sample: _Sample, suffix: str) -> str:
    data = sample.texts[suffix]
    if data is None:
        raise BadValue(Reason.TEXT_TOO_LONG, f"member {suffix} has more than {_MAX_TEXT_BYTES:,} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadValue(Reason.BAD_ROW, f"member {suffix} is no UTF-8 text") from error
