"""Run in a process of its own by the store tests: ``python store_child.py COMMAND COLLECTION [ARGUMENT ...]``."""

import resource
import signal
import sys
from pathlib import Path

from notes_samples import noted_shop
from store_samples import change, random_changes, update

from shelfsight.core.errors import ShelfsightError
from shelfsight.core.protocols import Change, Store
from shelfsight.stores import open_store

BATCH = 20


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def batches(store: Store, seed: int, count: int) -> None:
    """Commit numbered batches, each said after it is durable; upsert the first again; maintain now and then."""
    for number in range(count):
        store.commit(batch(seed, number))
        say("committed", number)
        if number % 7 == 6:
            store.maintain()
    say("done")


def batch(seed: int, number: int) -> list[Change]:
    """New items, and a new version of item 0 of this writer that tells the batch's number."""
    fresh = random_changes(BATCH, seed=seed * 1000 + number, start=seed * 100_000 + number * BATCH)
    return [*fresh, change(f"last-{seed}", [[1.0 + number, 1, 0, 0, 0, 0, 0, 0]], {"batch": number})]


def one(store: Store, id: str, price: int) -> None:
    store.commit([update(id, {"price": price})])
    say("done")


def hold(store: Store) -> None:
    with store.lease("nightly job"):
        say("held")
        sys.stdin.readline()


def fill(store: Store, limit: int) -> None:
    """Commit until something gives, with files limited to ``limit`` bytes (0: not limited)."""
    if limit:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    for number in range(10_000):
        try:
            store.commit(batch(1, number))
        except ShelfsightError as error:
            say("failed", number, error.code)
            return
        say("committed", number)


def notes(store: Store, seed: int, count: int) -> None:
    """Commit items, note them, delete some of the turn before and change the pictures of others; say each turn."""
    for number in range(count):
        noted_shop(store, seed, number)
        say("noted", number)
        if number % 5 == 4:
            store.maintain()
    say("done")


def main() -> None:
    command, path, *arguments = sys.argv[1:]
    store = open_store(Path(path))
    match command:
        case "batches":
            batches(store, int(arguments[0]), int(arguments[1]))
        case "notes":
            notes(store, int(arguments[0]), int(arguments[1]))
        case "update":
            one(store, arguments[0], int(arguments[1]))
        case "hold":
            hold(store)
        case "fill":
            fill(store, int(arguments[0]))
    store.close()


if __name__ == "__main__":
    main()
