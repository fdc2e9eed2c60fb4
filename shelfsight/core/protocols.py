"""The promises between the rooms. A room is handed these; it never imports who keeps them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from PIL.Image import Image

from shelfsight.core.erased import Erased
from shelfsight.core.listing import Match
from shelfsight.core.notes import Notes, NotesSummary
from shelfsight.core.snapshot import Snapshot
from shelfsight.core.stored import Fingerprints, PictureKey, StoredItem, StoredPicture
from shelfsight.core.types import Failure, Item, Scalar, Value
from shelfsight.core.vectors import FloatArray

__all__ = [
    "Batched",
    "Bulky",
    "Catalogue",
    "Change",
    "Concurrent",
    "Encoder",
    "EncoderSpec",
    "Erased",
    "Fetched",
    "Fetcher",
    "Fingerprints",
    "IndexReport",
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
class Concurrent(Protocol):
    """An encoder that says whether it may be called by several threads at once. Of others that is not known: their
    calls are made one after another."""

    @property
    def concurrent(self) -> bool: ...


@runtime_checkable
class Bulky(Protocol):
    """A store that says how large it likes the commits of an import; one that does not is given a thousand items."""

    @property
    def commit_items(self) -> int:
        """Items a commit."""
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
class Fetched:
    """What an address answered.

    Attributes:
        data: the bytes; ``None`` where they still are those that the validator was given with.
        validator: what to ask with the next time; ``None`` where the server says nothing of the kind.
    """

    data: bytes | None = field(repr=False)
    validator: str | None = None


class Fetcher(Protocol):
    """Gets pictures from addresses that catalogues and clients name, and nothing that they may not reach."""

    def __call__(self, url: str, *, max_bytes: int, validator: str | None = None) -> Fetched:
        """Thread-safe. Waits a bounded time.

        Args:
            max_bytes: of an answer at most.
            validator: of an earlier answer, where its bytes are known: those are not sent again.

        Raises:
            PictureError: address_refused, fetch_failed, fetch_too_slow, too_many_bytes, empty_file.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Part of a commit: one item, whole.

    Attributes:
        vectors: (p, d) float32 of length 1, one row a picture, in order. ``None`` keeps the vectors and pictures the
            item has (metadata only); such an item must exist.
        keep_fields: title and metadata stay as the item has them, where it is there.
    """

    item: StoredItem
    vectors: FloatArray | None
    keep_fields: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReport:
    """What finds vectors in a collection, and how well it did when it was built.

    Attributes:
        kind: such as ``flat`` or ``ivf4096,rabitq+sq8``.
        vectors: rows it covers; what came since is searched exactly.
        parameters: those of the search, as they were tuned.
        target, recall: recall@10 that was asked for, and that was measured against exact search.
        queries: held-out vectors it was measured with.
        bytes_per_vector: memory of the index, per vector; what lies on disk only is not counted.
        seconds: what building and tuning took.
    """

    kind: str
    vectors: int
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    target: float | None = None
    recall: float | None = None
    queries: int = 0
    bytes_per_vector: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a collection is: written once; counts and what is said of the index are read live."""

    format: int
    store: str
    encoder: EncoderSpec
    metric: str
    items: int
    pictures: int
    index: IndexReport | None = None


@runtime_checkable
class Store(Protocol):
    """A collection open for reading and writing. Safe to share between threads."""

    @property
    def manifest(self) -> Manifest: ...

    def snapshot(self) -> Snapshot:
        """The newest committed state. Cheap when nothing changed since the last call."""
        ...

    def token(self) -> str:
        """That of :meth:`snapshot`, without reading the state."""
        ...

    def commit(
        self,
        changes: Sequence[Change],
        deletes: Sequence[str] = (),
        *,
        since: str | None = None,
        unchanged: bool = False,
    ) -> int:
        """Upsert and delete, all or nothing, durable on return. Deleting an absent id is no error.

        Args:
            since: token of a state that all this was made from. What was written later stands: changes of items that
                were deleted after it and deletes of items that were written after it are left out, and so are changes
                of metadata only of items that are not there.
            unchanged: all or nothing in this, too: where one of the items was written to or deleted after ``since``,
                nothing is in.

        Returns:
            How many of ``deletes`` were there.

        Raises:
            Changed: ``unchanged``, and one of the items is not.
            StoreFull: no space; nothing of this commit is in, all before it is.
        """
        ...

    def patch(self, patches: Mapping[str, Mapping[str, Value]]) -> set[str]:
        """Change some fields of items and leave their others, all or nothing, durable on return.

        Reading, changing and writing an item is one step: of two patches at the same time neither undoes the other.
        Vectors, pictures and fingerprints stay, so that a catalogue that says what it said before changes nothing.

        Args:
            patches: id -> field -> its new value; ``None`` removes the field. ``title`` is the title.

        Returns:
            Those of the ids that are there; the others are left out.

        Raises:
            UsageError: a title that is no text, or a value that cannot be kept; nothing is in.
            StoreFull: as :meth:`commit`.
        """
        ...

    def erase(self, ids: Sequence[str], *, since: str | None = None) -> Erased:
        """Delete items so that nothing of them is left: not a byte of their vectors, titles, metadata, pictures and
        notes is in any file of the collection, nor of its other versions, when this returns, but for what it says.
        Their ids stay where deletions are listed. It is durable as a delete from the first moment on; killed in the
        middle, the next who opens or maintains the collection goes on. Snapshots that are held stay as they are, but
        for those of Milvus, which do without what was erased.

        It takes as long as maintaining the collection does where all of it is written anew.

        Args:
            since: token of a state; where one of the items was written to or deleted after it, nothing is gone.

        Raises:
            Changed: one of them was.
            StoreError, StoreFull: they cannot be deleted; nothing is gone.
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
