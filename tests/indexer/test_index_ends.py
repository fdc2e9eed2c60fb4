"""How jobs end early, each in a process of its own: full disk, signals, memory."""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from index_child import Endless
from shops import PatchEncoder, python_path, settings

from shelfsight.core.errors import ModelError, StoreError, StoreFull
from shelfsight.core.protocols import Store
from shelfsight.core.types import Picture
from shelfsight.indexer import Report, index, report_of
from shelfsight.stores import create_store, open_store


def child(*arguments: object) -> subprocess.Popen[str]:
    script = Path(__file__).with_name("index_child.py")
    environment = os.environ | {"PYTHONPATH": python_path(), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(script), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def test_a_file_that_may_not_grow_ends_the_job_and_keeps_what_is_in(tmp_path):
    with child("full", tmp_path, 2_000_000) as process:
        said, threads = process.communicate(timeout=120)[0].splitlines()
    code, _, document = said.partition(" ")
    report = json.loads(document)
    assert code in ("store_full", "store")  # SQLite does not tell a limit from a broken disk
    assert threads == "1"
    assert 100 <= report["indexed"] < 5000
    assert report["indexed"] % 100 == 0  # whole commits only
    assert report["items"] == report["indexed"]
    with closing(open_store(tmp_path / "full.collection")) as store:
        assert list(store.ids()) == [f"{number:09}" for number in range(report["indexed"])]


def test_a_full_disk_ends_the_job_and_the_next_goes_on(small_disk):
    with closing(create_store(small_disk / "c", kind="exact", encoder=PatchEncoder.spec)) as store:
        with pytest.raises(StoreFull) as caught:
            run_endless(store, small_disk)
        report = report_of(caught.value)
        assert report is not None
        assert 40 <= report.indexed < 3000
        assert (report.items, report.indexed % 40) == (report.indexed, 0)
        subprocess.run(["mount", "-o", "remount,size=60m", str(small_disk)], check=True)
        resumed = run_endless(store, small_disk)
    assert (resumed.unchanged, resumed.indexed, resumed.items) == (report.indexed, 3000 - report.indexed, 3000)


def run_endless(store: Store, folder: Path) -> Report:
    shop = Endless(3000)
    return index(
        shop, encoder=PatchEncoder(), store=store, settings=settings(commit_items=40), failures_to=folder / "f"
    )


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_job_after_the_batch_in_hand(tmp_path, told):
    with child("until-told", tmp_path) as process:
        assert process.stdout is not None
        while "done 40" not in process.stdout.readline():
            pass
        process.send_signal(told)
        rest = process.communicate(timeout=120)[0].splitlines()
    assert process.returncode == 0
    *_, ended, threads, handler = rest
    assert (threads, handler) == ("threads 1", "handler True")
    report = json.loads(ended.removeprefix("interrupted "))
    assert report["items"] == report["indexed"] == report["encoded"] >= 40  # all that was encoded is in
    with closing(open_store(tmp_path / "told.collection")) as store:
        assert list(store.ids()) == [f"{number:09}" for number in range(report["items"])]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_catalogue(tmp_path):
    grown = {}
    for items in (300, 3000):
        with child("memory", tmp_path / str(items), items) as process:
            indexed, grown[items] = map(int, process.communicate(timeout=300)[0].split())
            assert indexed == items
    assert grown[3000] - grown[300] < 40, grown


class Failing(PatchEncoder):
    """Runs out of memory at the fourth batch."""

    def encode_pixels(self, pixels_bchw):
        vectors = super().encode_pixels(pixels_bchw)
        if len(self.batches) >= 4:
            raise ModelError("out of memory")
        return vectors


def own_threads() -> set[threading.Thread]:
    """Ours; those of tests before, which a model that hangs may hold, among them."""
    return {thread for thread in threading.enumerate() if thread.name.startswith("shelfsight")}


def test_a_failing_encoder_ends_the_job_and_keeps_what_was_encoded(shop, store):
    shop.fill(60)
    before = own_threads()
    with pytest.raises(ModelError, match="out of memory") as caught:
        index(shop, encoder=Failing(), store=store, settings=settings(commit_items=1000))
    report = report_of(caught.value)
    assert report is not None
    assert 1 <= report.indexed < 60
    assert list(store.ids()) == [f"{number:03}" for number in range(report.indexed)]
    assert own_threads() <= before
    resumed = index(shop, encoder=PatchEncoder(), store=store, settings=settings())
    assert (resumed.unchanged, resumed.indexed) == (report.indexed, 60 - report.indexed)


def test_an_error_beside_a_commit_that_is_being_written_leaves_it_counted(shop, store, tmp_path):
    """The list of failures cannot be written while the item before the failure is on its way."""
    shop.fill(1)
    shop.add("broken", Picture(name="missing.png", path=shop.folder / "missing.png"))
    with pytest.raises(StoreError, match="list of failures") as caught:
        index(
            shop,
            encoder=PatchEncoder(),
            store=store,
            settings=settings(commit_items=1),
            failures_to=tmp_path / "absent" / "failures",
        )
    report = report_of(caught.value)
    assert report is not None
    assert (report.indexed, report.items, list(store.ids())) == (1, 1, ["000"])


def test_no_thread_outlives_a_job(shop, store, encoder):
    shop.fill(10)
    before = own_threads()
    index(shop, encoder=encoder, store=store, settings=settings(decode_threads=3))
    assert own_threads() <= before
    assert all(name.startswith("shelfsight-decode") for name in encoder.threads)
    assert 1 <= len(encoder.threads) <= 3


def test_vectors_of_an_item_wait_for_its_last_picture(shop, store):
    """An item with more pictures than a batch holds is committed whole."""
    shop.add("big", *(shop.file(f"{number}.png", number) for number in range(30)))
    report = index(shop, encoder=PatchEncoder(), store=store, settings=settings(batch_size=4, commit_items=1))
    assert (report.indexed, report.encoded) == (1, 30)
    vectors = store.snapshot().vectors("big")
    assert vectors.shape == (30, 48)
    assert len(np.unique(vectors.round(5), axis=0)) == 30
