"""A job's process, seen from the server."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from shelfsight.api.service.jobs.child import Task
from shelfsight.api.service.jobs.job import Job, Progress
from shelfsight.core.cores import cores
from shelfsight.core.settings import Settings

__all__ = ["COMMAND", "JobProcess", "gentle", "threads_of_a_job"]

COMMAND: Sequence[str] = (sys.executable, "-P", "-m", "shelfsight.api.service.jobs")
_PACKAGES = Path(__file__).resolve().parents[4]
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_log = logging.getLogger("shelfsight.jobs")


def threads_of_a_job(settings: Settings) -> int:
    """Half of what there is for all jobs together, at least one for each."""
    return max(1, cores() // (2 * settings.jobs.running))


def gentle(settings: Settings) -> Settings:
    """The settings of a job's process: few threads."""
    threads = min(settings.index.decode_threads, threads_of_a_job(settings))
    return settings.model_copy(update={"index": settings.index.model_copy(update={"decode_threads": threads})})


class JobProcess:
    """A process that does a job. It ends when this process does.

    Attributes:
        job: as it was when it was begun.
        result: ``report`` and ``error``, once it has said them.
    """

    def __init__(self, job: Job, task: Task, command: Sequence[str]) -> None:
        """
        Raises:
            OSError: it cannot be started.
        """
        self.job = job
        self.result: Mapping[str, Any] | None = None
        self._progress = Progress()
        self._told_to_end = 0.0
        environment = {
            **dict.fromkeys(_THREADS, str(threads_of_a_job(task.settings))),
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, [str(_PACKAGES), os.environ.get("PYTHONPATH")])),
        }
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,  # Ctrl-C at the server's terminal is the server's to pass on
        )
        self._listening = threading.Thread(
            target=self._listen, args=(task,), name=f"shelfsight-job-{job.id}", daemon=True
        )
        self._listening.start()

    @property
    def progress(self) -> Progress:
        """Of the job, not of this run alone."""
        return self._progress.after(self.job.progress)

    @property
    def ended(self) -> bool:
        return not self._listening.is_alive() and self._process.poll() is not None

    @property
    def told_to_end(self) -> bool:
        return self._told_to_end > 0

    @property
    def how_it_ended(self) -> str:
        """For people: ``signal 9``, ``exit code 1``."""
        code = self._process.returncode
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def end(self, patience: float) -> None:
        """Tell it to commit and end; after ``patience`` seconds of that it is killed. To be called again and again."""
        if self._process.poll() is not None:
            return
        if not self._told_to_end:
            self._told_to_end = time.monotonic()
            self._process.send_signal(signal.SIGTERM)
        elif time.monotonic() - self._told_to_end > patience:
            self._process.kill()

    def wait(self, seconds: float) -> None:
        """Until it has ended and was heard out, ``seconds`` at most."""
        self._listening.join(seconds)

    def _listen(self, task: Task) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(task.model_dump_json().encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            _log.error("the process of job %s ended before it began", self.job.id)
        with self._process.stdout as lines:
            for line in lines:
                self._hear(line)
        self._process.wait()
        with suppress(BrokenPipeError):  # what it never read
            self._process.stdin.close()

    def _hear(self, line: bytes) -> None:
        try:
            said = json.loads(line)
            if "progress" in said:
                self._progress = Progress.model_validate(said["progress"])
            else:
                self.result = said
        except ValueError:
            _log.error("job %s said %r", self.job.id, line[:200])
