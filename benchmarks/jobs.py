"""What an indexing job costs those who search meanwhile: percentiles of searches over HTTP, without a job and with one.

    python benchmarks/jobs.py [--items 1500] [--seconds 10] [--rounds 3] [--clients 2] [--niceness 10]

A demo catalogue is rendered and one half of it indexed; the jobs index the whole, again and again under other ids. The
baseline is the same server in the same run, in turns with the jobs. Every search asks something else.
"""

import argparse
import csv
import itertools
import re
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from subprocess import Popen
from sys import executable

import httpx
import numpy as np

from shelfsight import open_engine
from shelfsight.catalog.demo import write_catalogue

WORDS = ("red", "blue", "green", "striped", "floral", "leather", "wooden", "small", "soft", "round")
THINGS = ("dress", "mug", "lamp", "sofa", "bag", "shoe", "coat", "chair", "scarf", "vase")
PHRASES = (f"{' '.join(words)} {thing} {number}" for number in itertools.count() for words in
           itertools.permutations(WORDS, 2) for thing in THINGS)  # fmt: skip


def search_for(url: str, seconds: float, phrases: list[str]) -> list[float]:
    """Milliseconds of one search after another."""
    taken = []
    with httpx.Client(base_url=url, timeout=60) as client:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            begun = time.perf_counter()
            client.post("/v1/search", json={"query": phrases.pop(), "k": 10}).raise_for_status()
            taken.append(1000 * (time.perf_counter() - begun))
    return taken


def round_of(url: str, seconds: float, clients: int) -> list[float]:
    with ThreadPoolExecutor(clients) as pool:
        lists = [list(itertools.islice(PHRASES, int(seconds * 1000))) for _ in range(clients)]
        return [each for part in pool.map(lambda phrases: search_for(url, seconds, phrases), lists) for each in part]


def renamed(catalogue: Path, turn: int) -> str:
    """The catalogue with ids that the collection does not have."""
    path = catalogue.with_name(f"turn-{turn}.csv")
    with catalogue.open(newline="") as source, path.open("w", newline="") as target:
        rows = csv.DictReader(source)
        table = csv.DictWriter(target, rows.fieldnames or [])
        table.writeheader()
        table.writerows({**row, "id": f"{turn}-{row['id']}"} for row in rows)
    return path.name


def begun(client: httpx.Client, place: str) -> dict[str, float]:
    """How far a job is as soon as it has encoded something."""
    while not (found := client.get(place).json())["progress"]["pictures"]:
        if found["ended"]:
            raise SystemExit(f"the job ended before it began: {found}")
        time.sleep(0.2)
    return dict(found["progress"])


def measure(url: str, catalogue: Path, asked: argparse.Namespace) -> None:
    idle: list[float] = []
    busy: list[float] = []
    pictures, spent = 0, 0.0
    with httpx.Client(base_url=url, timeout=60) as client:
        while client.get("/readyz").status_code != 200:
            time.sleep(0.2)
        round_of(url, 2, asked.clients)
        for turn in range(asked.rounds):
            idle += round_of(url, asked.seconds, asked.clients)
            place = client.post("/v1/jobs", json={"source": renamed(catalogue, turn)}).headers["location"]
            before = begun(client, place)
            busy += round_of(url, asked.seconds, asked.clients)
            after = client.get(place).json()
            if after["state"] != "running":
                print("  a job ended while it was measured: render more --items")
            pictures += after["progress"]["pictures"] - before["pictures"]
            spent += after["progress"]["seconds"] - before["seconds"]
            client.post(f"{place}/cancel")
            while not client.get(place).json()["ended"]:
                time.sleep(0.2)
    for name, taken in (("without a job", idle), ("with a job", busy)):
        p50, p99 = np.percentile(taken, (50, 99))
        print(f"{name:14} p50 {p50:7.1f} ms  p99 {p99:7.1f} ms  {len(taken):6,} searches")
    ratios = np.percentile(busy, (50, 99)) / np.percentile(idle, (50, 99))
    print(f"a search with a job takes {ratios[0]:.2f}x (p50), {ratios[1]:.2f}x (p99) of what it takes without one")
    print(f"the job meanwhile: {pictures / max(spent, 1e-9):.1f} pictures/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=1500)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=2)
    parser.add_argument("--niceness", type=int, default=10)
    asked = parser.parse_args()
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        write_catalogue(folder / "shop", seed=1, count=asked.items)
        catalogue = folder / "shop" / "catalog.csv"
        rows = catalogue.read_text().splitlines(keepends=True)
        half = catalogue.with_name("half.csv")
        half.write_text("".join(rows[: len(rows) // 2]))
        with open_engine(folder / "shop.collection", create=True) as engine:
            engine.index(half)
        command = [executable, "-m", "shelfsight", "serve", "-c", str(folder / "shop.collection"), "--port", "0"]
        for name, value in {"roots": f'["{folder / "shop"}"]', "niceness": str(asked.niceness)}.items():
            command += ["--set", f"jobs.{name}={value}"]
        log = folder / "server.log"  # a pipe that nobody reads would fill, and stop the server
        server = held.enter_context(Popen(command, stderr=held.enter_context(log.open("w"))))
        held.callback(server.terminate)
        while not (found := re.search(r"http://\S+", log.read_text())):
            if server.poll() is not None:
                raise SystemExit(log.read_text())
            time.sleep(0.2)
        measure(found.group().rstrip("/"), catalogue, asked)


if __name__ == "__main__":
    main()
