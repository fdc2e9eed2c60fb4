"""What jobs keep of items that are erased: copies of catalogues, and lists of what could not be used."""

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from shelfsight.api.service.jobs.book import JobBook
from shelfsight.api.service.jobs.child import FAILURES, catalogue_folder
from shelfsight.api.service.jobs.job import Job, JobState
from shelfsight.core.erased import ErasedPlace, Piece, PieceKind
from shelfsight.core.errors import NotFound
from shelfsight.stores.faults import storage_faults
from shelfsight.stores.files import publish
from shelfsight.stores.purging import vacuum
from shelfsight.stores.search_bytes import LEAST, search_files

__all__ = ["erase_from_jobs"]

_PLAIN = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".txt")
"""Of other kinds nobody can tell by their bytes what is in them."""


def erase_from_jobs(
    state: Path, ids: Collection[str], pieces: Sequence[Piece]
) -> tuple[tuple[ErasedPlace, ...], tuple[str, ...]]:
    """Remove from the server's state in ``state`` the copies of catalogues that ended jobs keep and that have the items
    ``ids`` or may have them, and what lists of failures say of them. What was there, and what has to wait for jobs that
    have not ended.

    Args:
        pieces: what the items held and nobody else does.

    Raises:
        StoreError, StoreFull: it cannot be read or written.
    """
    folders = state / "jobs"
    if not folders.is_dir():
        return (), ()
    book = JobBook(state)
    jobs = {job.id: job for job in book.in_states(*JobState)} if book.begun else {}
    wanted = [*pieces, *(Piece(PieceKind.TEXT, (id.encode(),)) for id in ids if len(id.encode()) >= LEAST)]
    with storage_faults(state):
        found, later = 0, []
        for folder in sorted(each for each in folders.iterdir() if each.is_dir()):
            if (job := jobs.get(folder.name)) is not None and not job.state.ended:
                later.append(f"the job {job.id} has not ended: what its catalogue has of them goes in, or lies there")
                continue
            found += _clean(folder, ids, wanted)
        found += sum(_clean_report(book, job, ids) for job in jobs.values() if job.state.ended)
        if found and book.begun:
            with closing(sqlite3.connect(state / "jobs.sqlite", isolation_level=None)) as connection:
                vacuum(connection)
        left = search_files((file for file in folders.rglob("*") if file.is_file()), pieces)
    still = len(set().union(*left.pieces.values()))
    return ((ErasedPlace(name="server: jobs", found=found, left=0 if later else still),) if found else ()), (*later,)


def _clean(folder: Path, ids: Collection[str], wanted: Sequence[Piece]) -> int:
    """The files of an ended job; how many were removed or written anew."""
    copies = [file for file in catalogue_folder(folder).rglob("*") if file.is_file()]
    known = search_files(copies, wanted).pieces
    gone = [file for file in copies if file in known or file.suffix.lower() not in _PLAIN]
    for file in gone:
        file.unlink(missing_ok=True)
    return len(gone) + _clean_failures(folder / FAILURES, ids)


def _clean_failures(file: Path, ids: Collection[str]) -> int:
    if not file.exists():
        return 0
    with file.open("rb") as lines:
        if not any(_names(line, ids) for line in lines):
            return 0
        lines.seek(0)
        publish(file, lambda target: target.writelines(line for line in lines if not _names(line, ids)))
    return 1


def _names(line: bytes, ids: Collection[str]) -> bool:
    try:
        return json.loads(line).get("id") in ids
    except ValueError:  # cut short
        return True


def _clean_report(book: JobBook, job: Job, ids: Collection[str]) -> int:
    failures = (job.report or {}).get("failures", [])
    if not any(each.get("id") in ids for each in failures):
        return 0
    with suppress(NotFound):  # it has just been forgotten
        book.change(job.id, lambda found: found.with_(report=_without(found.report or {}, ids)))
    return 1


def _without(report: dict[str, Any], ids: Collection[str]) -> dict[str, Any]:
    return {**report, "failures": [*_others(report.get("failures", []), ids)]}


def _others(failures: Sequence[dict[str, Any]], ids: Collection[str]) -> Iterator[dict[str, Any]]:
    return (each for each in failures if each.get("id") not in ids)
