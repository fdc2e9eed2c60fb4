"""Log lines are written by a thread of their own: whoever reads them slowly, or not at all, stops no request."""

import atexit
import logging
import os
from queue import Full, Queue
from threading import Thread
from time import monotonic, sleep

__all__ = ["LineWriter"]

_WAITING = 10_000
"""Lines that wait to be written, at most; what comes then is lost, and counted."""
_LINGER = 1.0
"""Seconds that the end of the process waits for what is not written yet."""

_PAUSE = 0.01


class LineWriter(logging.Handler):
    """Writes to a file descriptor, each record as a line or some, in one piece. A record is formatted by the thread
    that logs it, which knows what request it works on."""

    def __init__(self, descriptor: int, *, waiting: int = _WAITING) -> None:
        """
        Args:
            waiting: lines that wait at most.
        """
        super().__init__()
        self._descriptor = descriptor
        self._lines: Queue[str] = Queue(waiting)
        self._lost = 0
        self._thread: Thread | None = None
        atexit.register(self.finish)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:
            self.handleError(record)
            return
        if self._thread is None:
            self._thread = Thread(target=self._write_all, name="shelfsight-log", daemon=True)
            self._thread.start()
        try:
            self._lines.put_nowait(line)
        except Full:
            self._lost += 1

    def finish(self, seconds: float = _LINGER) -> bool:
        """Wait until everything is written, ``seconds`` at most; whether it is."""
        deadline = monotonic() + seconds
        while self._lines.unfinished_tasks and monotonic() < deadline:
            sleep(_PAUSE)
        return not self._lines.unfinished_tasks

    def close(self) -> None:
        self.finish()
        atexit.unregister(self.finish)
        super().close()

    def _write_all(self) -> None:
        while True:
            self._write(self._lines.get())
            if self._lost and self._lines.qsize() < self._lines.maxsize // 2:
                self.acquire()  # as :meth:`emit` has it
                lost, self._lost = self._lost, 0
                self.release()
                self._write(self.format(_about_lost(lost)))
            self._lines.task_done()

    def _write(self, line: str) -> None:
        data = (line + "\n").encode("utf-8", "backslashreplace")
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:  # nobody reads any more, or the disk is full: there is nobody to tell
            return


def _about_lost(number: int) -> logging.LogRecord:
    text = "%s lines of the log were lost: nobody read them fast enough"
    return logging.LogRecord("shelfsight.log", logging.WARNING, __file__, 0, text, (number,), None)
