"""The towers in OpenVINO, on the CPU: https://docs.openvino.ai, CPU plugin."""

from collections import deque
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from shelfsight.core.vectors import FloatArray
from shelfsight.models.encoders.runtimes.openvino_library import shared_core

__all__ = ["Network"]

_Running: TypeAlias = deque[tuple[Any, slice]]

_ROWS = 8  # activations of more no longer fit a core's cache
_STREAMS = 4  # each has activations of its own; more of them would leave a single picture too few threads


class Network:
    """One compiled tower. Any number of threads may call it: their passes share its streams.

    A batch runs in passes of a few rows, several at a time, each on threads of its own: nothing waits at every layer
    for the slowest thread.
    """

    def __init__(self, model: Any, *, precision: str, threads: int) -> None:
        """
        Args:
            model: ``openvino.Model`` of one input and one output; both begin with the batch.
            precision: ``f32`` or ``bf16``.
            threads: that all passes at work may take together.
        """
        streams = min(threads, _STREAMS)
        settings = {
            "INFERENCE_PRECISION_HINT": precision,
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": streams,
            "ENABLE_CPU_PINNING": False,  # two processes would sit on the same cores
        }
        compiled = shared_core().compile_model(model, "CPU", settings)
        self._width = compiled.outputs[0].get_partial_shape()[1].get_length()
        self._idle: SimpleQueue[Any] = SimpleQueue()
        for _ in range(streams):
            self._idle.put(compiled.create_infer_request())

    def __call__(self, batch: npt.NDArray[Any]) -> FloatArray:
        """(n, ...) to (n, d) float32.

        Raises:
            RuntimeError: the network fails.
        """
        if len(batch) <= _ROWS:
            return self._at_once(batch)
        out = np.empty((len(batch), self._width), dtype=np.float32)
        running: _Running = deque()
        try:
            for start in range(0, len(batch), _ROWS):
                rows = slice(start, min(start + _ROWS, len(batch)))
                request = self._request(running, out)
                running.append((request, rows))
                request.start_async([batch[rows]], share_inputs=True)
        finally:
            self._finish_all(running, out)
        return out

    def _at_once(self, batch: npt.NDArray[Any]) -> FloatArray:
        """One pass, in the thread that calls: a query waits for no other thread to wake."""
        request = self._idle.get()
        try:
            request.infer([batch], share_inputs=True)
            found: FloatArray = request.get_output_tensor().data.copy()
            return found
        finally:
            self._idle.put(request)

    def _request(self, running: _Running, out: FloatArray) -> Any:
        """One that is idle. Nobody waits for others while holding one: two callers could wait for one another."""
        while running:
            try:
                return self._idle.get_nowait()
            except Empty:
                self._finish(running, out)
        return self._idle.get()

    def _finish(self, running: _Running, out: FloatArray) -> None:
        request, rows = running.popleft()
        try:
            request.wait()
            out[rows] = request.get_output_tensor().data
        finally:
            self._idle.put(request)

    def _finish_all(self, running: _Running, out: FloatArray) -> None:
        """Every one is idle again, whichever failed."""
        while running:
            try:
                self._finish(running, out)
            except BaseException:
                self._finish_all(running, out)
                raise
