"""Collections of id and picture only, built by the product's own reader, indexer and store."""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import gettempdir

from shelfsight.catalog import open_catalogue
from shelfsight.core.protocols import Catalogue, Encoder, Store
from shelfsight.core.settings import Settings
from shelfsight.core.types import Failure, Item, Value
from shelfsight.indexer import index
from shelfsight.stores import create_store, open_store

__all__ = ["Row", "add_arguments", "build", "place", "rows"]


@dataclass(frozen=True, slots=True)
class Row:
    """What a catalogue says of an item, for judging."""

    id: str
    title: str | None
    fields: dict[str, Value]

    def plain(self) -> dict[str, Value]:
        """All of it in one mapping."""
        return {**self.fields, "id": self.id, "title": self.title}


class PicturesOnly:
    """A catalogue without its words: what a search finds in it, it found by looking.

    Args:
        split: only items whose field ``split`` says so; all of them without it.
        label: one field that stays, for judging.
    """

    def __init__(self, catalogue: Catalogue, *, split: str | None = None, label: str | None = None) -> None:
        self._catalogue = catalogue
        self._split = split
        self._label = label

    @property
    def name(self) -> str:
        return self._catalogue.name

    def __iter__(self) -> Iterator[Item | Failure]:
        for each in self._catalogue:
            if isinstance(each, Failure):
                yield each
            elif self._split is None or each.metadata.get("split") == self._split:
                kept = {name: value for name, value in each.metadata.items() if name == self._label}
                yield replace(each, title=None, metadata=kept)

    def count(self) -> int | None:
        return self._catalogue.count()


def add_arguments(parser: ArgumentParser) -> None:
    """``--data``, ``--cache`` and ``--encoder``, the same for every benchmark."""
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("SHELFSIGHT_DATA"),
        help="folder of data sets (fashion/, sportswear/); default: the environment variable SHELFSIGHT_DATA",
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path(gettempdir()) / "shelfsight-benchmarks",
        help="where collections are kept between runs (default: %(default)s)",
    )
    parser.add_argument("--encoder", default="embedded", help="encoder to measure (default: %(default)s)")
    parser.add_argument("--store", default="faiss", choices=["faiss", "exact"], help="default: %(default)s")


def rows(path: Path) -> list[Row]:
    """Every item of a catalogue with its words."""
    items = (each for each in open_catalogue(path) if isinstance(each, Item))
    return [Row(item.id, item.title, dict(item.metadata)) for item in items]


def place(
    path: Path, cache: Path, *, encoder: Encoder, kind: str, split: str | None = None, label: str | None = None
) -> Path:
    """Where :func:`build` keeps a collection."""
    name = "-".join(filter(None, (path.name if path.is_dir() else path.parent.name, split, label)))
    return cache / f"{name}-{kind}-{encoder.spec.revision[:16]}"


def build(
    path: Path, cache: Path, *, encoder: Encoder, kind: str, split: str | None = None, label: str | None = None
) -> Store:
    """The collection of a catalogue's ids and pictures, brought up to date; kept apart by encoder revision.

    Args:
        split, label: see :class:`PicturesOnly`.
    """
    folder = place(path, cache, encoder=encoder, kind=kind, split=split, label=label)
    known = (folder / "manifest.json").exists()
    store = open_store(folder) if known else create_store(folder, kind=kind, encoder=encoder.spec)
    report = index(
        PicturesOnly(open_catalogue(path), split=split, label=label), encoder=encoder, store=store, settings=Settings()
    )
    print(f"{path.name}: {report.to_json()}"[:300], file=sys.stderr)
    return store
