"""What a server keeps: who may read it, whether it can be read, and jobs that nobody runs."""

import fcntl
import shlex
import stat
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from shelfsight.api.doctor.checking import Check
from shelfsight.api.doctor.finding import Finding, error, warning
from shelfsight.api.doctor.machine import writable
from shelfsight.api.doctor.reading import SQLITE, database, intact
from shelfsight.core.errors import ShelfsightError

__all__ = ["of_state"]

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def of_state(state: Path) -> Sequence[Check]:
    """The checks of a server's state in that directory; none where there is none."""
    if not state.is_dir():
        return ()
    return [partial(check, state) for check in (permissions, keys, databases, jobs)]


def permissions(state: Path) -> Iterator[Finding]:
    """Nobody else reads it."""
    if not writable(state):
        yield error(
            "state_not_writable", f"the server's state {state} cannot be written", "give it to the server's user"
        )
    for code, place, mode in (("state_open", state, "700"), ("keys_open", state / "keys.json", "600")):
        if place.exists() and place.stat().st_mode & _OTHERS:
            text = f"{place} can be read or written by others: its mode is {stat.filemode(place.stat().st_mode)}"
            yield error(code, text, "close it", command=shlex.join(["chmod", mode, str(place)]))


def keys(state: Path) -> Iterator[Finding]:
    """The keys and the aliases can be read."""
    from shelfsight.api.service.aliases import Aliases
    from shelfsight.api.service.keys import KeyRing

    for code, read, what in (
        (
            "keys_damaged",
            lambda: KeyRing(state).all(),
            "nobody is let in; restore the file, or move it away and make keys anew",
        ),
        ("aliases_damaged", lambda: Aliases(state).all(), "restore the file, or move it away and set aliases anew"),
    ):
        try:
            read()
        except ShelfsightError as fault:
            yield error(code, fault.message, what)


def databases(state: Path) -> Iterator[Finding]:
    """SQLite finds its files in order."""
    for file in sorted(state.glob("*.sqlite")):
        try:
            with database(file) as connection:
                wrong = intact(connection)
        except SQLITE as fault:
            wrong = str(fault)
        if wrong is not None:
            cure = "stop the server and move it away; it is made anew, empty"
            yield error("state_damaged", f"{file} is damaged: {wrong}", cure)


def jobs(state: Path) -> Iterator[Finding]:
    """A job that runs has a server that runs it."""
    file = state / "jobs.sqlite"
    if not file.exists() or _held(state / "jobs.lock"):
        return
    try:
        with database(file) as connection:
            stuck = connection.execute(
                "SELECT id, collection, state FROM jobs WHERE state IN ('running', 'interrupted') ORDER BY number"
            ).fetchall()
    except SQLITE:  # `databases` tells
        return
    if stuck:
        id, collection, _ = stuck[0]
        text = f"{len(stuck)} jobs have begun and no server runs them, such as {id} on {collection!r}"
        yield warning("jobs_stuck", text, "start the server: it goes on with them")


def _held(lock: Path) -> bool:
    """Whether some process holds it; it is not made."""
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            fcntl.flock(file, fcntl.LOCK_UN)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
