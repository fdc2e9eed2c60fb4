"""Ctrl-C and SIGTERM as a wish: the job ends after the batch in hand, with everything finished committed."""

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

__all__ = ["Interruption"]

_Handler = Callable[[int, FrameType | None], Any] | signal.Handlers
_DEFAULTS: dict[signal.Signals, _Handler] = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}


class Interruption:
    """While entered, the first signal is remembered and the second raises ``KeyboardInterrupt`` on the spot.

    Only signals that still have their default handler are taken over, and only in the main thread: a server's own
    handlers stay.
    """

    def __init__(self) -> None:
        self.requested = False
        self._replaced: list[signal.Signals] = []

    def __enter__(self) -> "Interruption":
        if threading.current_thread() is threading.main_thread():
            self._replaced = [each for each, default in _DEFAULTS.items() if signal.getsignal(each) is default]
        for each in self._replaced:
            signal.signal(each, self._remember)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for each in self._replaced:
            signal.signal(each, _DEFAULTS[each])

    def check(self) -> None:
        """
        Raises:
            KeyboardInterrupt: a signal has come.
        """
        if self.requested:
            raise KeyboardInterrupt

    def _remember(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.check()
        self.requested = True
