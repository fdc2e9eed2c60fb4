"""Our side: a collection of the benchmark's items, built by commits in a process of its own, and kept."""

import json
import os
import resource
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.million.catalogue import Catalogue, changes, encoder_of
from benchmarks.million.data import Data
from benchmarks.million.report import published
from shelfsight.core.protocols import Store
from shelfsight.stores import create_store

__all__ = ["BATCH", "collection", "figures_of", "folder_of", "grow"]

BATCH = 8192


def collection(data: Data, work: Path, kind: str = "faiss") -> Path:
    """The folder of a sealed, maintained collection; built where it is not there whole.

    Raises:
        RuntimeError: building failed, and its process has said why.
    """
    folder = folder_of(data, work, kind)
    if not (folder / "built.json").exists():
        command = [sys.executable, "-m", "benchmarks.million.collection", str(data.folder), str(data.items)]
        threads = str(len(os.sched_getaffinity(0)))
        subprocess.run([*command, str(folder), kind], check=False, env=os.environ | {"OMP_NUM_THREADS": threads})
    if not (folder / "built.json").exists():
        raise RuntimeError(f"{folder} could not be built")
    return folder / "shop.collection"


def folder_of(data: Data, work: Path, kind: str = "faiss") -> Path:
    """Where the collection and what is known of its building are, or will be."""
    return work / "collections" / data.folder.name / f"{kind}-{data.items}"


def figures_of(path: Path) -> dict[str, Any]:
    """How building went: ``commit`` and ``maintain`` in seconds, ``cpu`` of both, ``peak`` bytes, ``threads``."""
    return dict(json.loads((path.parent / "built.json").read_text()))


def grow(data: Data, folder: Path, kind: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    catalogue = Catalogue(data)
    with closing(create_store(folder / "shop.collection", kind=kind, encoder=encoder_of(data))) as store:
        start = perf_counter()
        made = _commit(store, catalogue)
        committed = perf_counter()
        before = _cpu()
        store.maintain()
        done = perf_counter()
    published(
        folder / "built.json",
        {
            "commit": committed - start - made,
            "maintain": done - committed,
            "maintain_cpu": _cpu() - before,
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "threads": int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)),
            "load": os.getloadavg()[0],
        },
    )


def _commit(store: Store, catalogue: Catalogue) -> float:
    """Seconds that making the changes took, which are the benchmark's and not the store's."""
    made, last = 0.0, perf_counter()
    for part in changes(catalogue, BATCH):
        made += perf_counter() - last
        store.commit(part)
        last = perf_counter()
    return made


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    _data, _items, _folder, _kind = sys.argv[1:]
    grow(Data(Path(_data), int(_items)), Path(_folder), _kind)
