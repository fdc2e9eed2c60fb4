"""Run in a process of its own by the indexer tests: ``python index_child.py COMMAND ...``."""

import json
import resource
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from shops import PatchEncoder, Shop, picture_bytes, settings

from shelfsight.core.errors import ShelfsightError
from shelfsight.core.types import Failure, Item, Picture
from shelfsight.indexer import index, report_of
from shelfsight.stores import create_store


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


class Endless:
    """``count`` items made as they are read; ``-1``: without end."""

    name = "endless"

    def __init__(self, count: int, pictures: int = 1, side: int = 64) -> None:
        self._count = count
        self._pictures = [
            Picture(name=f"bytes#{n}", data=picture_bytes(n, (side, side), "JPEG")) for n in range(pictures)
        ]

    def __iter__(self) -> Iterator[Item | Failure]:
        number = 0
        while number != self._count:
            pictures = tuple(Picture(name=p.name, data=bytes(bytearray(p.data or b""))) for p in self._pictures)
            yield Item(id=f"{number:09}", pictures=pictures, metadata={"price": number}, place=f"#{number}")
            number += 1

    def count(self) -> int | None:
        return None


def full(folder: Path, limit: int) -> None:
    """Index until no file may grow further than ``limit`` bytes."""
    store = create_store(folder / "full.collection", kind="exact", encoder=PatchEncoder.spec)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        index(Endless(5000), encoder=PatchEncoder(), store=store, settings=settings(commit_items=100))
    except ShelfsightError as error:
        report = report_of(error)
        say(error.code, json.dumps(report.to_json() if report else None))
    say(threading.active_count())


def until_told(folder: Path) -> None:
    """Index without end; say every batch; say how it ended."""
    store = create_store(folder / "told.collection", kind="exact", encoder=PatchEncoder.spec)

    def progress(done: int, total: int | None, *, pictures: int, failed: int) -> None:
        del total, pictures, failed
        say("done", done)

    try:
        index(Endless(-1), encoder=PatchEncoder(), store=store, settings=settings(), progress=progress)
    except KeyboardInterrupt as error:
        report = report_of(error)
        say("interrupted", json.dumps(report.to_json() if report else None))
    say("threads", threading.active_count())
    say("handler", signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)


def memory(folder: Path, items: int) -> None:
    """The resident megabytes that a job of so many three-picture items adds."""
    shop = Shop(folder / "warm")
    shop.fill(40)
    store = create_store(folder / "warm.collection", kind="exact", encoder=PatchEncoder.spec)
    index(shop, encoder=PatchEncoder(), store=store, settings=settings())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    store = create_store(folder / "memory.collection", kind="exact", encoder=PatchEncoder.spec)
    report = index(
        Endless(items, pictures=3, side=300), encoder=PatchEncoder(), store=store, settings=settings(commit_items=100)
    )
    say(report.indexed, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)


def main() -> None:
    command, folder, *rest = sys.argv[1:]
    match command:
        case "full":
            full(Path(folder), int(rest[0]))
        case "until-told":
            until_told(Path(folder))
        case "memory":
            memory(Path(folder), int(rest[0]))


if __name__ == "__main__":
    main()
