"""Peers' indexes: built once, in a process of their own, and kept below the working folder."""

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from benchmarks.million.data import Data
from benchmarks.million.peers import PEERS
from benchmarks.million.report import published

__all__ = ["build_here", "built", "folder_of"]


def built(name: str, data: Data, work: Path, threads: int = 2) -> Path | None:
    """The folder of a peer's index over ``data``; built in another process where it is not there. ``None``: that
    failed, and the process has said why."""
    folder = folder_of(name, data, work)
    if not (folder / "built.json").exists():
        command = [sys.executable, "-m", "benchmarks.million.building", name, str(data.folder), str(data.items)]
        subprocess.run([*command, str(work), str(threads)], check=False, env=os.environ | {"OMP_NUM_THREADS": "1"})
    return folder if (folder / "built.json").exists() else None


def build_here(name: str, data: Data, work: Path, threads: int) -> None:
    folder = folder_of(name, data, work)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    start = perf_counter()
    PEERS[name]().build(data.vectors, folder, threads)
    mine, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    figures = {
        "seconds": perf_counter() - start,
        "cpu": sum(each.ru_utime + each.ru_stime for each in (mine, children)),
        "threads": threads,
        "disk": sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
        "peak": mine.ru_maxrss * 1024,
        "load": os.getloadavg()[0],
    }
    published(folder / "built.json", figures)
    print(name, data.items, json.dumps(figures), flush=True)


def folder_of(name: str, data: Data, work: Path) -> Path:
    """Where the index of a peer over ``data`` is, or will be."""
    return work / "peers" / data.folder.name / f"{name}-{data.items}"


if __name__ == "__main__":
    _name, _data, _items, _work, _threads = sys.argv[1:]
    build_here(_name, Data(Path(_data), int(_items)), Path(_work), int(_threads))
