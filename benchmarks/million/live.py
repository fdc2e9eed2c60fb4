"""Part ``live``: whole searches while another process upserts, against the same searches alone.

A search is what an engine does from text to hits: the embedded text encoder, retrieval, items, total, and facets over
two fields. The embedded encoder's vectors have another length than the benchmark's, so the text is really encoded and
the mixture's query vector is then taken for the answer. The writer commits 512 upserts at a time (half of them new
items, half new versions of old ones, all with vectors), at a pace a little above what is asked; then as fast as it can.
The collection is a copy. Idle and busy spells alternate.
"""

import os
import selectors
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from time import perf_counter, process_time, sleep
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.million.catalogue import Catalogue, item
from benchmarks.million.collection import collection
from benchmarks.million.data import Data
from benchmarks.million.mixture import Mixture
from benchmarks.million.report import Report
from benchmarks.million.run import Run
from shelfsight.core.protocols import Change, Encoder, EncoderSpec, Store
from shelfsight.core.settings import Settings
from shelfsight.core.types import Query
from shelfsight.core.vectors import FloatArray
from shelfsight.models import open_encoder
from shelfsight.search import Searcher
from shelfsight.stores import open_store

__all__ = ["run"]

COMMIT, ASKED, TIMES = 512, 3000.0, 3.0
_PACE = 1.1 * ASKED
_SPELL = 16  # times --seconds
_SPELLS = 2
_NEW = 10_000_000  # rows of new items start here
_LARGE = 16 * 2**20


class Borrowed:
    """The embedded encoder's work, the mixture's vectors: text number i is answered with query i."""

    def __init__(self, encoder: Encoder, vectors: FloatArray) -> None:
        self._encoder, self._vectors = encoder, vectors
        spec = encoder.spec
        self.spec = EncoderSpec(
            name=spec.name,
            revision=spec.revision,
            fingerprint=spec.fingerprint,
            dimension=int(vectors.shape[1]),
            image_size=spec.image_size,
        )

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        self._encoder.encode_texts(texts)
        return self._vectors[[int(text.rsplit(" ", 1)[1]) % len(self._vectors) for text in texts]]

    def prepare(self, picture: Any) -> npt.NDArray[np.uint8]:
        return self._encoder.prepare(picture)

    def encode_pixels(self, pixels_bchw: npt.NDArray[np.uint8]) -> FloatArray:
        return self._encoder.encode_pixels(pixels_bchw)


def run(run: Run) -> None:
    report = run.report("live")
    copy = _copied(collection(run.data, run.work), run.work / "live")
    with closing(open_store(copy)) as store:
        asker = Asker(Searcher(Borrowed(open_encoder("embedded"), run.data.throughput_queries), store, Settings()))
        asker.spell(4 * run.seconds)  # warm
        idle: list[float] = []
        for name, pace in (("at a pace", _PACE), ("as fast as it goes", float("inf"))):
            busy, rates = [], []  # rates: by the clock, by the processor
            for _ in range(_SPELLS):
                idle += asker.spell(_SPELL * run.seconds)
                with Writer(copy, run.data, pace) as writer:
                    busy += asker.spell(_SPELL * run.seconds)
                rates.append((writer.rate, writer.by_processor))
            _tell(report, name, idle, busy, np.median(rates, axis=0).tolist())
        _visibility(report, store, run.data)
    shutil.rmtree(run.work / "live")


class Asker:
    """Texts asked one after the other, each once."""

    def __init__(self, searcher: Searcher) -> None:
        self._searcher = searcher
        self._asked = 0

    def spell(self, seconds: float) -> list[float]:
        """Milliseconds of each search."""
        took = []
        end = perf_counter() + seconds
        while (start := perf_counter()) < end:
            self._asked += 1
            query = Query(text=f"red running shoes number {self._asked}", facets=("brand", "colour"))
            page = self._searcher.search(query)
            took.append((perf_counter() - start) * 1000)
            assert len(page.hits) == 10
        return took


class Writer:
    """A process that upserts while the context lasts."""

    def __init__(self, path: Path, data: Data, pace: float) -> None:
        command = [sys.executable, "-m", "benchmarks.million.live", str(path), str(data.folder), str(data.items)]
        self._process = subprocess.Popen(
            [*command, str(pace)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        self.rate = self.by_processor = 0.0
        """Vectors a second, and a second of its processor, once the context has ended."""

    def __enter__(self) -> "Writer":
        assert self._process.stdout is not None
        self._process.stdout.readline()  # it is ready
        self._say("go")
        return self

    def __exit__(self, *_: object) -> None:
        self._say("stop")
        assert self._process.stdout is not None
        self.rate, self.by_processor = map(float, (self._process.stdout.readline() or "0 0").split())
        self._process.wait()

    def _say(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()


def write_until_told(path: Path, data: Data, pace: float) -> None:
    """The writer's process: says when it is ready, waits for a line, commits until the next, says its rate."""
    batches = _batches(data, os.getpid())
    with closing(open_store(path)) as store:
        print("ready", flush=True)
        sys.stdin.readline()
        done, start, used = 0, perf_counter(), process_time()
        with selectors.DefaultSelector() as told:
            told.register(sys.stdin, selectors.EVENT_READ)
            while not told.select(0):
                store.commit(batches[done % len(batches)])
                done += 1
                sleep(max(0.0, done * COMMIT / pace - (perf_counter() - start)))
        print(done * COMMIT / (perf_counter() - start), done * COMMIT / (process_time() - used), flush=True)


def _batches(data: Data, seed: int) -> list[list[Change]]:
    """Commits made in advance: every other item is new, the others are old ones with another vector."""
    count = 64
    mixture = Mixture(dimension=int(data.vectors.shape[1]))
    vectors = mixture.queries(count * COMMIT, seed=100 + seed % 1000)[0]
    rng = np.random.default_rng(seed)
    catalogue = Catalogue(data.first(min(data.items, 20_000)))
    rows = np.where(
        np.arange(count * COMMIT) % 2,
        rng.choice(data.items, count * COMMIT, replace=data.items < count * COMMIT),
        _NEW + seed * count * COMMIT + np.arange(count * COMMIT),
    )
    changes = [
        Change(item=item(int(row), catalogue.metadata(int(row) % catalogue.data.items), 2), vectors=vectors[i][None])
        for i, row in enumerate(rows)
    ]
    return [changes[start : start + COMMIT] for start in range(0, len(changes), COMMIT)]


def _tell(report: Report, name: str, idle: Sequence[float], busy: Sequence[float], rates: Sequence[float]) -> None:
    rate, by_processor = rates
    i50, i99 = np.quantile(idle, [0.5, 0.99])
    b50, b99 = np.quantile(busy, [0.5, 0.99])
    report.figures[name] = {"idle": list(idle), "busy": list(busy), "rate": rate}
    paced = name == "at a pace"
    report.row(
        f"upsert while searching, {name}",
        f"{rate:,.0f} vectors/s; whole search p99 {b99:.1f} ms against {i99:.1f} ms idle: {b99 / i99:.2f} x",
        asked="3,000/s, p99 < 3 x" if paced else "",
        parameters=f"{COMMIT} a commit, another process; p50 {b50:.1f} against {i50:.1f} ms; {len(busy)} searches;"
        f" writer {by_processor:,.0f} vectors a second of processor",
        met=bool(rate >= ASKED and b99 < TIMES * i99) if paced else None,
    )


def _visibility(report: Report, store: Store, data: Data) -> None:
    """From the end of a commit to the end of the first search that finds what it brought."""
    vectors = Mixture(dimension=int(data.vectors.shape[1])).queries(20, seed=99)[0]
    catalogue = Catalogue(data.first(min(data.items, 1000)))
    took = []
    for number, vector in enumerate(vectors):
        new = item(2 * _NEW + number, catalogue.metadata(number))
        store.commit([Change(item=new, vectors=vector[None])])
        start = perf_counter()
        while store.snapshot().search(vector[None], 1)[0][0].id != new.id:
            pass
        took.append((perf_counter() - start) * 1000)
    worst = max(took)
    report.row(
        "an upsert is found by the next search",
        f"after {np.median(took):.1f} ms, {worst:.1f} ms at most",
        asked="< 1 s",
        met=worst < 1000,
    )


def _copied(path: Path, to: Path) -> Path:
    """A copy. Large files are only ever replaced, never changed, and are linked; those of SQLite are copied."""
    shutil.rmtree(to, ignore_errors=True)

    def link(source: str, target: str) -> None:
        if Path(source).stat().st_size > _LARGE and ".sqlite" not in source:
            os.link(source, target)
        else:
            shutil.copy2(source, target)

    shutil.copytree(path, to / path.name, copy_function=link)
    return to / path.name


if __name__ == "__main__":
    _path, _data, _items, _pace = sys.argv[1:]
    write_until_told(Path(_path), Data(Path(_data), int(_items)), float(_pace))
