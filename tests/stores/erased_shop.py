"""A shop with one item that is to be erased, and what of it may lie in files."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from ann_samples import EAGER, WIDE, WIDTH, clustered, items_of
from store_samples import stored

from shelfsight.core.listing import WordQuery
from shelfsight.core.protocols import Change, Match, Store
from shelfsight.core.types import Suggestion
from shelfsight.core.vectors import FloatArray, normalise
from shelfsight.stores import create_store, open_store, open_version
from shelfsight.stores.shadow import copy_notes, create_standby, migrating
from shelfsight.stores.versions import folder_of

VICTIM = "victim-0001"
TWIN = "i0000000"
TITLE = "Zebrawood zither of Jane Roe"
OLD_TITLE = "Quetzal feather hat of Jane Roe"
CAPTION = "a lady plays the zither under a bridge"
NOTE = 'said "it is mine", and left Zürich'
SHARED = "Wanderlust & Sons"
PREVIEWS = [b"\xff\xd8\xff" + np.random.default_rng(i).bytes(5000) for i in (1, 2)]
ROWS = 3000


def victim_vectors(seed: int) -> FloatArray:
    """(2, d): no other item has them."""
    return normalise(np.random.default_rng([9, seed]).standard_normal((2, WIDTH)))


def features_of(seed: int) -> np.ndarray:
    return np.random.default_rng([7, seed]).standard_normal((4, 16)).astype(np.float16)


def victim(title: str, seed: int) -> Change:
    item = stored(
        VICTIM,
        {"note": NOTE, "brand": SHARED, "nested": {"list": ["a very private remark", 12345678901]}},
        pictures=2,
        title=title,
        version=str(seed),
        previews=PREVIEWS,
    )
    return Change(item=item, vectors=victim_vectors(seed))


def secrets() -> dict[str, bytes]:
    """What no file may hold afterwards, of the item as it is and as it was."""
    texts = (TITLE, OLD_TITLE, CAPTION, "it is mine", "left Zürich", "a very private remark", "12345678901")
    found = {text: text.encode() for text in texts}
    for seed in (1, 2):
        for row, vector in enumerate(victim_vectors(seed)):
            found[f"vector {seed}/{row}"] = vector.astype("<f4").tobytes()[:32]
            found[f"half vector {seed}/{row}"] = vector.astype("<f2").tobytes()[:32]
        found[f"features {seed}"] = features_of(seed).tobytes()[:48]
    for number, preview in enumerate(PREVIEWS):
        found |= {f"preview {number} at {at}": preview[at : at + 32] for at in (0, 2400, 4900)}
    return found | {"a word": b"zebrawood", "an old word": b"quetzal"}


def traces(folder: Path) -> dict[str, list[str]]:
    """Secret -> files that hold it, by reading them whole."""
    wanted = secrets()
    found: dict[str, list[str]] = {}
    for file in sorted(file for file in folder.rglob("*") if file.is_file()):
        data = file.read_bytes()
        for name in (name for name, secret in wanted.items() if secret in data):
            found.setdefault(name, []).append(str(file.relative_to(folder)))
    return found


def made(path: Path, kind: str, *, rows: int = ROWS) -> Store:
    """Other items, the victim as it was, sealed, then as it is; notes of both, words, a checkpoint. A neighbour has the
    same brand."""
    store = create_store(path, kind=kind, encoder=WIDE, vectors=EAGER)
    others = items_of(clustered(rows, seed=1))
    others[0] = replace(others[0], item=replace(others[0].item, title="Neighbour", metadata={"brand": SHARED, "n": 0}))
    store.commit(others)
    for title, seed in ((OLD_TITLE, 1), (TITLE, 2)):
        store.commit([victim(title, seed)])
        store.notes.keep_features("v1", {(VICTIM, 0): features_of(seed)}, {VICTIM: f"pictures-{seed}"})
        caption = {"caption": Suggestion(value=CAPTION, probability=None, model="m")}
        store.notes.keep_suggestions({VICTIM: caption}, {VICTIM: f"pictures-{seed}"})
        store.maintain()
    store.notes.keep_features("v1", {(TWIN, 0): np.ones((4, 16), np.float16)}, {TWIN: "pictures-1"})
    store.snapshot().words(WordQuery(text="zebrawood"), 3)
    store.maintain()
    return store


def copied(path: Path) -> Path:
    """Another version beside the one that counts, with all items and notes; its directory."""
    with migrating(path), closing(open_store(path)) as source:
        standby = create_standby(path, source.manifest.store, replace(WIDE, revision="r2"))
        folder = folder_of(path, standby.name)
        with closing(open_version(path, standby.name)) as target:
            snapshot = source.snapshot()
            items = snapshot.items([*source.ids()])
            target.commit([_change(source, item.id) for item in items.values()])
            target.maintain()
            target.snapshot().words(WordQuery(text="zebrawood"), 3)
        copy_notes(path, folder)
    return folder


def _change(source: Store, id: str) -> Change:
    snapshot = source.snapshot()
    item = snapshot.items([id])[id]
    pictures = tuple(
        replace(each, preview=source.preview(id, index) if each.path is None else None)
        for index, each in enumerate(item.pictures)
    )
    return Change(item=replace(item, pictures=pictures), vectors=snapshot.vectors(id))


def answers(store: Store, k: int = 30) -> list[list[Match]]:
    """To some questions by vector, the victim's among them, without the victim."""
    queries = np.concatenate([clustered(20, seed=2), victim_vectors(2)])
    return [matches[:k] for matches in store.snapshot().search(queries, k, exclude=[VICTIM])]


def found_by_words(store: Store, texts: Sequence[str]) -> Iterator[tuple[str, float]]:
    for text in texts:
        for match in store.snapshot().words(WordQuery(text=text), 5).matches:
            yield match.id, match.score
