"""What is made again from the ledger and the vectors: checkpoint, index, words, notes."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from shelfsight.api.doctor.collection import Subject
from shelfsight.api.doctor.finding import Finding, error, note, warning
from shelfsight.api.doctor.reading import SQLITE, database, intact
from shelfsight.stores.ledger import DATABASE, Ledger

__all__ = ["CHECKS"]


def checkpoint(subject: Subject) -> Iterator[Finding]:
    """The file from which opening is quick."""
    from shelfsight.stores.arrays import DamagedError, map_arrays
    from shelfsight.stores.checkpoint import checkpoint_file

    file = checkpoint_file(subject.folder, _counter(subject, "checkpoint"))
    if file is None:
        return
    try:
        mapped = map_arrays(file)
        for name in mapped.names():
            mapped.get(name)
    except FileNotFoundError:
        text = f"{file} is missing: opening the collection reads every item"
        yield note("checkpoint_missing", text, f"the next indexing job makes it: {subject.again}")
    except (DamagedError, OSError, ValueError, KeyError, TypeError) as fault:
        text = f"{file} is damaged ({fault}), and passed over"
        yield warning("checkpoint_damaged", text, "delete it: it is made again", command=_delete(file))


def index(subject: Subject) -> Iterator[Finding]:
    """What lies beside segments: each is what its note says, byte for byte."""
    from shelfsight.stores.ann.sidecar import index_of, read_note, whole
    from shelfsight.stores.segments import SEGMENTS

    for segment in sorted((subject.folder / SEGMENTS).glob("*.npy")):
        found, there = read_note(segment), index_of(segment).exists()
        if found is None and not (there or segment.with_suffix(".json").exists()):
            continue
        if found is None or not whole(segment, found):
            text = f"{index_of(segment)} is not what was built; searches of these vectors are exact, and slower"
            command = _delete(index_of(segment), segment.with_suffix(".json"))
            yield warning("index_damaged", text, "delete it: the next indexing job builds it anew", command=command)


def words(subject: Subject) -> Iterator[Finding]:
    """What finds items by words."""
    from shelfsight.stores.words.file import FORMAT, WORDS, about

    file = subject.folder / WORDS
    command = _delete(*(file.with_name(WORDS + suffix) for suffix in ("", "-wal", "-shm")))
    cure = "delete it where no server is at work: it is made again from the items"
    try:
        with database(file) as connection:
            wrong = intact(connection)
            said = about(connection) if wrong is None else {}
    except FileNotFoundError:
        return
    except SQLITE as fault:
        wrong, said = str(fault), {}
    if wrong is not None:
        yield error("words_damaged", f"{file} is damaged: {wrong}", cure, command=command)
    elif said.get("format") != FORMAT:
        text = f"{file} has the words of another version of Shelfsight"
        yield note("words_format", text, "the next search by words makes it anew")
    elif said["generation"] > _counter(subject, "generation"):
        text = f"{file} is ahead of the items: one of them was restored without the other"
        yield error("words_ahead", text, cure, command=command)


def notes(subject: Subject) -> Iterator[Finding]:
    """What models made of the pictures."""
    from shelfsight.stores.notes_file import NOTES

    file = subject.folder / NOTES
    try:
        with database(file) as connection:
            wrong = intact(connection)
    except FileNotFoundError:
        return
    except SQLITE as fault:
        wrong = str(fault)
    if wrong is not None:
        cure = "delete it where no server is at work; `shelfsight index --features` or `--enrich` makes it again"
        command = _delete(*(file.with_name(NOTES + suffix) for suffix in ("", "-wal", "-shm")))
        yield warning("notes_damaged", f"{file} is damaged: {wrong}", cure, command=command)


def _counter(subject: Subject, name: str) -> int:
    """Of the ledger."""
    with database(subject.folder / DATABASE) as connection:
        return Ledger(connection, subject.header.encoder.dimension).counter(name)


def _delete(*files: Path) -> str:
    return shlex.join(["rm", "-f", *map(str, files)])


CHECKS = (checkpoint, index, words, notes)
