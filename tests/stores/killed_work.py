"""What the process does that ``test_hundred_kills.py`` kills: one kind of work after the other, each told before it
begins and after it has ended. Forked from a server that has everything imported already."""

import os
import random
import signal
import sys
from contextlib import closing
from dataclasses import replace
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from time import perf_counter, sleep

import faiss  # noqa: F401  # so that the server has it, and no child has to wait
import numpy as np
from ann_samples import EAGER, clustered, items_of
from store_samples import DIMENSION, SPEC, change

from shelfsight.core.listing import WordQuery
from shelfsight.core.protocols import Change, Store
from shelfsight.stores import open_store, open_version
from shelfsight.stores.backup import back_up
from shelfsight.stores.shadow import Changes, create_standby, discard, find_standby, migrating, switch
from shelfsight.stores.versions import active

KINDS_OF_WORK = ("upsert", "delete", "patch", "maintain", "words", "backup", "migrate")
WRITES = KINDS_OF_WORK[:3]
MARKER = "marker"
INDEXED = 3000
_POOL = 300


class Step:
    """Write number ``number``, the same wherever and whenever it is asked: what it upserts, deletes and patches.

    Every write carries a new version of one item that says its number.
    """

    def __init__(self, number: int) -> None:
        rng = np.random.default_rng(number)
        ids = [f"item-{i:03d}" for i in rng.choice(_POOL, 24, replace=False)]
        self.kind = WRITES[int(rng.integers(3))]
        self.changes: list[Change] = []
        self.deletes: list[str] = []
        self.patches: dict[str, dict[str, int]] = {}
        mark = {"number": number}
        if self.kind == "patch" and number:
            self.patches = {id: {"price": number} for id in ids} | {MARKER: mark}
            return
        upserts = 18 if self.kind == "upsert" else 6
        self.deletes = ids[upserts:]
        self.changes = [self._change(rng, id, number) for id in ids[:upserts]]
        self.changes.append(change(MARKER, [[1.0 + number, 1, 0, 0, 0, 0, 0, 0]], mark))

    def apply(self, store: Store) -> None:
        if self.patches:
            store.patch(self.patches)
        else:
            store.commit(self.changes, self.deletes)

    def _change(self, rng: np.random.Generator, id: str, number: int) -> Change:
        vectors = rng.standard_normal((rng.integers(1, 4), DIMENSION))
        return change(id, vectors, {"price": number, "brand": f"brand {number % 7}"}, title=f"shirt {number}")


def work(pipe: Connection, path: Path, next_write: int, seed: int, target: str, pause: float) -> None:
    """Until killed: two writes, then ``target``, ``pause`` seconds into which it kills itself, then anything. Says
    (kind, ``None``, 0.0) when it begins, and (kind, the last write that is acknowledged, seconds) when it has ended."""
    sys.setswitchinterval(1e-5)  # so that the kill comes when it is due
    chance = random.Random(seed)
    writes = count(next_write)
    done = next_write - 1
    step = Step(next(writes))
    store = open_store(path)
    for turn in count():
        kind = ("upsert", target)[turn // 2] if turn < 3 else chance.choice(KINDS_OF_WORK)
        kind = step.kind if kind in WRITES else kind
        pipe.send((kind, None, 0.0))
        if turn == 2:
            Thread(target=_kill, args=(pause,), daemon=True).start()
        start = perf_counter()
        if kind in WRITES:
            step.apply(store)
            done, step = done + 1, Step(next(writes))
        else:
            store = _other_work(kind, store, path, done)
        pipe.send((kind, done, perf_counter() - start))


def index(pipe: Connection, path: Path, next_write: int, pause: float) -> None:
    """Until killed: replaces 600 items that lie in an indexed collection and maintains it, ``pause`` seconds into which
    it kills itself. Says the number of the write once it is acknowledged, and then seconds that maintaining took."""
    sys.setswitchinterval(1e-5)
    store = open_store(path, vectors=EAGER)
    for number in count(next_write):
        store.commit(replaced(number))
        pipe.send((number, 0.0))
        if number == next_write:
            Thread(target=_kill, args=(pause,), daemon=True).start()
        start = perf_counter()
        store.maintain()
        pipe.send((number, perf_counter() - start))


def replaced(number: int) -> list[Change]:
    """New vectors for 600 of the items of :func:`ann_samples.items_of`; every item says by which write."""
    first = number * 600 % INDEXED
    vectors = clustered(600, seed=1000 + number)
    return [
        Change(item=replace(each.item, metadata={"number": number}), vectors=each.vectors)
        for each in items_of(vectors, start=first)
    ]


def _kill(pause: float) -> None:
    sleep(pause)
    os.kill(os.getpid(), signal.SIGKILL)


def _other_work(kind: str, store: Store, path: Path, done: int) -> Store:
    match kind:
        case "maintain":
            store.maintain()
        case "words":
            store.snapshot().words(WordQuery(text=f"shirt {done}"), 5)
        case "backup":
            back_up(path, path.parent / f"backup-{done}-{random.getrandbits(32):08x}")
        case "migrate":
            store.close()
            migrate(path)
            return open_store(path)
    return store


def migrate(path: Path) -> None:
    """To the other of two encoders whose vectors are the same: a new version is filled, switched to, and the old one is
    removed."""
    with migrating(path):
        left = find_standby(path)
        if left is not None:
            discard(path, left.name)
        with closing(open_store(path)) as source:
            spec = replace(SPEC, revision="r1" if source.manifest.encoder.revision != "r1" else "r2")
            standby = create_standby(path, source.manifest.store, spec)
            with closing(open_version(path, standby.name)) as target, Changes(active(path)) as changes:
                ids = list(source.ids())
                snapshot = source.snapshot()
                items = snapshot.items(ids)
                target.commit([Change(item=items[id], vectors=snapshot.vectors(id)) for id in ids])
                target.maintain()
                with changes.frozen():
                    switch(path, replace(standby, cursor=changes.items(standby.cursor, 10_000)[-1]), changes)
