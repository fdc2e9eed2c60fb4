"""Notes for store tests, whose content tells what they were made of."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt
from store_samples import axis, change

from shelfsight.core.protocols import PictureKey, Store
from shelfsight.core.types import Suggestion

SHAPE = (36, 16)
ITEMS = 8


def feature(version: str, key: PictureKey, shape: tuple[int, int] = SHAPE) -> npt.NDArray[np.float16]:
    seed = crc32(f"{version} {key}".encode())
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float16)


def said(value: str, probability: float | None = 0.75, model: str = "m@1") -> Suggestion:
    return Suggestion(value=value, probability=probability, model=model)


def fingerprints(store: Store, ids: Sequence[str]) -> dict[str, str]:
    return {id: each.pictures for id, each in store.fingerprints(ids).items()}


def note(store: Store, *keys: PictureKey, version: str = "v1", shape: tuple[int, int] = SHAPE) -> None:
    """Keep features of pictures, and what each item is called, as they are now."""
    prints = fingerprints(store, [id for id, _ in keys])
    store.notes.keep_features(version, {key: feature(version, key, shape) for key in keys}, prints)
    store.notes.keep_suggestions({id: {"caption": said(f"this is {id}", None)} for id, _ in keys}, prints)


def noted_shop(store: Store, seed: int, number: int) -> None:
    """Turn ``number`` of a writer: new items with notes; half of the turn before deleted, half with new pictures."""
    new = [f"{seed}-{number}-{each}" for each in range(ITEMS)]
    old = [f"{seed}-{number - 1}-{each}" for each in range(ITEMS)] if number else []
    store.commit([change(id, [axis(0), axis(1)]) for id in new])
    note(store, *((id, picture) for id in new for picture in (0, 1)))
    half = len(old) // 2
    store.commit([change(id, [axis(2)], version="2") for id in old[half:]], old[:half])


def orphans(path: Path) -> list[str]:
    """What is in the notes, and belongs to no item with these pictures; read past the store."""
    with closing(sqlite3.connect(path / "notes.sqlite")) as connection:
        connection.execute("ATTACH ? AS ledger", (str(path / "items.sqlite"),))
        found = [
            row[0]
            for table in ("noted", "suggestions")
            for row in connection.execute(
                f"SELECT id FROM {table} t WHERE NOT EXISTS"
                " (SELECT 1 FROM ledger.items i WHERE i.id = t.id AND i.pictures_hash = t.fingerprint)"
            )
        ]
        lost = connection.execute("SELECT count(*) FROM features WHERE key NOT IN (SELECT key FROM noted)").fetchone()
    return [*found, *["features without a picture"] * lost[0]]
