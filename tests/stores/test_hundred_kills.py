"""A hundred SIGKILLs, at random instants of every kind of work on one collection, one after the other."""

import multiprocessing
import os
import random
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ann_samples import EAGER, best_ids, clustered, indexed, recall
from killed_work import INDEXED, KINDS_OF_WORK, MARKER, Step, index, replaced, work
from store_oracle import Oracle
from store_samples import DIMENSION, SPEC

from shelfsight.core.filters import parse
from shelfsight.core.protocols import Store
from shelfsight.core.vectors import FloatArray
from shelfsight.stores import create_store, open_store
from shelfsight.stores.backup import restore

KILLS, INDEX_KILLS = 100, 25
Said = tuple[str, int | None, float]


@dataclass
class Known:
    """What was acknowledged: an oracle, and the ids there were after each write."""

    oracle: Oracle = field(default_factory=Oracle)
    written: int = -1
    ids: dict[int, list[str]] = field(default_factory=lambda: {-1: []})

    def write(self) -> None:
        """Follow the next write."""
        self.written += 1
        step = Step(self.written)
        self.oracle.commit(step.changes, step.deletes)
        for id, patch in step.patches.items():
            if id in self.oracle.items:
                item, vectors = self.oracle.items[id]
                self.oracle.items[id] = (replace(item, metadata={**item.metadata, **patch}), vectors)
        self.ids[self.written] = sorted(self.oracle.items)


@pytest.mark.slow
def test_a_hundred_kills_lose_nothing(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each: all that was acknowledged is there, what was not is there whole or not at all, and what a snapshot
    finds is what a loop over its items finds. Backups that appeared are whole, of a state that was."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))  # for what the server imports in advance
    create_store(collection, kind="faiss", encoder=SPEC).close()
    chance = random.Random(0)
    known, seconds = Known(), dict.fromkeys(KINDS_OF_WORK, 0.02) | {"migrate": 0.3}
    amid: Counter[str] = Counter()
    for kill in range(KILLS):
        target = KINDS_OF_WORK[kill % len(KINDS_OF_WORK)]
        said: list[Said] = killed(work, collection, known.written + 1, kill, target, chance.random() * seconds[target])
        acknowledged = max((done for _, done, _ in said if done is not None), default=known.written)
        seconds |= {kind: (seconds[kind] + took) / 2 for kind, done, took in said if done is not None}
        if said[-1][1] is None:
            amid[said[-1][0]] += 1
            seconds[said[-1][0]] *= 1.3
        with closing(open_store(collection)) as store:
            check(store, known, acknowledged)
        check_backups(collection.parent, known)
    assert known.written > KILLS
    assert amid.total() > KILLS / 2, amid
    assert min(amid[kind] for kind in KINDS_OF_WORK) >= 2, amid


@pytest.mark.slow
def test_kills_while_an_index_is_built_lose_nothing(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each, all that was acknowledged is found, and nothing that was replaced; with half an index there is none,
    and the next maintenance makes it."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    vectors = clustered(INDEXED, seed=0)
    indexed(collection, vectors).close()
    chance, written, seconds, amid = random.Random(1), -1, 0.1, 0
    for _ in range(INDEX_KILLS):
        said = killed(index, collection, written + 1, chance.random() * seconds)
        took = [each for _, each in said if each]
        amid += not took
        seconds = (seconds + took[0]) / 2 if took else seconds * 1.3
        while written < said[-1][0]:
            written += 1
            for each in replaced(written):
                vectors[int(each.item.id[1:])] = each.vectors
        with closing(open_store(collection, vectors=EAGER)) as store:
            written += check_indexed(store, vectors, written)
    assert amid > INDEX_KILLS / 3
    with closing(open_store(collection, vectors=EAGER)) as store:
        store.maintain()
        report = store.manifest.index
        assert report is not None
        assert report.vectors == INDEXED
        check_indexed(store, vectors, written)


def check_indexed(store: Store, vectors: FloatArray, written: int) -> int:
    """1 where a write that was not acknowledged is there, whole; ``vectors`` have it then."""
    snapshot = store.snapshot()
    following = replaced(written + 1)
    there = snapshot.vectors(following[0].item.id)[0]
    more = int(np.array_equal(there, following[0].vectors[0]))
    for each in following if more else ():
        vectors[int(each.item.id[1:])] = each.vectors
    ids = [f"i{i:07}" for i in range(INDEXED)]
    assert np.array_equal(snapshot.picture_vectors([(id, 0) for id in ids]), vectors)
    queries = clustered(50, seed=written + 1)
    found = snapshot.search(queries, 10)
    for matches, query in zip(found, queries, strict=True):
        assert all(abs(match.score - float(vectors[int(match.id[1:])] @ query)) < 1e-5 for match in matches)
        assert len({match.id for match in matches}) == 10
    assert recall(found, [best_ids(vectors, query, 10) for query in queries]) > 0.9
    return more


def killed(target: Callable[..., None], *arguments: object) -> list[Any]:
    """All that the process said until it killed itself."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["killed_work"])
    mine, theirs = context.Pipe(duplex=False)
    process = context.Process(target=target, args=(theirs, *arguments))
    process.start()
    theirs.close()
    said: list[Any] = []
    with mine, suppress(EOFError):
        while mine.poll(60):
            said.append(mine.recv())
    process.join()
    assert process.exitcode == -signal.SIGKILL
    return said


def check(store: Store, known: Known, acknowledged: int) -> None:
    """``known`` follows to the state found, which is the acknowledged one or the next."""
    snapshot = store.snapshot()
    found = snapshot.items([MARKER])
    number = int(str(found[MARKER].metadata["number"])) if found else -1
    assert number in (acknowledged, acknowledged + 1)
    while known.written < number:
        known.write()
    oracle = known.oracle
    assert list(store.ids()) == sorted(oracle.items)
    assert snapshot.items(list(oracle.items)) == {id: item for id, (item, _) in oracle.items.items()}
    for id, (_, vectors) in oracle.items.items():
        assert np.array_equal(snapshot.vectors(id), vectors)
    query = np.random.default_rng(number).standard_normal((1, DIMENSION)).astype(np.float32)
    where = parse(f"price > {number // 2}")
    oracle.check(snapshot.search(query, 10)[0], query[0], 10)
    oracle.check(snapshot.search(query, 10, where=where)[0], query[0], 10, where=where)
    assert snapshot.count(where) == len(oracle.passing(where))


def check_backups(folder: Path, known: Known) -> None:
    for copy in folder.glob("backup-*"):
        if ".partial" not in copy.name:
            restore(copy, folder / "restored")
            with closing(open_store(folder / "restored")) as store:
                assert list(store.ids()) == known.ids[int(copy.name.split("-")[1])]
                store.snapshot()
            shutil.rmtree(folder / "restored")
        shutil.rmtree(copy)
