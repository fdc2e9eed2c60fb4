"""A catalogue as adapting needs it: what its rows say, and the base encoder's vectors of its pictures, encoded once."""

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from shelfsight.core.errors import PictureError, Reason
from shelfsight.core.pictures import decode, read_bytes
from shelfsight.core.protocols import Catalogue, Encoder
from shelfsight.core.settings import IndexSettings, PictureLimits
from shelfsight.core.types import Failure, Item, Picture, Value
from shelfsight.core.vectors import FloatArray
from shelfsight.training.adapt.cache import VectorCache

__all__ = ["Row", "Shelf", "read_shelf"]

Told = Callable[[int, int | None], None]
_CHUNKS_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One item. ``pictures`` are sha256 digests of its usable pictures' bytes; ``metadata`` holds its short texts."""

    id: str
    title: str | None
    metadata: Mapping[str, Value]
    pictures: tuple[bytes, ...]


@dataclass(frozen=True)
class Shelf:
    """Items with at least one usable picture, in the catalogue's order.

    Attributes:
        vectors: ``float32 [p, d]`` of the base encoder, length 1, item by item.
        bounds: ``int64 [n + 1]``: item ``i`` has the rows ``bounds[i]`` to ``bounds[i + 1]``.
        failures: reason -> how many rows and pictures could not be used.
    """

    rows: list[Row] = field(repr=False)
    vectors: FloatArray = field(repr=False)
    bounds: npt.NDArray[np.int64] = field(repr=False)
    failures: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Looked:
    """A picture that was read: its digest, and the network's input where its vector is not in the cache."""

    digest: bytes | None
    pixels: npt.NDArray[Any] | None = None
    failure: Reason | None = None


def read_shelf(
    catalogue: Catalogue, encoder: Encoder, cache: VectorCache, *, limits: PictureLimits, told: Told
) -> Shelf:
    """Read a catalogue and encode those of its pictures whose vectors are not in ``cache``.

    Args:
        told: called with the number of items read and, where that is known, of all.

    Raises:
        CatalogueError: the catalogue cannot be read (on).
        ModelError: the encoder fails.
        StoreFull: no space for the vectors.
    """
    rows: list[Row] = []
    failures: Counter[str] = Counter()
    with ThreadPoolExecutor(IndexSettings().decode_threads) as pool:
        for chunk in _looked_at(_items(catalogue, failures), _Look(encoder, cache, limits), pool):
            _encode_new([each for _, looked in chunk for each in looked], encoder, cache)
            for item, looked in chunk:
                failures.update(str(each.failure) for each in looked if each.failure is not None)
                if digests := tuple(each.digest for each in looked if each.digest is not None):
                    rows.append(Row(item.id, item.title, _texts(item.metadata), digests))
            told(len(rows), catalogue.count())
    vectors = cache.vectors([digest for row in rows for digest in row.pictures])
    bounds = np.cumsum([0, *(len(row.pictures) for row in rows)], dtype=np.int64)
    return Shelf(rows, vectors, bounds, dict(failures))


@dataclass(frozen=True, slots=True)
class _Look:
    encoder: Encoder
    cache: VectorCache
    limits: PictureLimits

    def __call__(self, picture: Picture) -> _Looked:
        """Runs in threads."""
        try:
            data = read_bytes(picture, self.limits)
            digest = hashlib.sha256(data).digest()
            if digest in self.cache:
                return _Looked(digest)
            image = decode(data, limits=self.limits, target=self.encoder.spec.image_size)
            return _Looked(digest, self.encoder.prepare(image))
        except PictureError as error:
            return _Looked(None, failure=error.reason)


def _items(catalogue: Catalogue, failures: Counter[str]) -> Iterator[Item]:
    seen: set[str] = set()
    for each in catalogue:
        if isinstance(each, Failure):
            failures[str(each.reason)] += 1
        elif each.id in seen:
            failures[str(Reason.DUPLICATE_ID)] += 1
        else:
            seen.add(each.id)
            failures.update(str(failure.reason) for failure in each.failures)
            yield each


_Flying = list[tuple[Item, list["Future[_Looked]"]]]


def _looked_at(
    items: Iterable[Item], look: _Look, pool: ThreadPoolExecutor
) -> Iterator[list[tuple[Item, list[_Looked]]]]:
    """Chunks of items with their pictures looked at, in order; the next chunks are read while one is used."""
    flying: deque[_Flying] = deque()
    chunk: _Flying = []
    for item in items:
        chunk.append((item, [pool.submit(look, picture) for picture in item.pictures]))
        if sum(len(looked) for _, looked in chunk) >= IndexSettings().batch_size:
            flying.append(chunk)
            chunk = []
        if len(flying) > _CHUNKS_AHEAD:
            yield _landed(flying.popleft())
    for rest in (*flying, chunk):
        yield _landed(rest)


def _landed(chunk: _Flying) -> list[tuple[Item, list[_Looked]]]:
    return [(item, [each.result() for each in looked]) for item, looked in chunk]


def _encode_new(looked: list[_Looked], encoder: Encoder, cache: VectorCache) -> None:
    new = {each.digest: each.pixels for each in looked if each.digest is not None and each.pixels is not None}
    new = {digest: pixels for digest, pixels in new.items() if digest not in cache}
    if new:
        cache.add(list(new), encoder.encode_pixels(np.stack(list(new.values()))))


def _texts(metadata: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in metadata.items() if isinstance(value, str | list) and value}
