"""The promises between the rooms. A room is handed these; it never imports who keeps them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from PIL.Image import Image

from shelfsight.core.filters.tree import Expr
from shelfsight.core.types import Failure, Item, Suggestion, Value
from shelfsight.core.vectors import FloatArray

__all__ = [
    "Batched",
    "Catalogue",
    "Change",
    "Encoder",
    "EncoderSpec",
    "Fingerprints",
    "Localiser",
    "Manifest",
    "Match",
    "Notes",
    "NotesSummary",
    "PictureKey",
    "Snapshot",
    "Store",
    "StoredItem",
    "StoredPicture",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSpec:
    """What makes two encoders interchangeable: all five fields equal.

    Attributes:
        name: the string that opens it (``embedded``, ``ViT-B-32/laion2b_s34b_b79k``, ...).
        revision: digest of the weights.
        fingerprint: digest of everything done to a picture and a text before the network
            (size, resize mode, interpolation, mean, std, tokenizer, context length).
        dimension: length of a vector.
        image_size: side of the square input, in pixels; decoding may shrink pictures towards it.
    """

    name: str
    revision: str
    fingerprint: str
    dimension: int
    image_size: int


class Encoder(Protocol):
    """Pictures and texts in one space. A batch is answered exactly as its members one at a time."""

    @property
    def spec(self) -> EncoderSpec: ...

    def prepare(self, picture: Image) -> npt.NDArray[np.uint8]:
        """One decoded RGB picture to bytes of the network's size, (3, h, w) uint8. Runs in decode threads:
        thread-safe, no network. Standardising is the network's first step."""
        ...

    def encode_pixels(self, pixels_bchw: npt.NDArray[np.uint8]) -> FloatArray:
        """(b, 3, h, w) uint8 stacked from :meth:`prepare`, b >= 1, to (b, d) float32 of length 1."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """n >= 1 texts to (n, d) float32 of length 1."""
        ...


@runtime_checkable
class Batched(Protocol):
    """An encoder that says how many pictures it likes at once; one that does not is given a few dozen."""

    @property
    def batch_size(self) -> int:
        """Pictures a call of ``encode_pixels`` that keep its hardware busy."""
        ...


@runtime_checkable
class Localiser(Protocol):
    """An encoder that says where in a picture a text is seen."""

    def heat(self, picture: Image, texts: Sequence[str]) -> FloatArray:
        """A decoded RGB picture and n texts to (n, h, w) float32: how much each region of the picture, in a coarse grid
        over the whole of it, speaks for each text. Higher is more; the scale is the encoder's own."""
        ...


class Catalogue(Protocol):
    """A stream of items; iterating again reads again. Memory does not grow with its length."""

    @property
    def name(self) -> str: ...

    def __iter__(self) -> Iterator[Item | Failure]:
        """Items in the catalogue's order; a row that is no item comes as a :class:`Failure`.

        Raises:
            CatalogueError: the catalogue as a whole cannot be read (on).
        """
        ...

    def count(self) -> int | None:
        """Rows, where that is cheap to know; for progress only."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprints:
    """The two hashes that make indexing idempotent (hex digests)."""

    pictures: str
    metadata: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPicture:
    """A picture as a collection remembers it.

    Attributes:
        name: what a person calls it.
        path: the file, absolute, or ``None`` when the catalogue held bytes.
        preview: encoded bytes kept in the collection when there is no file.
    """

    name: str
    path: str | None
    preview: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredItem:
    """An item as a collection remembers it. ``pictures[i]`` belongs to ``vectors[i]``."""

    id: str
    title: str | None
    metadata: Mapping[str, Value]
    pictures: tuple[StoredPicture, ...]
    fingerprints: Fingerprints


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Part of a commit: one item, whole.

    ``vectors`` is (p, d) float32 of length 1, one row a picture, in order. ``None`` keeps the
    vectors and pictures the item has (metadata only); such an item must exist.
    """

    item: StoredItem
    vectors: FloatArray | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a collection is: written once; counts are read live."""

    format: int
    store: str
    encoder: EncoderSpec
    metric: str
    items: int
    pictures: int


@dataclass(frozen=True, slots=True)
class Match:
    """One item found by a store: its best picture's cosine, and which picture that was."""

    id: str
    score: float
    picture_index: int


class Snapshot(Protocol):
    """One committed state of a collection. Reads on it agree with one another, whatever is written since."""

    def search(
        self, vectors: FloatArray, k: int, *, where: Expr | None = None, exclude: Sequence[str] = ()
    ) -> list[list[Match]]:
        """The k best items for each of (q, d) query vectors: score descending, ties by id ascending.

        An item's score is that of its best picture. Exact for what passes ``where``; fewer than k
        only when fewer pass.

        Raises:
            UnknownField: ``where`` names a field no item has.
        """
        ...

    def count(self, where: Expr | None = None) -> int:
        """Items that pass."""
        ...

    def facets(self, fields: Sequence[str], where: Expr | None = None, *, limit: int = 50) -> dict[str, dict[str, int]]:
        """Exact value counts per field over items that pass, most frequent first, ties by value."""
        ...

    def fields(self) -> dict[str, str]:
        """Field name -> type: ``text``, ``number``, ``boolean`` or ``json``."""
        ...

    def items(self, ids: Sequence[str]) -> dict[str, StoredItem]:
        """The stored items (previews left out), absent ids left out."""
        ...

    def vectors(self, id: str) -> FloatArray:
        """(p, d) float32 vectors of one item.

        Raises:
            NotFound: no such item.
        """
        ...

    def contains(self, ids: Iterable[str]) -> set[str]:
        """Those of ``ids`` that are in the collection."""
        ...


PictureKey = tuple[str, int]
"""An item's id and the index of one of its pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotesSummary:
    """How much is kept beside the items of a collection.

    Attributes:
        features: version -> pictures of which features are kept, the version written to last first.
        suggestions: model -> items of which suggestions are kept.
        bytes: what all of it takes on disk; 0 where nothing was ever kept.
    """

    features: Mapping[str, int]
    suggestions: Mapping[str, int]
    bytes: int


class Notes(Protocol):
    """What models made of a collection's pictures, beside the items: kept by version, gone with the item.

    A note belongs to the pictures that the item had when it was made: when they change, it is as if it were not there.
    Notes can be made again, so searches need not fear for them: what cannot be read is as if it were not there.
    """

    def features(self, version: str, keys: Sequence[PictureKey]) -> dict[PictureKey, npt.NDArray[np.float16]]:
        """Kept features of the pictures ``keys``, those of another version or of changed pictures left out."""
        ...

    def keep_features(
        self,
        version: str,
        features: Mapping[PictureKey, npt.NDArray[np.float16]],
        fingerprints: Mapping[str, str],
    ) -> None:
        """Keep features; ``fingerprints`` maps each item's id to ``StoredItem.fingerprints.pictures`` as it was when
        they were made. Items that are gone or have other pictures by now are left out.

        Raises:
            StoreError, StoreFull: they cannot be written; nothing else is affected.
        """
        ...

    def lacking_features(self, version: str) -> Iterator[str]:
        """Ids, ascending, of the items with a picture of which no features of this version are kept. Drawn as it goes:
        what is written between two steps counts, where it lies ahead.

        Raises:
            StoreError: notes cannot be read, or not be begun.
        """
        ...

    def suggestions(self, ids: Sequence[str]) -> dict[str, dict[str, Suggestion]]:
        """id -> field -> what a model said; ids of which nothing was said left out."""
        ...

    def keep_suggestions(
        self, suggestions: Mapping[str, Mapping[str, Suggestion]], fingerprints: Mapping[str, str]
    ) -> None:
        """Keep suggestions, in place of all that the same items had; as :meth:`keep_features`."""
        ...

    def lacking_suggestions(self, model: str) -> Iterator[str]:
        """Ids, ascending, of the items of which this model said nothing; as :meth:`lacking_features`."""
        ...

    def summary(self) -> NotesSummary:
        """How much there is."""
        ...


@runtime_checkable
class Store(Protocol):
    """A collection open for reading and writing. Safe to share between threads."""

    @property
    def manifest(self) -> Manifest: ...

    def snapshot(self) -> Snapshot:
        """The newest committed state. Cheap when nothing changed since the last call."""
        ...

    def commit(self, changes: Sequence[Change], deletes: Sequence[str] = ()) -> int:
        """Upsert and delete, all or nothing, durable on return. Deleting an absent id is no error.

        Returns:
            How many of ``deletes`` were there.

        Raises:
            StoreFull: no space; nothing of this commit is in, all before it is.
        """
        ...

    @property
    def notes(self) -> Notes:
        """What models made of the pictures."""
        ...

    def fingerprints(self, ids: Sequence[str]) -> dict[str, Fingerprints]:
        """Hashes of those ids that are in the collection, newest committed state."""
        ...

    def ids(self) -> Iterator[str]:
        """Every id, ascending."""
        ...

    def preview(self, id: str, picture_index: int) -> bytes | None:
        """The picture bytes kept in the collection, or ``None`` where the picture is a file.

        Raises:
            NotFound: no such item or picture.
        """
        ...

    def lease(self, holder: str) -> AbstractContextManager[None]:
        """The job lease: one indexing job a collection. It dies with its process.

        Raises:
            LeaseHeld: names who holds it.
        """
        ...

    def maintain(self) -> None:
        """Housekeeping after a job: seal the delta, drop what deletions left, checkpoint. Safe at any time."""
        ...

    def close(self) -> None: ...
