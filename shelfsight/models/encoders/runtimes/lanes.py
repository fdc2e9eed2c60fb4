"""Batches of any length through a network whose batch sizes are few: padded, cut, repeated from a recording.

A GPU runs a network fastest when it is recorded once, with fixed addresses for input and output, and then replayed
whole (CUDA graphs). So a batch is padded to the next of a few sizes, and each size of each lane has buffers that stay.
Nothing here knows CUDA but for a stream to work on: the same code runs, and is tested, on a CPU.
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from queue import LifoQueue
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from shelfsight.core.vectors import FloatArray

__all__ = ["Lanes", "Network", "Record", "bucket", "recording"]

Network = Callable[[Tensor], Tensor]
"""(b, ...) to (b, d) float32; no row sees another."""
Record = Callable[[Network, Tensor], Callable[[], Tensor]]
"""Network and input buffer to what runs it again on whatever the buffer then holds, always into the same output.

Raises:
    RuntimeError: this network cannot be recorded.
"""

recording = threading.Lock()
"""Held while a network is recorded, and by whoever waits for the whole device or gives memory back to it: CUDA allows
neither beside a recording."""

_LANES = 2
_log = logging.getLogger(__name__)


def bucket(count: int, limit: int) -> int:
    """The batch size that ``count`` rows are padded to: the next power of two, ``limit`` at most."""
    return min(1 << (count - 1).bit_length(), limit)


class Lanes:
    """A network on two lanes, so that one batch is copied while another is computed. Safe to share between threads.

    Attributes:
        limit: rows a batch at most. Halved when the device's memory does not suffice.
    """

    def __init__(
        self,
        network: Network,
        device: torch.device,
        *,
        dtype: torch.dtype,
        limit: int,
        recorder: Callable[[], Record] | None,
    ) -> None:
        """
        Args:
            dtype: of the input.
            recorder: makes one for each lane; none, and the network always runs step by step.
        """
        self.limit = limit
        self._shrinking = threading.Lock()
        self._free: LifoQueue[_Lane] = LifoQueue()  # a lone caller meets the lane that has its recordings
        for _ in range(_LANES):
            self._free.put(_Lane(network, device, dtype, recorder))

    def __call__(self, rows: npt.NDArray[Any]) -> FloatArray:
        """(n, ...) to (n, d) float32, n >= 1.

        Raises:
            RuntimeError: the network fails, or one row alone is too much for the device's memory.
        """
        parts: list[FloatArray] = []
        done = 0
        while done < len(rows):
            limit = self.limit
            with self._lane() as lane:
                part, shortage = _attempt(lane, rows[done : done + limit], limit)
                if part is None:
                    lane.forget()
            if part is None:
                self._shrink(limit, shortage)
            else:
                parts.append(part)
                done += len(part)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    @contextlib.contextmanager
    def _lane(self) -> Iterator["_Lane"]:
        lane = self._free.get()
        try:
            yield lane
        finally:
            self._free.put(lane)

    def _shrink(self, limit: int, shortage: str) -> None:
        if limit == 1:
            raise RuntimeError(f"one row alone is too much for the device's memory: {shortage}")
        with self._shrinking:
            if self.limit == limit:  # else another thread has met the same shortage
                self.limit = limit // 2
                _log.warning("batches of %d do not fit the device's memory; now %d: %s", limit, self.limit, shortage)


def _attempt(lane: "_Lane", rows: npt.NDArray[Any], limit: int) -> tuple[FloatArray | None, str]:
    """The answer, or none and what was short. The error is not kept: its frames hold the tensors of the attempt."""
    try:
        return lane.run(rows, limit), ""
    except RuntimeError as error:
        if not _is_shortage(error):
            raise
        return None, str(error).partition("\n")[0]


def _is_shortage(error: RuntimeError) -> bool:
    """Pinned memory and cuBLAS's workspace run out with errors of their own."""
    return isinstance(error, torch.OutOfMemoryError) or any(
        sign in str(error) for sign in ("out of memory", "STATUS_ALLOC_FAILED")
    )


class _Lane:
    """One batch at a time, on a stream of its own, with buffers for every batch size it has met."""

    def __init__(
        self, network: Network, device: torch.device, dtype: torch.dtype, recorder: Callable[[], Record] | None
    ) -> None:
        self._network = network
        self._device = device
        self._dtype = dtype
        self._recorder = recorder
        self._record = recorder and recorder()
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]
        self._steps: dict[tuple[int, ...], _Step] = {}
        self._limit = 0

    def run(self, rows: npt.NDArray[Any], limit: int) -> FloatArray:
        """(n, ...) to (n, d), n <= ``limit``."""
        if limit != self._limit:  # the other lane has met a shortage: what is too large now is not needed again
            self.forget()
            self._limit = limit
        shape = (bucket(len(rows), limit), *rows.shape[1:])
        with torch.cuda.stream(self._stream), torch.no_grad():
            if shape not in self._steps:
                self._steps[shape] = _Step(self._network, self._device, shape, self._dtype)
            step = self._steps[shape]
            if step.wants_recording and self._record is not None:
                self._try(step, self._record)
            return step.run(rows)

    def forget(self) -> None:
        """Give all buffers and recordings back to the device. Recordings to come need a recorder of their own: the
        memory that the old ones shared is gone with the last of them, and cannot be shared again."""
        self._steps.clear()
        self._record = self._record and self._recorder and self._recorder()
        if self._stream is not None:
            self._stream.synchronize()
            with recording:
                torch.cuda.empty_cache()

    def _try(self, step: "_Step", record: Record) -> None:
        try:
            step.warm()
            with recording:
                step.record(record)
        except RuntimeError as error:
            if _is_shortage(error):
                raise
            self._record = None
            reason = str(error).partition("\n")[0]
            _log.warning("the network cannot be recorded and runs step by step, which is slower: %s", reason)


class _Step:
    """One batch size: its buffers, and what to do with them. Runs in the stream that is current."""

    def __init__(self, network: Network, device: torch.device, shape: Sequence[int], dtype: torch.dtype) -> None:
        self._network = network
        self._pinned = device.type == "cuda"
        # Zeros, because whatever pads a batch must be valid: a token id that is none stops the device.
        self._host = torch.zeros(shape, dtype=dtype, pin_memory=self._pinned)
        self._input = torch.zeros(shape, dtype=dtype, device=device)
        self._answer: Tensor | None = None
        self._replay: Callable[[], Tensor] | None = None
        # Blocking: a thread that waits leaves its core to those that decode.
        self._end = torch.cuda.Event(blocking=True) if self._pinned else None  # type: ignore[no-untyped-call]

    @property
    def wants_recording(self) -> bool:
        """Whether it has run, so that what comes once is not recorded, and is not recorded yet."""
        return self._answer is not None and self._replay is None

    def warm(self) -> None:
        """Run once in this thread, as recording asks: libraries make a handle and a workspace for every thread, which
        may not happen within a recording, and it was perhaps another thread that ran this step."""
        self._network(self._input)

    def record(self, record: Record) -> None:
        """From now on replay.

        Raises:
            RuntimeError: it cannot be recorded; it runs as before.
        """
        self._replay = record(self._network, self._input)

    def run(self, rows: npt.NDArray[Any]) -> FloatArray:
        """(n, ...) to (n, d). What is behind the n rows in the buffers is left from other batches, and looked at by
        nobody."""
        count = len(rows)
        np.copyto(self._host[:count].numpy(), rows)  # torch would wake a pool of threads for a copy
        self._input[:count].copy_(self._host[:count], non_blocking=True)
        output = self._network(self._input) if self._replay is None else self._replay()
        if self._answer is None:
            self._answer = torch.empty(output.shape, dtype=torch.float32, pin_memory=self._pinned)
        self._answer[:count].copy_(output[:count], non_blocking=True)
        if self._end is not None:
            self._end.record()
            self._end.synchronize()
        answer: FloatArray = self._answer[:count].numpy().copy()
        return answer
