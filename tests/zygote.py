"""Processes that begin at once: a process that has loaded everything forks them. Loading torch takes seconds.

``python zygote.py SOCKET`` is that process; it has no other threads. ``python zygote.py SOCKET MODULE:FUNCTION ...`` is
one that it forks, as far as whoever started it can tell: its stdin, stdout and stderr, SIGTERM and SIGKILL to it, and
its exit status are those of the forked one.
"""

import array
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["Zygote", "zygote"]

_DIED = 0.02


class Zygote:
    """What makes processes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def command(self, function: str, *arguments: object) -> list[str]:
        """What starts a process that calls ``MODULE:FUNCTION`` with texts."""
        return [sys.executable, "-S", "-E", __file__, str(self.path), function, *map(str, arguments)]


@contextmanager
def zygote(folder: Path) -> Iterator[Zygote]:
    """For as long as a test needs it; what it has forked and still runs then is killed.

    Args:
        folder: with a short path, that a socket can be called.
    """
    path = folder / "zygote"
    search = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parent / "api"), *sys.path])
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": search}
    process = subprocess.Popen([sys.executable, __file__, str(path)], env=environment, stdin=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 240
        while not path.exists():
            assert process.poll() is None, "the process that forks others ended"
            assert time.monotonic() < deadline, "the process that forks others does not start"
            time.sleep(0.05)
        yield Zygote(path)
    finally:
        process.kill()
        process.communicate()


def _serve(path: str) -> None:
    from shelfsight.api.app import create_app
    from shelfsight.api.service.jobs import child
    from shelfsight.models import open_encoder

    del create_app, child
    sys.modules["zygote_encoder"] = open_encoder("embedded", device="cpu")  # type: ignore[assignment]  # kept
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(f"{path}.new")
    listening.listen()
    listening.setblocking(False)
    os.rename(f"{path}.new", path)  # noqa: PTH104
    forked: dict[int, socket.socket] = {}
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(_DIED)
        try:
            asked, _ = listening.accept()
        except BlockingIOError:
            pass
        else:
            forked[_fork(asked, [listening, *forked.values()])] = asked
        for pid in list(forked):
            _look_after(pid, forked)
    for pid in forked:
        os.kill(pid, signal.SIGKILL)


def _look_after(pid: int, forked: dict[int, socket.socket]) -> None:
    asked = forked[pid]
    done, status = os.waitpid(pid, os.WNOHANG)
    if done:
        del forked[pid]
        with asked:
            try:
                asked.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
            except OSError:
                return
        return
    try:
        if asked.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK) == b"":  # the one that stands for it was killed
            os.kill(pid, signal.SIGKILL)
    except BlockingIOError:
        return
    except OSError:
        os.kill(pid, signal.SIGKILL)


def _fork(asked: socket.socket, others: list[socket.socket]) -> int:
    asked.setblocking(True)
    message, handles, _, _ = socket.recv_fds(asked, 65536, 3)
    pid = os.fork()
    if pid == 0:
        for each in (*others, asked):
            each.close()
        os.setsid()
        for number, handle in enumerate(handles):
            os.dup2(handle, number)
            os.close(handle)
        _call(*json.loads(message))
    for handle in handles:
        os.close(handle)
    asked.sendall(f"{pid}\n".encode())
    return pid


def _call(function: str, *arguments: str) -> None:
    import importlib
    import traceback

    code = 1
    try:
        module, _, name = function.partition(":")
        getattr(importlib.import_module(module), name)(*arguments)
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _stand_for(path: str, call: list[str]) -> None:
    """Be the process that ``call`` makes."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(path)
        handles = array.array("i", [0, 1, 2])
        asked.sendmsg([json.dumps(call).encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handles)])
        lines = asked.makefile()
        pid = int(lines.readline())
        signal.signal(signal.SIGTERM, lambda *_: os.kill(pid, signal.SIGTERM))
        for handle in range(2):
            os.close(handle)
        ended = lines.readline()
    code = int(ended or -signal.SIGKILL)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        _stand_for(sys.argv[1], sys.argv[2:])
    else:
        _serve(sys.argv[1])
