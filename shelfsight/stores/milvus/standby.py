"""Versions of a Milvus collection: each a Milvus collection of its own, named by itself, beside one alias.

What counts is said in three places, in this order: the journal of the version that was left says which one came after
it, which every directory on any machine that is about it heeds (:mod:`.adopting`); the pointer of the directory that
was switched in; and the alias, by which other programs read. Killed between two of them, the others are set right by
whoever comes next. An alias that several tenants share stays where it is.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from shelfsight.core.protocols import EncoderSpec
from shelfsight.stores.creation import create_collection
from shelfsight.stores.faults import storage_faults
from shelfsight.stores.ledger import connect, writing
from shelfsight.stores.manifest import MANIFEST
from shelfsight.stores.milvus.creation import create_alone, drop, opened, pointed, switch, tenants
from shelfsight.stores.milvus.journal import Commit, now
from shelfsight.stores.milvus.place import PLACE, MilvusPlace, read_place, write_place
from shelfsight.stores.milvus.reaching import Reached, connection, reached
from shelfsight.stores.milvus.replica import apply, counter, set_counter
from shelfsight.stores.milvus.writers import alone
from shelfsight.stores.versions import MAIN, VERSIONS, SupersededError, active, folder_of

__all__ = [
    "create_version",
    "drop_version",
    "handle_at",
    "pinned",
    "quiet",
    "renumbered",
    "settle_alias",
    "supersede",
    "version_of",
]


def create_version(source: Path, folder: Path, encoder: EncoderSpec) -> None:
    """A new empty version in ``folder`` of the Milvus collection that the one in ``source`` is about.

    Raises:
        StoreError, StoreFull: Milvus cannot be reached, or does not make it.
        CorruptCollection: it has not got the collection.
    """
    place = pinned(source)
    new = handle_at(folder, source, f"{place.collection}_{secrets.token_hex(4)}")

    def remote() -> None:
        write_place(folder, new)  # before there is something that has to be dropped
        with connection(folder, new) as milvus:
            create_alone(milvus, new, encoder)

    create_collection(folder, "milvus", encoder, before=remote)


def handle_at(folder: Path, source: Path, rows: str) -> MilvusPlace:
    """The place for a version in ``folder`` that is about the Milvus collection ``rows``, beside that of ``source``."""
    place = read_place(source)
    relative = place.lite and not Path(place.uri).is_absolute()
    return replace(place, uri=os.path.relpath(source / place.uri, folder) if relative else place.uri, rows=rows)


def pinned(folder: Path, rows: str = "") -> MilvusPlace:
    """The place of a version, which names its Milvus collection from now on: the alias may come to mean another.

    Args:
        rows: that Milvus collection; where left out, the one that the alias stands for.
    """
    place = read_place(folder)
    if not place.rows:
        if not rows:
            with reached(folder, place) as there:
                rows = there.rows.name
        place = replace(place, rows=rows)
        write_place(folder, place)
    return place


@contextmanager
def quiet(folder: Path) -> Iterator[None]:
    """Nobody on any machine commits to this version meanwhile, and its ledger has all that was committed.

    Raises:
        SupersededError: another machine switched to another version.
        StoreError: somebody else was writing for a minute.
    """
    place = read_place(folder)
    with reached(folder, place) as there, alone(folder, place, there.journal, there.rows.name):
        with storage_faults(folder), closing(connect(folder)) as ledger, writing(ledger):
            news = there.journal.news(counter(ledger, "generation"))
            if news.superseded is not None:
                raise SupersededError(f"the collection of {folder} was switched elsewhere", hint="open it again")
            if news.commits:
                apply(ledger, there.journal, there.rows, news.commits)
        yield


def renumbered(folder: Path, above: int) -> int:
    """Give the newest state of a version that stood by, to which nobody writes, a number ``above`` that of the version
    that is left, and let nothing say any more that it is superseded."""
    place = read_place(folder)
    with reached(folder, place) as there, alone(folder, place, there.journal, there.rows.name):
        with storage_faults(folder), closing(connect(folder)) as ledger, writing(ledger):
            commits = there.journal.since(counter(ledger, "generation"))
            if commits:
                apply(ledger, there.journal, there.rows, commits)
            before, end = counter(ledger, "generation"), counter(ledger, "next_vector")
            generation = max(before, above) + 1
            set_counter(ledger, "generation", generation)
            ledger.execute("UPDATE counters SET value = ? WHERE name = 'counted' AND value = ?", (generation, before))
            commit = Commit(generation=generation, next=end, deleted=0, time=now(), rows=there.rows.name)
            there.journal.commit(commit)
        there.journal.withdraw()
    return generation


def supersede(folder: Path, by: Path, generation: int) -> None:
    """Say in the journal of a version that the one in ``by`` counts from now on, whose state is ``generation``. Inside
    :func:`quiet`."""
    place = read_place(folder)
    with reached(folder, place) as there:
        there.journal.supersede(read_place(by).rows, generation)


def settle_alias(path: Path) -> None:
    """Let the alias stand for the version that counts of the collection at ``path``, where it stands for another one of
    its versions, which no other tenant has."""
    folder = active(path)
    place = read_place(folder)
    if not place.rows:
        return
    left = {each.rows for each in _others(path, folder)}
    with connection(folder, place) as milvus:
        found = pointed(milvus, place.collection)
        if found in left and max(tenants(milvus, each) for each in (place.rows, found)) <= 1:
            switch(milvus, place.collection, place.rows)


def drop_version(path: Path, folder: Path) -> None:
    """Drop from Milvus what the version in ``folder`` of the collection at ``path`` has, and no other one. Nothing
    happens where it is gone already."""
    place = _place(folder)
    if place is None or not place.rows or any(each.rows == place.rows for each in _others(path, folder)):
        return
    with connection(folder, place) as milvus:
        count = tenants(milvus, place.rows)
        if count > 1:
            there = Reached(milvus, *opened(milvus, folder, place))
            there.rows.forget_from(0)
            there.journal.clear()
        elif count or milvus.has(place.rows):
            drop(milvus, place.rows)


def version_of(path: Path, rows: str) -> str | None:
    """The version of the collection at ``path`` that is about the Milvus collection ``rows``."""
    for name in (MAIN, *(each.name for each in (path / VERSIONS).iterdir())):
        folder = folder_of(path, name)
        if (folder / MANIFEST).exists() and (place := _place(folder)) is not None and place.rows == rows:
            return name
    return None


def _others(path: Path, folder: Path) -> Iterator[MilvusPlace]:
    for each in (path, *(path / VERSIONS).iterdir()):
        if each != folder and (place := _place(each)) is not None:
            yield place


def _place(folder: Path) -> MilvusPlace | None:
    return read_place(folder) if (folder / PLACE).exists() else None
