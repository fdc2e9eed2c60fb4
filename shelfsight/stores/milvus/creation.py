"""Making and opening the Milvus side of a collection."""

import secrets
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from shelfsight.core.errors import Conflict, CorruptCollection, EncoderMismatch
from shelfsight.core.protocols import EncoderSpec
from shelfsight.stores.manifest import FORMAT
from shelfsight.stores.milvus.client import Milvus
from shelfsight.stores.milvus.journal import Journal
from shelfsight.stores.milvus.locks import held
from shelfsight.stores.milvus.place import MilvusPlace
from shelfsight.stores.milvus.rows import Rows
from shelfsight.stores.milvus.schema import WORDS, create_journal, create_rows

__all__ = ["opened", "prepare", "switch"]

_JOURNAL = "_journal"
_TENANT = "tenant"


def prepare(milvus: Milvus, place: MilvusPlace, encoder: EncoderSpec, *, join: bool) -> None:
    """Make what ``place`` lacks in Milvus: the collections, and the tenant. What is there is taken up, so that a second
    machine may open it, and an interrupted creation goes on.

    Args:
        join: whether something may be in it.

    Raises:
        Conflict: something is in it, and not ``join``; or it holds vectors of another dimension.
        EncoderMismatch: it is there, and of another encoder.
    """
    name = milvus.target(place.collection + _JOURNAL)
    if name is None:
        name = f"{place.collection}_{secrets.token_hex(4)}"
        create_rows(milvus, name, place, encoder.dimension)
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


def opened(milvus: Milvus, directory: Path, place: MilvusPlace) -> tuple[Journal, Rows]:
    """The journal and the rows of ``place``.

    Raises:
        CorruptCollection: they are not in Milvus.
    """
    name = _journal_of(milvus, place)
    note: dict[str, Any] | None = None
    if name is not None:
        milvus.load(name)
        journal = Journal(milvus, name, place.tenant)
        note = journal.note(_TENANT)
    if note is None:
        raise CorruptCollection(
            f"the Milvus at {place.uri} has no collection {place.collection!r} of tenant {place.tenant!r},"
            f" which {directory} is about",
            hint="restore it, or index the catalogue again into a new collection",
        )
    milvus.load(note["rows"])
    return journal, Rows(milvus, note["rows"], place, note["number"])


def _journal_of(milvus: Milvus, place: MilvusPlace) -> str | None:
    if not place.rows:
        return milvus.target(place.collection + _JOURNAL)
    return place.rows + _JOURNAL if milvus.has(place.rows + _JOURNAL) else None


def _about(encoder: EncoderSpec, number: int, journal: str) -> dict[str, Any]:
    rows = journal.removesuffix(_JOURNAL)
    return {"format": FORMAT, "encoder": _spec(encoder), "metric": "cosine", "number": number, "rows": rows}


def _spec(encoder: EncoderSpec) -> dict[str, Any]:
    return {
        "name": encoder.name,
        "revision": encoder.revision,
        "fingerprint": encoder.fingerprint,
        "dimension": encoder.dimension,
        "image_size": encoder.image_size,
    }
