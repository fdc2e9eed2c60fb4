"""Items for a small collection whose answers can be worked out by hand."""

from collections.abc import Sequence

import numpy as np

from shelfsight.core.protocols import Change, Fingerprints, StoredItem, StoredPicture
from shelfsight.core.types import Value
from shelfsight.core.vectors import normalise


def change(id: str, vectors: Sequence[Sequence[float]], **metadata: Value) -> Change:
    """An item with one picture a vector, named ``ID-0.jpg``, ``ID-1.jpg`` ..."""
    pictures = tuple(StoredPicture(name=f"{id}-{n}.jpg", path=None, preview=b"-") for n in range(len(vectors)))
    item = StoredItem(
        id=id,
        title=f"The {id} one",
        metadata=metadata,
        pictures=pictures,
        fingerprints=Fingerprints(pictures=id, metadata=id),
    )
    return Change(item=item, vectors=normalise(np.array(vectors)))


SHELF = (
    change("red", [(1, 0, 0)], price=10, kind="plain"),
    change("green", [(0, 1, 0)], price=20, kind="plain"),
    change("blue", [(0, 0, 1)], price=30, kind="plain"),
    change("yellow", [(1, 1, 0)], price=40, kind="mixed"),
    change("pair", [(0, 0, 1), (0, 1, 0)], price=50, kind="mixed"),
)
