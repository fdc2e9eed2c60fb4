"""Threads that nobody waits for, and the end of the process."""

import subprocess
import sys
import time
from threading import Event

from shelfsight.core import background


def test_it_waits_for_those_that_end_and_no_longer_than_it_may() -> None:
    ended, never = Event(), Event()
    background.start(ended.set, name="ends")
    assert background.finish(5.0)
    assert ended.is_set()
    background.start(never.wait, name="hangs")
    began = time.monotonic()
    assert not background.finish(0.05)
    assert time.monotonic() - began < 2.0
    never.set()
    assert background.finish(5.0)


def test_the_process_ends_in_peace_while_a_network_computes() -> None:
    work = (
        "import torch; from shelfsight.core import background\n"
        "a = torch.rand(1200, 1200)\n"
        "def work():\n"
        "    for _ in range(8): a @ a\n"
        "background.start(work, name='works')\n"
        "print('answered')"
    )
    done = subprocess.run([sys.executable, "-c", work], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "answered\n", "")


def test_the_command_line_does_not_wait_for_what_hangs() -> None:
    work = (
        "import sys, threading; from shelfsight.api import cli; from shelfsight.core import background\n"
        "background.start(threading.Event().wait, name='hangs')\n"
        "cli.main(['version'])"
    )
    done = subprocess.run([sys.executable, "-c", work], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0
    assert done.stdout.strip()
