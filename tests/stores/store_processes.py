"""Other processes at work on a collection."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("store_child.py")


class Child:
    """``store_child.py`` at work in a process of its own."""

    def __init__(self, command: str, collection: Path, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                str(Path(__file__).with_name("store_child.py")),
                command,
                str(collection),
                *map(str, arguments),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"},
        )

    def line(self) -> str:
        """The next thing it says; empty when it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def rest(self) -> list[str]:
        """All it says until it ends."""
        assert self.process.stdout is not None
        lines = self.process.stdout.read().splitlines()
        self.process.wait()
        return lines

    def kill(self) -> list[str]:
        """SIGKILL; what it had said and was not read yet."""
        self.process.kill()
        return self.rest()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
