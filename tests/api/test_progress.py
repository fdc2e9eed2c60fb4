"""What a long job says on stderr."""

import os
import pty
import subprocess
import sys

import pytest

from shelfsight.api.console import safe
from shelfsight.api.progress import line, meter


@pytest.mark.parametrize(
    ("done", "total", "seconds", "note", "expected"),
    [
        (0, 10, 0.0, "", "indexing: 0 of 10 items (0 %)"),
        (1500, 6000, 10.0, "2 failed", "indexing: 1,500 of 6,000 items (25 %), 150.0/s, 30 s left, 2 failed"),
        (10, 10, 4.0, "", "indexing: 10 of 10 items (100 %), 2.5/s"),
        (10, None, 4.0, "", "indexing: 10 items, 2.5/s"),
    ],
)
def test_a_line(done: int, total: int | None, seconds: float, note: str, expected: str) -> None:
    assert line("indexing", "items", done, total, seconds, note) == expected


def test_lines_end_with_the_last_state_said_once(capfd: pytest.CaptureFixture[str]) -> None:
    with meter("indexing", "items") as shown:
        for done in range(1, 4):
            shown(done, 3)
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("indexing: 3 of 3 items (100 %)")


def test_a_bar_on_a_terminal() -> None:
    code = (
        "from shelfsight.api.progress import meter\nwith meter('indexing', 'items') as shown: shown(3, 3, '1 failed')"
    )
    master, slave = pty.openpty()
    subprocess.run([sys.executable, "-c", code], stderr=slave, check=True, env={**os.environ, "TERM": "xterm"})
    os.close(slave)
    told = os.read(master, 100_000).decode()
    os.close(master)
    assert "100%" in told
    assert "3 items" in told
    assert "1 failed" in told


def test_safe_text() -> None:
    assert safe("tab\there\nline \x1b[31m \u202e \ud800 \x9b") == r"tab\there\nline \x1b[31m \u202e \ud800 \x9b"
    assert safe("naïve 靴 👩\u200d👧 ключ") == "naïve 靴 👩\u200d👧 ключ"
