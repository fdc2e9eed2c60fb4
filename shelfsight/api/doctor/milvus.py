"""Milvus, where a collection lies there: it can be reached, and has the collection."""

from collections.abc import Iterator

from shelfsight.api.doctor.collection import Subject
from shelfsight.api.doctor.finding import Finding, error
from shelfsight.core.errors import CorruptCollection, MissingExtra, ShelfsightError

__all__ = ["CHECKS"]


def milvus(subject: Subject) -> Iterator[Finding]:
    """A server is asked; a file of Milvus Lite is only looked at, for opening it would write to it."""
    if subject.header.store != "milvus":
        return
    from shelfsight.stores.milvus import read_place
    from shelfsight.stores.milvus.creation import GoneError, check_there
    from shelfsight.stores.milvus.reaching import connection

    try:
        place = read_place(subject.folder)
    except CorruptCollection as fault:
        yield error("milvus_place_damaged", fault.message, fault.hint or "restore milvus.json from a backup")
        return
    if place.lite:
        file = place.file(subject.folder)
        if not file.exists():
            yield error("milvus_file_missing", f"{file} is missing, in which the vectors are", "restore it")
        return
    try:
        with connection(subject.folder, place) as milvus:
            check_there(milvus, subject.folder, place)
    except MissingExtra as fault:
        yield error("milvus_not_installed", fault.message, fault.hint or "install the extra milvus")
    except GoneError as fault:
        yield error("milvus_lost", fault.message, fault.hint or "restore Milvus, or the collection from a backup")
    except ShelfsightError as fault:
        cure = "start it, or correct milvus.json; a token goes into SHELFSIGHT_MILVUS_TOKEN"
        yield error("milvus_unreachable", fault.message, fault.hint or cure)


CHECKS = (milvus,)
