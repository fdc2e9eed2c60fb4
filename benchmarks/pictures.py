"""Pictures for benchmarks that need no data set: the demo catalogue's products as JPEGs of a chosen size."""

import csv
import os
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from PIL.Image import Resampling

from shelfsight.catalog.demo.items import VERSION, item

__all__ = ["rendered", "write_catalogue"]

_QUALITY = 88


def rendered(cache: Path, count: int, side: int) -> list[Path]:
    """``count`` JPEGs of ``side`` x ``side`` pixels, drawn in as many processes as there are cores.

    Those that lie in ``cache`` from an earlier run are used again.
    """
    folder = cache / f"rendered-{VERSION}-{side}-q{_QUALITY}"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{index:05d}.jpg" for index in range(count)]
    missing = [index for index, path in enumerate(paths) if not path.exists()]
    if missing:
        print(f"drawing {len(missing)} pictures of {side} px into {folder}", flush=True)
        workers = min(len(missing), os.cpu_count() or 1)
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            for _ in pool.map(partial(_draw, folder, side), missing, chunksize=8):
                pass
    return paths


def write_catalogue(path: Path, pictures: list[Path], items: int) -> Path:
    """A CSV of ``items`` ids, each with one of ``pictures``; they come round again when there are more items."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerows([("id", "image"), *_rows(pictures, items)])
    return path


def _rows(pictures: list[Path], items: int) -> Iterable[tuple[str, str]]:
    return ((f"item-{number:07d}", str(pictures[number % len(pictures)].absolute())) for number in range(items))


def _draw(folder: Path, side: int, index: int) -> None:
    """One picture, whole or not at all."""
    picture = item(0, index).picture
    if picture.width != side:
        picture = picture.resize((side, side), Resampling.LANCZOS)
    draft = folder / f".{index:05d}-{os.getpid()}.jpg"
    picture.save(draft, quality=_QUALITY)
    draft.replace(folder / f"{index:05d}.jpg")
