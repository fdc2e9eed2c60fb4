"""Text files of lines, plain or gzipped, read with bounded memory."""

import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO, cast

from shelfsight.core.errors import CatalogueError

__all__ = ["MAX_LINE", "count_rows", "is_utf8", "open_text", "reading"]

MAX_LINE = 64 * 1024 * 1024
"""Characters of a line at most; beyond, the line is a failure and its text is not kept."""

_COUNTED_AT_MOST = 256 * 1024 * 1024
_CHUNK = 1024 * 1024
_ESCAPED_BYTES = re.compile("[\udc80-\udcff]")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what goes wrong while reading ``path`` into a :class:`CatalogueError`."""
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CatalogueError(f"{path.name} cannot be read: {reason}") from error


def open_text(path: Path) -> TextIO:
    """``path`` as UTF-8 text, a byte order mark passed over; bytes that are no UTF-8 show in :func:`is_utf8`.

    Raises:
        OSError: as ``open``.
        CatalogueError: the text is UTF-16.
    """
    file = gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")  # noqa: SIM115 - the caller closes it
    start = io.BufferedReader(cast(io.RawIOBase, file))
    if start.peek(2)[:2] in (b"\xff\xfe", b"\xfe\xff"):
        start.close()
        raise CatalogueError(f"{path.name} is UTF-16 text", hint="save it as UTF-8")
    return io.TextIOWrapper(start, "utf-8-sig", errors="surrogateescape", newline="")


def is_utf8(text: str) -> bool:
    return text.isascii() or _ESCAPED_BYTES.search(text) is None


def count_rows(files: Sequence[Path], *, header: int = 0) -> int | None:
    """Lines of all files less ``header`` lines each, or ``None`` where one of them is expensive to count.

    Raises:
        CatalogueError: a file cannot be read.
    """
    total = 0
    for path in files:
        with reading(path):
            lines = _count_lines(path)
        if lines is None:
            return None
        total += max(0, lines - header)
    return total


def _count_lines(path: Path) -> int | None:
    """Lines that are not at once known to be expensive to count (a gzipped or a very large file)."""
    if path.suffix.lower() == ".gz" or path.stat().st_size > _COUNTED_AT_MOST:
        return None
    lines, last = 0, b"\n"
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            lines += chunk.count(b"\n")
            last = chunk[-1:]
    return lines + (last != b"\n")
