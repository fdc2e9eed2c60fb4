"""The end of a server, in steps: no longer ready, nothing new, what is open ends, and out."""

import os
from collections.abc import Callable
from math import ceil
from time import monotonic
from types import FrameType

import uvicorn

from shelfsight.api.http.admission import Gates

__all__ = ["DrainingServer"]


class DrainingServer(uvicorn.Server):
    """Ends on SIGTERM or SIGINT: readiness is false and new work refused from then on, and as soon as nobody is at
    work, or after the grace, the server stops and :meth:`run` returns. A second signal ends the process at once.

    ``orphaned``, where given, says whether the process that started this one has gone; then it ends too.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        gates: Gates,
        *,
        grace_seconds: float,
        orphaned: Callable[[], bool] | None = None,
        on_start: Callable[[], None] | None = None,
    ) -> None:
        """
        Args:
            on_start: called once, when requests are accepted.
        """
        super().__init__(config)
        self._gates = gates
        self._grace = grace_seconds
        self._orphaned = orphaned
        self._on_start = on_start
        self._deadline: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """The first signal drains; what is committed is safe from the second, which ends the process as it stands."""
        if self._deadline is not None:
            os._exit(128 + sig)
        self.drain()

    def drain(self) -> None:
        """Begin to end."""
        self._gates.ending = True
        self._deadline = monotonic() + self._grace

    async def on_tick(self, counter: int) -> bool:
        on_start, self._on_start = self._on_start, None
        if on_start is not None:
            on_start()
        if self._deadline is None and self._orphaned is not None and self._orphaned():
            self.drain()
        if self._deadline is not None:
            left = self._deadline - monotonic()
            self.should_exit |= self._gates.idle or left <= 0
            self.config.timeout_graceful_shutdown = max(1, ceil(left))
        return await super().on_tick(counter)
