"""A process that is killed while it erases: the item is gone from the first moment on, and the next who opens the
collection leaves nothing of it."""

import multiprocessing
import os
import random
import signal
import sys
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from time import perf_counter, sleep

import pytest
from erased_shop import OLD_TITLE, ROWS, TITLE, VICTIM, answers, copied, made, traces, victim

from shelfsight.stores import open_store, open_version

KILLS = 5


def _erase(pipe: Connection, path: Path, pause: float | None) -> None:
    """Erase the victim; ``pause`` seconds into it, die. Says how long it took."""
    sys.setswitchinterval(1e-5)  # so that the kill comes when it is due
    store = open_store(path)
    store.snapshot()
    if pause is not None:
        Thread(target=_kill, args=(pause,), daemon=True).start()
    start = perf_counter()
    store.erase([VICTIM])
    pipe.send(perf_counter() - start)


def _kill(pause: float) -> None:
    sleep(pause)
    os.kill(os.getpid(), signal.SIGKILL)


def _run(path: Path, pause: float | None) -> float | None:
    """How long the process took, ``None`` where it was killed before it had ended."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["erased_shop"])
    mine, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_erase, args=(theirs, path, pause))
    process.start()
    theirs.close()
    try:
        seconds: float = mine.recv()
        process.join()
        return seconds
    except EOFError:
        process.join()
        assert process.exitcode == -signal.SIGKILL
        return None


def test_an_erasure_that_is_killed_is_ended_by_the_next_who_opens(
    collection: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    made(collection, "faiss").close()
    version = copied(collection)
    with closing(open_store(collection)) as store:
        before = answers(store)
    whole = _run(collection, None)
    assert whole is not None
    chance, amid = random.Random(3), 0
    for number in range(KILLS):
        with closing(open_store(collection)) as store, closing(open_version(collection, version.name)) as other:
            for each in (store, other):
                each.commit([victim(OLD_TITLE, 1)])
                each.commit([victim(TITLE, 2)])
                each.maintain()
        amid += _run(collection, whole * (number + chance.random()) / KILLS) is None
        with closing(open_store(collection)) as store, closing(open_version(collection, version.name)) as other:
            here, there = (each.snapshot().contains([VICTIM]) for each in (store, other))
            assert here or not there
            if here:  # killed before it was gone: it is asked for again
                store.erase([VICTIM])
            assert store.snapshot().count() == other.snapshot().count() == ROWS
            assert traces(collection) == {}
            assert answers(store) == answers(other) == before
    assert amid >= 2
