"""Part ``build``: what building costs, what the index weighs, how soon a fresh process answers.

Building is what ``maintain`` does behind the commits: sealing the vectors, training, adding, and tuning the search.
Times of peers are of the one build that is kept; processor seconds beside them tell how busy the machine was.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.million.building import folder_of
from benchmarks.million.collection import BATCH, collection, figures_of
from benchmarks.million.data import Data
from benchmarks.million.peers import PEERS
from benchmarks.million.report import Report
from benchmarks.million.run import Run
from shelfsight.core.protocols import Manifest
from shelfsight.stores import read_manifest

__all__ = ["run"]

BUILD_SECONDS, BYTES, OPEN_SECONDS = 240.0, 640.0, 2.0
_TIMES = 3
_TIMED = ("answer", "all", "second")


def run(run: Run) -> None:
    report = run.report("build")
    path = collection(run.data, run.work)
    _building(report, run.data, path)
    for name in run.peers:
        _peer(report, name, run)
    _opening(report, run.data, path)


def _building(report: Report, data: Data, path: Path) -> None:
    figures, manifest = figures_of(path), read_manifest(path)
    report.figures["ours"] = figures
    report.row(
        f"commits of {BATCH:,}",
        f"{data.items / figures['commit']:,.0f} vectors/s; {figures['commit']:.0f} s, the items made in advance",
        parameters=f"one process; load {figures['load']:.1f}; peak {figures['peak'] / 2**30:.2f} GB",
    )
    report.row(
        f"build, {data.items:,} x {data.vectors.shape[1]}",
        f"{figures['maintain']:.0f} s ({figures['maintain_cpu']:.0f} s of processor)",
        asked="< 240 s",
        parameters=_index_text(manifest),
        met=figures["maintain"] < BUILD_SECONDS,
    )
    weight = 0.0 if manifest.index is None else manifest.index.bytes_per_vector
    report.row(
        "index bytes a vector in memory",
        f"{weight:.0f}" if weight else "not said",
        asked="<= 640",
        parameters=f"the collection on disk: {_disk(path) / data.items:.0f}, float32 originals included",
        met=weight <= BYTES if weight else None,
    )


def _index_text(manifest: Manifest) -> str:
    index = manifest.index
    if index is None:
        return "no index"
    recall = "" if index.recall is None else f"; recall@10 {index.recall:.4f} on {index.queries} held out"
    return f"{index.kind}; {dict(index.parameters)}; index alone {index.seconds:.0f} s{recall}"


def _peer(report: Report, name: str, run: Run) -> None:
    """Of the largest index of it that was built here."""
    items = min(run.data.items, run.peer_items or PEERS[name]().most or run.data.items)
    file = folder_of(name, run.data.first(items), run.work) / "built.json"
    if not file.exists():
        return
    figures = json.loads(file.read_text())
    report.figures[name] = figures
    report.row(
        f"build and weight of {name}, {items:,}",
        f"{figures['seconds']:.0f} s ({figures['cpu']:.0f} s of processor); files of"
        f" {figures['disk'] / items:.0f} bytes a vector",
        parameters=f"{figures['threads']} threads; load {figures['load']:.1f}; peak {figures['peak'] / 2**30:.2f} GB",
    )


def _opening(report: Report, data: Data, path: Path) -> None:
    """From ``open_store`` to the first ten hits, in new processes; then with the files out of the page cache."""
    for state in ("warm", "cold"):
        found: list[dict[str, Any]] = []
        for _ in range(_TIMES):
            if state == "cold":
                _evict(path)
            found.append(_open_once(data, path))
        report.figures[state] = found
        seconds, process, second = (float(np.median([each[key] for each in found])) for key in _TIMED)
        report.row(
            f"reopening to the first hits, files {'in' if state == 'warm' else 'out of'} the page cache",
            f"{seconds:.2f} s; with interpreter and imports {process:.2f} s",
            asked="< 2 s",
            parameters=f"median of {_TIMES} processes; then {second:.1f} ms a search",
            met=seconds < OPEN_SECONDS,
        )


def _open_once(data: Data, path: Path) -> dict[str, Any]:
    start = perf_counter()
    command = [sys.executable, "-m", "benchmarks.million.opening", str(path), str(data.folder)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {"all": perf_counter() - start, **json.loads(said)}


def answer_once(path: Path, folder: Path) -> dict[str, float]:
    """Seconds to the first answer, and milliseconds of one after ten."""
    from shelfsight.stores import open_store

    queries = np.load(folder / "queries.npy", mmap_mode="r")
    start = perf_counter()
    store = open_store(path)
    snapshot = store.snapshot()
    first = snapshot.search(queries[:1], 10)
    snapshot.items([match.id for match in first[0]])
    answer = perf_counter() - start
    for query in queries[1:11]:
        start = perf_counter()
        snapshot.search(query[None], 10)
    return {"answer": answer, "second": (perf_counter() - start) * 1000}


def _evict(path: Path) -> None:
    """Asks the system to forget the files; one that is still being written stays."""
    for file in path.rglob("*"):
        if file.is_file():
            handle = os.open(file, os.O_RDONLY)
            try:
                os.fsync(handle)
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(handle)


def _disk(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


if __name__ == "__main__":
    print(json.dumps(answer_once(Path(sys.argv[1]), Path(sys.argv[2]))))
