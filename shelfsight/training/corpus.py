"""Everything that is learnt from, prepared once and kept in a cache folder: pictures, attributes, titles."""

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from shelfsight.training.data import FIELDS, Row, read_rows, rendered_rows
from shelfsight.training.pictures import store_pictures
from shelfsight.training.settings import EncoderSettings

__all__ = ["Corpus", "Joined", "Shelf", "join_shelves", "load_corpus", "load_shelf"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shelf:
    """Rows that were prepared together. ``pixels`` is ``uint8 [n, side, side, 3]``, memory-mapped; ``sharp`` is
    ``bool [n]``, see :func:`shelfsight.training.pictures.draw_view`."""

    name: str
    rows: list[Row]
    pixels: np.ndarray
    sharp: np.ndarray


class Joined:
    """Arrays end to end, read by row numbers without copying what is not asked for."""

    def __init__(self, arrays: list[np.ndarray]) -> None:
        self._arrays = arrays
        self._starts = np.cumsum([0, *(len(array) for array in arrays)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, index: np.ndarray) -> np.ndarray:
        """Rows ``index`` (``int [k]``, any order) as one new array."""
        taken = np.empty((len(index), *self._arrays[0].shape[1:]), dtype=self._arrays[0].dtype)
        for array, start in zip(self._arrays, self._starts[:-1], strict=True):
            mine = (index >= start) & (index < start + len(array))
            taken[mine] = array[index[mine] - start]
        return taken


@dataclass(frozen=True)
class Corpus:
    """All shelves, and of their rows in order what the training needs as arrays.

    Attributes:
        codes: ``int [n, fields]``: number of each attribute's value, -1 where unknown.
        titles: ``int [n]``: number of the title; the same title, the same number.
        sources: ``int [n]``: number of the catalogue.
        train, validation: row numbers of the two splits.
    """

    shelves: list[Shelf]
    rows: list[Row]
    codes: np.ndarray
    titles: np.ndarray
    sources: np.ndarray
    train: np.ndarray
    validation: np.ndarray


def load_corpus(data: Path, cache: Path, settings: EncoderSettings) -> Corpus:
    """The corpus in ``cache``, made from ``data`` and the renderer as far as it is not there yet.

    Raises:
        ValueError: there is nothing to learn from.
    """
    cache.mkdir(parents=True, exist_ok=True)
    shelves = [load_shelf(cache, f"shops-{settings.image_size}", lambda: list(read_rows(data)), settings)]
    if settings.rendered:
        name = f"rendered-{settings.image_size}-{settings.rendered_seed}-{settings.rendered}"
        make = lambda: rendered_rows(settings.rendered_seed, settings.rendered)  # noqa: E731
        shelves.append(load_shelf(cache, name, make, settings, settings.rendered))
    shelves = [shelf for shelf in shelves if shelf.rows]
    if not any(row.split == "train" for shelf in shelves for row in shelf.rows):
        raise ValueError(f"no training rows: {data} holds none of the data sets, and no pictures are rendered")
    return join_shelves(shelves)


def load_shelf(
    cache: Path, name: str, make: Callable[[], Iterable[Row]], settings: EncoderSettings, count: int | None = None
) -> Shelf:
    """The shelf called ``name`` in ``cache``, made of the rows of ``make`` where it is not there yet."""
    listing, pictures, sharpness = (cache / f"{name}{end}" for end in (".jsonl", ".npy", "-sharp.npy"))
    if not listing.exists():
        rows = make()
        count = len(rows) if isinstance(rows, list) else count
        _log.info("preparing %s pictures for %s", count, name)
        slim, sharp = store_pictures(rows, count or 0, pictures, side=settings.image_size, threads=settings.threads)
        np.save(sharpness, sharp)
        _write_listing(slim, listing)
    return Shelf(name, _read_listing(listing), np.load(pictures, mmap_mode="r"), np.load(sharpness))


def _write_listing(rows: list[Row], path: Path) -> None:
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as lines:
        for row in rows:
            fields = asdict(row)
            del fields["picture"]
            lines.write(json.dumps(fields, ensure_ascii=False) + "\n")
    partial.replace(path)


def _read_listing(path: Path) -> list[Row]:
    with path.open(encoding="utf-8") as lines:
        return [Row(**json.loads(line), picture=b"") for line in lines]


def join_shelves(shelves: list[Shelf]) -> Corpus:
    """Shelves end to end, with their attributes as numbers."""
    rows = [row for shelf in shelves for row in shelf.rows]
    split = np.array([row.split for row in rows])
    return Corpus(
        shelves=shelves,
        rows=rows,
        codes=np.stack([_numbers([row.attributes.get(field) for row in rows]) for field in FIELDS], axis=1),
        titles=_numbers([row.title.lower() for row in rows]),
        sources=_numbers([row.source for row in rows]),
        train=np.flatnonzero(split == "train"),
        validation=np.flatnonzero(split == "validation"),
    )


def _numbers(values: list[str | None]) -> np.ndarray:
    known = {value: number for number, value in enumerate(dict.fromkeys(v for v in values if v is not None))}
    return np.array([-1 if value is None else known[value] for value in values], dtype=np.int64)
