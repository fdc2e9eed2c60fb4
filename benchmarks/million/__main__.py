"""The table of a million items, part by part, each in a process of its own.

    python -m benchmarks.million --work DIR [--items 1000000] [--dimension 512] [--only PART,...] [--data NPY]
        [--peers NAME,...] [--peer-items N] [--rounds 5] [--seconds 0.5] [--rebuild]

What takes long (vectors, exact answers, collections, peers' indexes) is made once below ``--work`` and used again;
results are there as JSON. A part can be run again alone; the table at the end is of all parts that ever ran.
"""

import os
import shutil
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from importlib import import_module

from benchmarks.million.collection import folder_of
from benchmarks.million.data import add_data_arguments, prepare
from benchmarks.million.peers import PEERS
from benchmarks.million.report import table
from benchmarks.million.run import Run

PARTS = {
    "search": "searching",
    "build": "opening",
    "filters": "filtering",
    "facets": "facets",
    "live": "live",
    "parity": "parity",
    "data": "likeness",
}
"""Part -> module with its ``run``."""


def main(argv: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if argv is None else argv)
    arguments = _arguments(given)
    run = _run(arguments)
    parts = arguments.only.split(",") if arguments.only else list(PARTS)
    if arguments.here:
        import_module(f"benchmarks.million.{PARTS[parts[0]]}").run(run)
        return 0
    if arguments.rebuild:
        shutil.rmtree(folder_of(run.data, run.work), ignore_errors=True)
    print(f"{run.data.folder.name}: {run.data.items:,} items; load {os.getloadavg()[0]:.1f}", flush=True)
    codes = {}
    for part in parts:
        print(f"\n== {part}", flush=True)
        command = [sys.executable, "-m", "benchmarks.million", *given, "--only", part, "--here"]
        codes[part] = subprocess.run(command, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"}).returncode
    print("\n" + table(run.results, list(PARTS)))
    for part, code in codes.items():
        if code:
            print(f"part {part} failed with {code}")
    return int(any(codes.values()))


def _run(arguments: Namespace) -> Run:
    data = prepare(
        arguments.work,
        items=arguments.items,
        dimension=arguments.dimension,
        seed=arguments.seed,
        data=arguments.data,
    )
    return Run(
        data=data,
        work=arguments.work,
        peers=[name for name in arguments.peers.split(",") if name],
        peer_items=arguments.peer_items,
        rounds=arguments.rounds,
        seconds=arguments.seconds,
        cpu=max(os.sched_getaffinity(0)),
    )


def _arguments(argv: Sequence[str]) -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.million", description="A million items, beside other libraries.")
    add_data_arguments(parser)
    parser.add_argument("--only", help=f"parts, of {','.join(PARTS)} (default: all)")
    parser.add_argument("--peers", default=",".join(PEERS), help="whom to compare with (default: %(default)s)")
    parser.add_argument("--peer-items", type=int, help="the most items that peers get (default: what each can bear)")
    parser.add_argument("--rounds", type=int, default=5, help="of timing (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=0.5, help="a setting and round (default: %(default)s)")
    parser.add_argument("--rebuild", action="store_true", help="our collection, which is kept otherwise")
    parser.add_argument("--here", action="store_true", help="run the one part in this process")
    arguments = parser.parse_args(argv)
    unknown = {*(arguments.only.split(",") if arguments.only else ())} - PARTS.keys()
    unknown |= {name for name in arguments.peers.split(",") if name} - PEERS.keys()
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
