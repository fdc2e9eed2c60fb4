"""Padding, cutting, recordings, shortage of memory and threads, on a CPU, where every answer can be computed."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from shelfsight.models.encoders.runtimes.lanes import Lanes, Network, bucket

CPU = torch.device("cpu")
WEIGHTS = torch.arange(12, dtype=torch.float32).reshape(4, 3)


def network(rows: Tensor) -> Tensor:
    """(b, 4) to (b, 3)."""
    return rows.float() @ WEIGHTS


def answers(rows: np.ndarray) -> np.ndarray:
    return rows.astype(np.float32) @ WEIGHTS.numpy()


def rows(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 4), dtype=np.uint8)


class Memory:
    """A network that notes its batch sizes, and runs out of memory above ``most`` rows."""

    def __init__(self, most: int = 1000) -> None:
        self.most = most
        self.sizes: list[int] = []

    def __call__(self, batch: Tensor) -> Tensor:
        self.sizes.append(len(batch))
        if len(batch) > self.most:
            raise torch.OutOfMemoryError(f"CUDA out of memory: {len(batch)} rows\nand more lines")
        return network(batch)


class Recorder:
    """Does on a CPU what a CUDA graph does: runs again on a fixed input, into a fixed output."""

    def __init__(self) -> None:
        self.recorded: list[int] = []
        self.replayed: list[int] = []

    def __call__(self, network: Network, given: Tensor) -> Callable[[], Tensor]:
        output = torch.zeros(len(given), 3)
        self.recorded.append(len(given))

        def replay() -> Tensor:
            self.replayed.append(len(given))
            return output.copy_(network(given))

        return replay


def lanes(network: Network = network, *, limit: int = 8, recorder: Callable[[], Recorder] | None = None) -> Lanes:
    return Lanes(network, CPU, dtype=torch.uint8, limit=limit, recorder=recorder)


def test_batches_are_padded_to_powers_of_two_up_to_the_limit():
    assert [bucket(count, 12) for count in (1, 2, 3, 4, 5, 8, 9, 12)] == [1, 2, 4, 4, 8, 8, 12, 12]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(1, 16), st.booleans())
def test_any_batches_in_any_order_are_answered_row_by_row(counts, limit, recorded):
    several = lanes(limit=limit, recorder=Recorder if recorded else None)
    for seed, count in enumerate(counts):
        given_rows = rows(count, seed)
        np.testing.assert_array_equal(several(given_rows), answers(given_rows))


def test_the_network_sees_padded_sizes_and_never_more_than_the_limit():
    memory = Memory()
    lanes(memory)(rows(21))
    assert memory.sizes == [8, 8, 8]
    memory.sizes.clear()
    lanes(memory)(rows(3))
    assert memory.sizes == [4]


def test_padding_from_an_earlier_batch_leaks_into_nothing():
    several = lanes()
    several(np.full((8, 4), 255, dtype=np.uint8))
    np.testing.assert_array_equal(several(rows(5)), answers(rows(5)))


def test_an_answer_stays_when_the_next_is_computed():
    several = lanes()
    first = several(rows(8, 1))
    several(rows(8, 2))
    np.testing.assert_array_equal(first, answers(rows(8, 1)))


def test_a_size_runs_once_before_it_is_recorded_and_then_is_replayed():
    recorder = Recorder()
    several = lanes(recorder=lambda: recorder)
    for seed in range(4):
        np.testing.assert_array_equal(several(rows(7, seed)), answers(rows(7, seed)))
    assert (recorder.recorded, recorder.replayed) == ([8], [8, 8, 8])


def test_a_network_that_cannot_be_recorded_runs_step_by_step_and_says_so_once(caplog):
    def refuse(*_: object) -> Callable[[], Tensor]:
        raise RuntimeError("operation not permitted when stream is capturing\nCUDA kernel errors might ...")

    several = lanes(recorder=lambda: refuse)
    with caplog.at_level(logging.WARNING):
        for seed in range(4):
            np.testing.assert_array_equal(several(rows(8, seed)), answers(rows(8, seed)))
    (record,) = caplog.records
    assert "operation not permitted when stream is capturing" in record.message
    assert "\n" not in record.message


def test_shortage_of_memory_halves_the_batch_and_loses_nothing(caplog):
    memory = Memory(most=3)
    several = lanes(memory, limit=16)
    with caplog.at_level(logging.WARNING):
        np.testing.assert_array_equal(several(rows(20)), answers(rows(20)))
    assert several.limit == 2
    assert memory.sizes == [16, 8, 4] + [2] * 10
    assert [record.args[:2] for record in caplog.records] == [(16, 8), (8, 4), (4, 2)]
    memory.sizes.clear()
    several(rows(5))
    assert memory.sizes == [2, 2, 1]


def test_whoever_records_a_size_has_run_it_in_the_same_thread():
    """Libraries make handles for every thread, and may not do so within a recording."""
    ran: set[int] = set()
    unready: list[int] = []

    def run(batch: Tensor) -> Tensor:
        ran.add(threading.get_ident())
        return network(batch)

    class Strict(Recorder):
        def __call__(self, network: Network, given: Tensor) -> Callable[[], Tensor]:
            if threading.get_ident() not in ran:
                unready.append(len(given))
            return super().__call__(network, given)

    several = lanes(run, recorder=Strict)
    several(rows(8))
    with ThreadPoolExecutor(1) as other:
        np.testing.assert_array_equal(other.submit(several, rows(8, 1)).result(), answers(rows(8, 1)))
    assert unready == []


def test_after_a_shortage_recordings_share_memory_only_with_those_after_it():
    made: list[Recorder] = []

    def recorder() -> Recorder:
        made.append(Recorder())
        return made[-1]

    memory = Memory()
    several = lanes(memory, recorder=recorder)
    for _ in range(2):
        several(rows(8))
    before = list(made)
    memory.most = 4
    for seed in range(3):
        np.testing.assert_array_equal(several(rows(8, seed)), answers(rows(8, seed)))
    after = [each for each in made if each not in before]
    assert [each.recorded for each in before if each.recorded] == [[8]]
    assert [each.recorded for each in after if each.recorded] == [[4]]


def test_shortage_while_recording_halves_the_batch_too():
    def record(network: Network, given: Tensor) -> Callable[[], Tensor]:
        if len(given) > 4:
            raise RuntimeError("CUDA error: out of memory")
        return Recorder()(network, given)

    several = lanes(recorder=lambda: record)
    for seed in range(3):
        np.testing.assert_array_equal(several(rows(8, seed)), answers(rows(8, seed)))
    assert several.limit == 4


def test_one_row_that_is_too_much_is_an_error_that_says_so():
    with pytest.raises(RuntimeError, match=r"one row alone is too much .*: CUDA out of memory: 1 rows$"):
        lanes(Memory(most=0))(rows(8))


def test_other_errors_come_through_and_the_lane_is_free_again():
    def fail(_: Tensor) -> Tensor:
        raise RuntimeError("device-side assert triggered")

    several = lanes(fail)
    for _ in range(5):  # more often than there are lanes
        with pytest.raises(RuntimeError, match="device-side assert"):
            several(rows(2))


def test_two_batches_are_under_way_at_a_time_and_no_third():
    inside = threading.Semaphore(0)
    go = threading.Event()
    running: list[int] = []

    def slow(batch: Tensor) -> Tensor:
        running.append(len(batch))
        inside.release()
        assert go.wait(10)
        return network(batch)

    several = lanes(slow)
    with ThreadPoolExecutor(3) as pool:
        answered = [pool.submit(several, rows(8, seed)) for seed in range(3)]
        assert inside.acquire(timeout=10)
        assert inside.acquire(timeout=10)
        assert not inside.acquire(timeout=0.2)
        go.set()
        for seed, each in enumerate(answered):
            np.testing.assert_array_equal(each.result(10), answers(rows(8, seed)))


def test_many_threads_with_batches_of_all_lengths_get_their_own_answers():
    several = lanes(Memory(most=6), limit=16, recorder=Recorder)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda seed: several(rows(seed % 23 + 1, seed)), range(200)))
    for seed, each in enumerate(found):
        np.testing.assert_array_equal(each, answers(rows(seed % 23 + 1, seed)))
    assert several.limit == 4
