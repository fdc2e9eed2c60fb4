"""Indexing beside what it is made of: the same pictures decoded only, encoded only, and indexed, round after round."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import numpy.typing as npt

from shelfsight.core.errors import PictureError
from shelfsight.core.pictures import decode, read_bytes
from shelfsight.core.protocols import Catalogue, Encoder
from shelfsight.core.settings import Settings
from shelfsight.core.types import Item, Picture
from shelfsight.indexer import Report, index
from shelfsight.indexer.batches import batch_size
from shelfsight.stores import create_store

__all__ = ["Rates", "Setup", "index_once", "measure_rates"]

_ENCODE_THREADS = 2  # as the indexer has


@dataclass(frozen=True, slots=True)
class Setup:
    """What all rounds have in common."""

    catalogue: Catalogue
    encoder: Encoder
    store: str
    settings: Settings

    @property
    def batch_size(self) -> int:
        return batch_size(self.encoder, self.settings.index)


@dataclass(slots=True)
class Rates:
    """Pictures a second, one figure a round."""

    decode: list[float] = field(default_factory=list)
    encode: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)

    def to_sum(self) -> list[float]:
        """Indexing against decoding and encoding one after the other: the yardstick where both share the cores."""
        return [e * (1 / d + 1 / n) for e, d, n in zip(self.whole, self.decode, self.encode, strict=True)]

    def to_slower(self) -> list[float]:
        """Indexing against the slower of the two: the yardstick where encoding has a device of its own."""
        return [e / min(d, n) for e, d, n in zip(self.whole, self.decode, self.encode, strict=True)]

    def figures(self) -> dict[str, dict[str, float]]:
        """Name -> median, least and greatest of the rounds."""
        named = {
            "decode only, pictures a second": self.decode,
            "encode only, pictures a second": self.encode,
            "index end to end, pictures a second": self.whole,
            "end to end / (1 / (1/decode + 1/encode))": self.to_sum(),
            "end to end / slower of the two": self.to_slower(),
        }
        return {name: {"median": median(v), "least": min(v), "greatest": max(v)} for name, v in named.items()}


def measure_rates(setup: Setup, rounds: int) -> Rates:
    """Each round takes all three figures in turn, so that what else the machine does weighs on them alike."""
    pictures = _usable(setup)
    batch = np.stack([_prepared(setup, picture) for picture in pictures[: setup.batch_size]])
    _encode(setup, batch, 2 * _ENCODE_THREADS * len(batch))  # whatever is made on first use
    rates = Rates()
    for _ in range(rounds):
        rates.decode.append(len(pictures) / _seconds(lambda: _decode(setup, pictures)))
        rates.encode.append(len(pictures) / _seconds(lambda: _encode(setup, batch, len(pictures))))
        rates.whole.append(_rate_of(setup))
    return rates


def _usable(setup: Setup) -> list[Picture]:
    """Those that can be decoded; the files are in the system's memory from now on."""
    pictures = [each for item in setup.catalogue if isinstance(item, Item) for each in item.pictures]
    with ThreadPoolExecutor(setup.settings.index.decode_threads) as pool:
        usable = list(pool.map(lambda picture: _is_usable(setup, picture), pictures))
    found = [picture for picture, good in zip(pictures, usable, strict=True) if good]
    if not found:
        raise SystemExit(f"{setup.catalogue.name} has no picture that can be decoded")
    return found


def _is_usable(setup: Setup, picture: Picture) -> bool:
    try:
        _prepared(setup, picture)
    except PictureError:
        return False
    return True


def index_once(setup: Setup) -> Report:
    """The catalogue into a new collection, which is thrown away."""
    with (
        TemporaryDirectory() as folder,
        closing(create_store(Path(folder) / "rate.collection", kind=setup.store, encoder=setup.encoder.spec)) as store,
    ):
        return index(setup.catalogue, encoder=setup.encoder, store=store, settings=setup.settings)


def _rate_of(setup: Setup) -> float:
    report = index_once(setup)
    return report.encoded / report.seconds


def _decode(setup: Setup, pictures: Sequence[Picture]) -> None:
    """Read, decode and resize in as many threads as the indexer uses."""
    with ThreadPoolExecutor(setup.settings.index.decode_threads) as pool:
        running = pool.map(lambda picture: _prepared(setup, picture).nbytes, pictures)
        assert sum(running) > 0


def _prepared(setup: Setup, picture: Picture) -> npt.NDArray[np.uint8]:
    limits = setup.settings.pictures
    image = decode(read_bytes(picture, limits), limits=limits, target=setup.encoder.spec.image_size)
    return setup.encoder.prepare(image)


def _encode(setup: Setup, batch_bchw: npt.NDArray[np.uint8], pictures: int) -> None:
    """``pictures`` pictures in the indexer's batches, as many batches at a time as it runs."""
    whole, rest = divmod(pictures, len(batch_bchw))
    batches = [batch_bchw] * whole + [batch_bchw[:rest]] * bool(rest)
    with ThreadPoolExecutor(_ENCODE_THREADS) as pool:
        for _ in pool.map(setup.encoder.encode_pixels, batches):
            pass


def _seconds(call: Callable[[], None]) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start
