"""What lies in a collection's directory: temporary files, times, room, what people edit."""

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from shelfsight.api.doctor.collection import Subject
from shelfsight.api.doctor.finding import Finding, error, warning
from shelfsight.api.doctor.machine import disk, is_ahead, writable
from shelfsight.core.errors import ModelError, ShelfsightError

__all__ = ["CHECKS"]

_NAMED = 3


def temporary_files(subject: Subject) -> Iterator[Finding]:
    """What a crash left."""
    from shelfsight.stores.files import TEMPORARY, is_left

    found = [*filter(is_left, subject.path.rglob(f"*{TEMPORARY}"))]
    if found:
        text = f"{len(found)} temporary files that a crash left, such as {found[0]}"
        command = shlex.join(["rm", *map(str, found)]) if len(found) <= _NAMED else None
        yield warning("temporary_files", text, "delete them; an indexing job does so too", command=command)


def times(subject: Subject) -> Iterator[Finding]:
    """A file from the future: the clock is behind, or was ahead."""
    ahead = [file for file in subject.folder.iterdir() if is_ahead(file.stat().st_mtime)]
    if ahead:
        text = f"{ahead[0]} was written more than a day in the future: the clock is behind, or was ahead"
        yield warning("clock_behind", text, "set the clock, and keep it with NTP")


def room(subject: Subject) -> Iterator[Finding]:
    """It can be written, and there is room."""
    closed = [each for each in (subject.folder, *subject.folder.iterdir()) if not _may_write(each)]
    if closed:
        text = f"{closed[0]} cannot be written by this user: nothing can be indexed"
        own = closed[0].stat().st_uid == os.getuid()
        command = shlex.join(["chmod", "u+w", str(closed[0])]) if own else None
        yield warning("not_writable", text, "give it to the user of this process", command=command)
    yield from disk(subject.path, "the collection")


def rules(subject: Subject) -> Iterator[Finding]:
    """The merchandiser's rules can be read."""
    from shelfsight.api.rules import RULES_FILE, load_rules

    file = subject.path / RULES_FILE
    if file.exists():
        try:
            load_rules(file)
        except ShelfsightError as fault:
            yield error("rules_wrong", fault.message, fault.hint or "correct the file; the last good rules count")


def relevance(subject: Subject) -> Iterator[Finding]:
    """What `calibrate` learned can be read."""
    from shelfsight.core.relevance_file import read_relevance

    try:
        read_relevance(subject.path, subject.header.encoder.revision)
    except ModelError as fault:
        cure = (
            f"learn it again: shelfsight evaluate -c {subject.shown} --queries Q.jsonl --calibrate; or delete the file"
        )
        yield error("relevance_damaged", fault.message, cure)


def _may_write(place: Path) -> bool:
    return writable(place) if place.is_dir() else os.access(place, os.W_OK)


CHECKS = (temporary_files, times, room, rules, relevance)
