"""A long life of one collection: random edits of a catalogue, indexed after each handful, against a model of it."""

import random
from collections.abc import Callable

import numpy as np
import pytest
from shops import PatchEncoder, Shop, picture_bytes, settings, vector_of

from shelfsight.core.types import Picture
from shelfsight.indexer import index

Expected = dict[str, tuple[str | None, dict[str, object], list[bytes]]]


class Life:
    """A shop, what its collection must hold, and edits that change both."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop = shop
        self.random = random.Random(seed)
        self.expected: Expected = {}
        self.names = 0

    def edit(self) -> None:
        edits: list[Callable[[], None]] = [self.add, self.add, self.remove, self.retitle, self.repaint, self.move]
        self.random.choice(edits)()

    def add(self) -> None:
        self.names += 1
        pictures = [self.picture() for _ in range(self.random.randint(1, 4))]
        self.shop.add(f"item-{self.names}", *pictures, title=f"Title {self.names}", price=self.names)

    def picture(self) -> Picture:
        self.names += 1
        picture = self.shop.file(f"{self.names}.png", self.names)
        if self.random.random() < 0.15:
            picture.path.write_bytes(b"damaged" if self.random.random() < 0.5 else b"")
        return picture

    def remove(self) -> None:
        if len(self.shop.rows) > 1:
            del self.shop.rows[self.choose()]

    def retitle(self) -> None:
        if self.shop.rows:
            self.names += 1
            self.shop.replace(self.choose(), title=f"Title {self.names}", metadata={"price": self.names})

    def repaint(self) -> None:
        if self.shop.rows:
            self.names += 1
            picture = self.random.choice(self.shop.rows[self.choose()].pictures)
            picture.path.write_bytes(picture_bytes(self.names))

    def move(self) -> None:
        if self.shop.rows:
            row = self.choose()
            pictures = list(self.shop.rows[row].pictures)
            which = self.random.randrange(len(pictures))
            self.names += 1
            moved = pictures[which].path.rename(self.shop.folder / f"{self.names}.png")
            pictures[which] = Picture(name=moved.name, path=moved)
            self.shop.replace(row, pictures=tuple(pictures))

    def choose(self) -> int:
        return self.random.randrange(len(self.shop.rows))

    def settle(self) -> None:
        """What a job with pruning must leave: items without a usable picture stay as they were."""
        before, self.expected = self.expected, {}
        for row in self.shop.rows:
            data = [picture.path.read_bytes() for picture in row.pictures]
            usable = [each for each in data if each.startswith(b"\x89PNG")]
            if usable:
                self.expected[row.id] = (row.title, dict(row.metadata), usable)
            elif row.id in before:
                self.expected[row.id] = before[row.id]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_collection_follows_the_catalogue(shop, store, seed):
    life = Life(shop, seed)
    for _ in range(12):
        for _ in range(life.random.randint(1, 8)):
            life.edit()
        if not shop.rows:
            continue
        report = index(shop, encoder=PatchEncoder(), store=store, settings=settings(), prune=True)
        life.settle()
        assert list(store.ids()) == sorted(life.expected)
        assert report.indexed + report.unchanged + report.updated + report.failed == len(shop.rows)
        assert (report.items, report.pictures) == (len(life.expected), sum(len(e[2]) for e in life.expected.values()))
        snapshot = store.snapshot()
        stored = snapshot.items(list(life.expected))
        for id, (title, metadata, usable) in life.expected.items():
            assert (stored[id].title, dict(stored[id].metadata)) == (title, metadata)
            vectors = np.stack([vector_of(each) for each in usable])
            np.testing.assert_allclose(snapshot.vectors(id), vectors, atol=1e-6)
        again = index(shop, encoder=PatchEncoder(), store=store, settings=settings(), prune=True)
        assert (again.unchanged, again.failed, again.encoded) == (len(shop.rows) - report.failed, report.failed, 0)
        assert again.failures == report.failures
