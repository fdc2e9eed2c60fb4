"""Making and opening the Milvus side of a collection."""

import os
import secrets
import socket
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from shelfsight.core.errors import Conflict, CorruptCollection, EncoderMismatch
from shelfsight.core.protocols import EncoderSpec
from shelfsight.stores.manifest import FORMAT
from shelfsight.stores.milvus.client import Milvus
from shelfsight.stores.milvus.indexing import chosen
from shelfsight.stores.milvus.journal import Journal
from shelfsight.stores.milvus.locks import held
from shelfsight.stores.milvus.place import MilvusPlace
from shelfsight.stores.milvus.rows import Rows
from shelfsight.stores.milvus.schema import VECTOR, WORDS, create_journal, create_rows, index_rows
from shelfsight.stores.words import file as words

__all__ = [
    "GoneError",
    "MovedError",
    "check_there",
    "create_alone",
    "drop",
    "encoder_of",
    "opened",
    "pointed",
    "prepare",
    "switch",
    "tenants",
    "words_format",
]

_JOURNAL = "_journal"
_TENANT = "tenant"


def prepare(milvus: Milvus, place: MilvusPlace, encoder: EncoderSpec, *, join: bool, vectors: int = 0) -> None:
    """Make what ``place`` lacks in Milvus: the collections, and the tenant. What is there is taken up, so that a second
    machine may open it, and an interrupted creation goes on.

    Args:
        join: whether something may be in it.
        vectors: how many are going to be in it, as far as is known.

    Raises:
        Conflict: something is in it, and not ``join``; or it holds vectors of another dimension.
        EncoderMismatch: it is there, and of another encoder.
    """
    name = milvus.target(place.collection + _JOURNAL)
    if name is None:
        name = f"{place.collection}_{secrets.token_hex(4)}"
        create_rows(milvus, name, place, encoder.dimension, vectors=vectors)
        create_journal(milvus, name + _JOURNAL)
        switch(milvus, place.collection, name)
        name += _JOURNAL
    elif place.words == "server" and WORDS not in milvus.fields(name.removesuffix(_JOURNAL)):
        raise Conflict(
            f"the Milvus collection {place.collection!r} was made without the field that its full text needs",
            hint="leave --milvus-words out, or name another Milvus collection",
        )
    journal = Journal(milvus, name, place.tenant)
    _check_dimension(journal, place, encoder)
    note = journal.note(_TENANT)
    if note is None:
        with nullcontext() if milvus.lite else held(Journal(milvus, name, "-"), "tenants", "a new tenant", wait=True):
            number = max((other["number"] for other in journal.others(_TENANT)), default=0) + 1
            journal.write_note(_TENANT, _about(encoder, number, name))
    elif note["encoder"] != _spec(encoder):
        raise EncoderMismatch(
            f"the tenant {place.tenant!r} of {place.collection!r} was built with encoder {note['encoder']['name']!r},"
            f" not with {encoder.name!r}",
            hint="name another tenant or Milvus collection, or index with that encoder",
        )
    elif not join and journal.since(0):
        raise Conflict(
            f"the Milvus at {place.uri} has a collection {place.collection!r} with something in it",
            hint=f"--milvus-collection {place.collection} opens it from here as well, another name makes a new one",
        )


def _check_dimension(journal: Journal, place: MilvusPlace, encoder: EncoderSpec) -> None:
    dimensions = {other["encoder"]["dimension"] for other in journal.others(_TENANT)}
    if dimensions - {encoder.dimension}:
        raise Conflict(
            f"the Milvus collection {place.collection!r} holds vectors of dimension {min(dimensions)},"
            f" not {encoder.dimension}",
            hint="name another Milvus collection",
        )


def switch(milvus: Milvus, alias: str, name: str) -> None:
    """Let ``alias`` stand for the collections ``name``. Whoever opens it goes by the journal's, and gets all of the
    one or all of the other; that of the rows is for people."""
    for suffix in ("", _JOURNAL):
        milvus.point(alias + suffix, name + suffix, new=milvus.target(alias + suffix) is None)


def pointed(milvus: Milvus, alias: str) -> str | None:
    """The Milvus collection that ``alias`` stands for."""
    found = milvus.target(alias + _JOURNAL)
    return None if found is None else found.removesuffix(_JOURNAL)


def create_alone(milvus: Milvus, place: MilvusPlace, encoder: EncoderSpec) -> None:
    """The Milvus collection that ``place`` names itself, of that tenant alone; no alias stands for it."""
    create_rows(milvus, place.rows, place, encoder.dimension)
    create_journal(milvus, place.rows + _JOURNAL)
    Journal(milvus, place.rows + _JOURNAL, place.tenant).write_note(_TENANT, _about(encoder, 1, place.rows))


def encoder_of(milvus: Milvus, place: MilvusPlace) -> EncoderSpec:
    """That of the vectors that the tenant has in the Milvus collection ``place.rows``.

    Raises:
        CorruptCollection: nothing is there.
    """
    there = milvus.has(place.rows + _JOURNAL)
    note = Journal(milvus, place.rows + _JOURNAL, place.tenant).note(_TENANT) if there else None
    if note is None:
        raise CorruptCollection(
            f"the Milvus at {place.uri} has no collection {place.rows!r} of tenant {place.tenant!r}",
            hint="restore it, or index the catalogue again into a new collection",
        )
    return EncoderSpec(**note["encoder"])


def tenants(milvus: Milvus, rows: str) -> int:
    """How many have something in the Milvus collection ``rows``; 0 where there is none."""
    there = milvus.has(rows + _JOURNAL)
    return len(Journal(milvus, rows + _JOURNAL, "-").others(_TENANT)) if there else 0


def drop(milvus: Milvus, rows: str) -> None:
    """Drop a Milvus collection and its journal, or what there is of the two."""
    for name in (rows, rows + _JOURNAL):
        if milvus.has(name):
            milvus.drop(name)


class MovedError(EncoderMismatch):
    """What is in Milvus was made with another encoder than the directory says."""


class GoneError(CorruptCollection):
    """Milvus has not got the collection."""


def opened(
    milvus: Milvus, directory: Path, place: MilvusPlace, encoder: EncoderSpec | None = None
) -> tuple[Journal, Rows]:
    """The journal and the rows of ``place``.

    Raises:
        GoneError: they are not in Milvus.
        MovedError: they are of another encoder than ``encoder``.
    """
    name = _journal_of(milvus, place)
    note: dict[str, Any] | None = None
    if name is not None:
        milvus.load(name)
        journal = Journal(milvus, name, place.tenant)
        note = journal.note(_TENANT)
    if note is None:
        raise _gone(directory, place)
    _mend(milvus, journal, note["rows"], place, note["encoder"]["dimension"])
    if encoder is not None and note["encoder"] != _spec(encoder):
        raise MovedError(
            f"{directory} has encoder {encoder.name!r}, and Milvus vectors of {note['encoder']['name']!r}",
            hint="restore the collection, or make a new directory for it",
        )
    milvus.load(note["rows"])
    return journal, Rows(milvus, note["rows"], place, note["number"])


def check_there(milvus: Milvus, directory: Path, place: MilvusPlace) -> None:
    """Whether Milvus has the collections of ``place``. Nothing is loaded for that, and nothing mended.

    Raises:
        GoneError: it has not.
    """
    rows = place.rows or pointed(milvus, place.collection)
    if rows is None or not all(milvus.has(name) for name in (rows, rows + _JOURNAL)):
        raise _gone(directory, place)


def _gone(directory: Path, place: MilvusPlace) -> GoneError:
    return GoneError(
        f"the Milvus at {place.uri} has no collection {place.rows or place.collection!r} of tenant"
        f" {place.tenant!r}, which {directory} is about",
        hint="restore it, or index the catalogue again into a new collection",
    )


def words_format(journal: Journal) -> int:
    """How the words of a tenant's items are folded and stemmed: the format of :mod:`shelfsight.stores.words.file`."""
    return int((journal.note(_TENANT) or {}).get("words", 0))


def _mend(milvus: Milvus, journal: Journal, name: str, place: MilvusPlace, dimension: int) -> None:
    """Whoever was killed while another index was built may have left none, and a server loads nothing without."""
    if milvus.lite or milvus.index(name, VECTOR) is not None:
        return
    who = f"process {os.getpid()} on {socket.gethostname()}, which builds its index anew"
    with held(journal.of_all(), "index", who, wait=True):
        if milvus.index(name, VECTOR) is None:
            vectors = milvus.size(name)
            index_rows(milvus, name, chosen(vectors, dimension, asked=place.index).kind, vectors, dimension)


def _journal_of(milvus: Milvus, place: MilvusPlace) -> str | None:
    if not place.rows:
        return milvus.target(place.collection + _JOURNAL)
    return place.rows + _JOURNAL if milvus.has(place.rows + _JOURNAL) else None


def _about(encoder: EncoderSpec, number: int, journal: str) -> dict[str, Any]:
    rows = journal.removesuffix(_JOURNAL)
    formats = {"format": FORMAT, "words": words.FORMAT}
    return {**formats, "encoder": _spec(encoder), "metric": "cosine", "number": number, "rows": rows}


def _spec(encoder: EncoderSpec) -> dict[str, Any]:
    return {
        "name": encoder.name,
        "revision": encoder.revision,
        "fingerprint": encoder.fingerprint,
        "dimension": encoder.dimension,
        "image_size": encoder.image_size,
    }
