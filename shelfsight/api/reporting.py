"""What an evaluation leaves behind as files: the report as a page, and the values of each query as lines."""

import errno
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from shelfsight.api.documents import dump
from shelfsight.api.pictures import thumbnail_of
from shelfsight.core.errors import NotFound, PictureError, StoreError, StoreFull, UsageError
from shelfsight.core.pictures import read_bytes
from shelfsight.core.types import Mode, Picture

if TYPE_CHECKING:
    from shelfsight.api.engine import Engine
    from shelfsight.evaluation.report import Reportable, Side

__all__ = ["check_target", "side_of", "write_lines", "write_report"]

_THUMBNAIL = 160
_WRITING = ".0000000.tmp"
"""What a name is longer by at most while the file is being written."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def write_report(
    path: str | Path,
    report: "Reportable",
    *engines: "Engine",
    worst: int = 10,
    mode: Mode = "vector",
    rerank: bool = False,
    depth: int | None = None,
) -> None:
    """Write ``report`` as one HTML file that needs nothing beside it.

    The file appears whole or not at all; one that was there stays until then.

    Args:
        report: of ``Engine.evaluate``, ``Engine.classify``, or ``compare`` of two.
        engines: what it was measured on, still open; A and B for a comparison.
        worst: strips of pictures at most.
        mode, rerank, depth: as in the evaluation.

    Raises:
        MissingExtra: Matplotlib is not installed.
        UsageError: not as many engines as the report has sides, or ``path`` is in no folder.
        StoreFull, StoreError: the file cannot be written.
    """
    from shelfsight.evaluation import ClassifyComparison, Comparison
    from shelfsight.evaluation.report import render, require_matplotlib

    target = Path(path)
    require_matplotlib()
    check_target(target)
    wanted = 2 if isinstance(report, Comparison | ClassifyComparison) else 1
    if len(engines) != wanted:
        raise UsageError(f"the report is about {wanted} collections, and {len(engines)} were given")
    sides = [
        side_of(engine, name, mode, rerank=rerank, depth=depth)
        for engine, name in zip(engines, _names(engines), strict=True)
    ]
    document = render(report, sides, worst=worst)
    _publish(target, lambda file: file.write(document.encode()))


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON document a line; the file appears whole or not at all.

    Raises:
        StoreFull, StoreError: the file cannot be written.
    """

    def write(file: BinaryIO) -> None:
        for row in rows:
            file.write((dump(row) + "\n").encode())

    _publish(path, write)


def check_target(path: Path) -> None:
    """Refuse a file that could not be written, before there is anything to write.

    Raises:
        UsageError: its folder does not exist or cannot be written to, its name is too long, or it is a folder, a
            device or a pipe itself.
    """
    try:
        if "\0" in str(path):
            raise ValueError("a name has no NUL")
        if path.is_dir():
            raise UsageError(f"{path} is a folder", hint="name a file in it")
        if path.exists() and not path.is_file():
            raise UsageError(f"{path} is no plain file", hint="it would be replaced, not written to; name another one")
        if not path.parent.is_dir():
            raise UsageError(f"there is no folder {path.parent} to write {path.name} into", hint="make it first")
        if not os.access(path.parent, os.W_OK):
            raise UsageError(f"the folder {path.parent} cannot be written to", hint="name another one")
        path.with_name(path.name + _WRITING).exists()
    except (OSError, ValueError) as error:  # a name that no file can have
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"no file can be written at {str(path)[:200]!r}: {reason}") from error


def side_of(
    engine: "Engine", name: str, mode: Mode = "vector", *, rerank: bool = False, depth: int | None = None
) -> "Side":
    """A collection as reports show it."""
    from shelfsight.evaluation.report import Side

    manifest = engine.manifest
    return Side(
        name=name,
        facts={
            "encoder": manifest.encoder.name,
            "revision": manifest.encoder.revision[:12],
            "dimension": f"{manifest.encoder.dimension:,}",
            "items": f"{manifest.items:,}",
            "pictures": f"{manifest.pictures:,}",
            "store": manifest.store,
            "mode": mode,
            **({"re-ranked by": engine.vlm_name} if rerank else {}),
        },
        picture=partial(_thumbnail, engine),
        titles=engine.titles,
        query_picture=partial(_query_picture, engine),
        answer=partial(engine.rank, mode=mode, rerank=rerank, depth=depth),
        depth=engine.settings.search.max_k,
    )


def _names(engines: Sequence["Engine"]) -> list[str]:
    """The last part of each path, or all of it where that does not tell them apart."""
    names = [engine.path.resolve().name for engine in engines]
    return names if len(set(names)) == len(names) else [str(engine.path) for engine in engines]


def _thumbnail(engine: "Engine", id: str) -> bytes | None:
    try:
        return engine.thumbnail(id, side=_THUMBNAIL).data
    except (NotFound, PictureError):
        return None


def _query_picture(engine: "Engine", path: Path) -> bytes | None:
    limits = engine.settings.pictures
    try:
        return thumbnail_of(read_bytes(Picture(name=path.name, path=path), limits), _THUMBNAIL, limits).data
    except PictureError:
        return None


def _publish(path: Path, write: Callable[[BinaryIO], object]) -> None:
    from shelfsight.stores.files import publish

    try:
        publish(path, write)
    except OSError as error:
        if error.errno in _FULL:
            raise StoreFull(f"no space left to write {path}", hint="free some and run again") from error
        raise StoreError(f"{path} cannot be written: {error.strerror or error}") from error
