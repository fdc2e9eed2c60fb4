"""Where in Milvus a collection lies: ``milvus.json`` beside the manifest. A token is never in it."""

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from shelfsight.core.errors import CorruptCollection, UsageError
from shelfsight.core.protocols import IndexReport
from shelfsight.stores.faults import storage_faults
from shelfsight.stores.files import publish
from shelfsight.stores.milvus.indexing import Index, chosen, outgrown
from shelfsight.stores.versions import VERSIONS

__all__ = [
    "BULK_KEY",
    "LITE_FILE",
    "LITE_INDEXES",
    "PLACE",
    "SERVER_INDEXES",
    "TOKEN",
    "WRITE_LOCK",
    "MilvusPlace",
    "name_of",
    "read_place",
    "report",
    "report_built",
    "write_place",
]

PLACE = "milvus.json"
LITE_FILE = "milvus.db"
WRITE_LOCK = "milvus-write.lock"
TOKEN = "SHELFSIGHT_MILVUS_TOKEN"
"""The environment variable that holds the token or ``user:password`` of a server."""

BULK_KEY = "SHELFSIGHT_MILVUS_BULK_KEY"
"""The environment variable that holds ``access key:secret key`` of the object store for bulk inserts."""

LITE_INDEXES = ("FLAT", "HNSW", "HNSW_SQ", "IVF_FLAT", "IVF_SQ8")
SERVER_INDEXES = (*LITE_INDEXES, "AUTOINDEX", "IVF_PQ", "IVF_RABITQ", "SCANN", "DISKANN", "HNSW_PQ", "HNSW_PRQ")
_WORDS = ("local", "server")
_LEVELS = ("Strong", "Session", "Bounded", "Eventually")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}\Z")
_TENANT = re.compile(r"[A-Za-z0-9_.-]{1,100}\Z")
_SCHEMES = ("http", "https", "tcp", "grpc")


@dataclass(frozen=True, slots=True, kw_only=True)
class MilvusPlace:
    """A place in Milvus.

    Attributes:
        uri: of a server or cluster (``http://host:19530``), or a Milvus Lite file, relative to the collection's
            directory, whose name ends with ``.db``.
        database: its name; the default one where empty.
        collection: alias by which the Milvus collection is reached; empty in a wish: a new one, named as the directory.
        tenant: the partition key of this Shelfsight collection's rows: many may share one Milvus collection.
        rows: the Milvus collection itself, of a version of a collection: the alias stands for the one that counts.
        index: of the vectors; ``auto`` is exact on Lite, by size on a server (:mod:`.indexing`).
        words: who finds items by words: ``local``, the index in the directory, or ``server``, Milvus's full text.
        bulk: where files for bulk inserts are put, and a server reads them: ``http://HOST:PORT/BUCKET/PREFIX``, the
            object store that it keeps its own data in, or a folder that it sees by the same name. Empty: none.
        bulk_rows: rows of a commit from which on it is one: a job takes seconds to begin and to end.
        rest: URI of its REST interface, where that is not ``uri``.
        consistency: Milvus's consistency level of searches. Below ``Strong`` a search may miss the newest commits.
        follow_seconds: how often a server is asked for commits of others at most; one's own count at once.
        grace_seconds: how long vectors that a commit replaced are kept for snapshots from before it.
        timeout_seconds: of one request.
    """

    uri: str = LITE_FILE
    database: str = ""
    collection: str = ""
    tenant: str = "default"
    rows: str = ""
    index: str = "auto"
    words: str = "local"
    bulk: str = ""
    bulk_rows: int = 10_000
    rest: str = ""
    consistency: str = "Strong"
    follow_seconds: float = 0.2
    grace_seconds: float = 900.0
    timeout_seconds: float = 30.0

    @property
    def lite(self) -> bool:
        """Whether it is a file that Milvus Lite opens in this process."""
        return urlsplit(self.uri).scheme not in _SCHEMES

    def own(self, directory: Path) -> bool:
        """Whether it is a file in the directory of the collection that ``directory`` is, or is a version of, which
        nobody else's ledger repeats."""
        version = directory.parent.name == VERSIONS and bool(self.rows)
        return self.lite and self.uri == ("../../" if version else "") + Path(self.uri).name

    def file(self, directory: Path) -> Path:
        """The file of Milvus Lite."""
        return (directory / self.uri).resolve()

    def write_lock(self, directory: Path, rows: str) -> Path:
        """What writers of this machine to the Milvus collection ``rows`` lock: beside a file of Milvus Lite, for
        several directories may be about the same rows in it; between machines, there is a lock in the journal."""
        if not self.lite:
            return directory / WRITE_LOCK
        file = self.file(directory)
        digest = hashlib.sha256(f"{rows}/{self.tenant}".encode()).hexdigest()[:12]
        return file.with_name(f"{file.name}.{digest}.writer")

    def checked(self) -> "MilvusPlace":
        """Itself.

        Raises:
            UsageError: an URI, a name, an index type or a level that cannot be.
        """
        names = (self.database, self.collection, self.tenant, self.rows, self.index)
        if not all(isinstance(text, str) for text in (*names, self.uri, self.rest, self.bulk)):
            raise UsageError("a place in Milvus is said in texts")
        self._check_addresses()
        for name in filter(None, [self.collection, self.rows, self.database]):
            if not _NAME.match(name):
                raise UsageError(f"{name!r} is no name for Milvus", hint="letters, digits and _, no digit first")
        if not _TENANT.match(self.tenant):
            raise UsageError(f"{self.tenant!r} is no tenant", hint="letters, digits, and _ . - between them")
        if self.consistency not in _LEVELS:
            raise UsageError(f"{self.consistency!r} is no consistency level", hint=f"one of {', '.join(_LEVELS)}")
        if self.words not in _WORDS:
            raise UsageError(f"{self.words!r} cannot find words", hint=f"one of {', '.join(_WORDS)}")
        self._check_bulk()
        self._check_index()
        return self

    def _check_addresses(self) -> None:
        for address in (self.uri, self.rest, self.bulk):
            if not _is_address(address):
                raise UsageError(f"{address!r} is no address", hint="http://HOST:PORT; an IPv6 address stands in [ ]")
        if not (self.lite and self.uri.endswith(".db")) and urlsplit(self.uri).scheme not in _SCHEMES:
            raise UsageError(
                f"{self.uri!r} is no Milvus URI", hint="http://host:19530, or a file name that ends on .db"
            )
        if not self.lite and any("@" in urlsplit(address).netloc for address in (self.uri, self.rest)):
            raise UsageError("a Milvus URI is kept on disk and has no password in it", hint=f"put it into {TOKEN}")

    def _check_bulk(self) -> None:
        if self.bulk and self.lite:
            raise UsageError("Milvus Lite imports no files", hint="leave --milvus-bulk out, or name a Milvus server")
        parts = urlsplit(self.bulk)
        if parts.username or parts.password:
            raise UsageError("where files are put is kept on disk, and has no keys in it", hint=f"use {BULK_KEY}")
        stored = parts.scheme in ("http", "https") and parts.netloc and parts.path.strip("/")
        if self.bulk and not stored and not Path(self.bulk).is_absolute():
            raise UsageError(
                f"{self.bulk!r} is no place for files",
                hint="http://HOST:PORT/BUCKET/PREFIX, or a folder that the server sees by the same whole path",
            )

    def _check_index(self) -> None:
        known = LITE_INDEXES if self.lite else SERVER_INDEXES
        if self.index == "auto" or self.index in known:
            return
        if self.lite and self.index in SERVER_INDEXES:
            raise UsageError(
                f"Milvus Lite takes the index type {self.index} and builds none: every search would be exact and slow",
                hint=f"it builds {', '.join(LITE_INDEXES)}; {self.index} needs a Milvus server",
            )
        raise UsageError(f"{self.index!r} is no index type that is known here", hint=f"one of {', '.join(known)}")


def _is_address(text: str) -> bool:
    try:
        urlsplit(text)
    except ValueError:
        return False
    return True


def report(place: MilvusPlace, vectors: int) -> IndexReport:
    """What finds vectors at ``place``, as far as that is known without asking there."""
    kind = place.index if place.index != "auto" else "FLAT" if place.lite else "by size"
    exact = kind == "FLAT"
    return IndexReport(kind=_called(place, kind), vectors=vectors, recall=1.0 if exact else None)


def report_built(place: MilvusPlace, vectors: int, index: Index, dimension: int, words: str) -> IndexReport:
    """What finds vectors: Milvus's own, and nobody measured how well unless it compares them all; why it is that one,
    or what would be better by now; who finds words."""
    better = outgrown(index, vectors, dimension) if place.index == "auto" and not place.lite else None
    reason = chosen(vectors, dimension, asked=place.index, lite=place.lite).reason
    why = {"why": reason} if better is None else {"outgrown": f"{better.kind} would be better: {better.reason}"}
    parameters = {**index.build, **why, "words": words}
    recall = 1.0 if index.exact else None
    return IndexReport(kind=_called(place, index.kind), vectors=vectors, parameters=parameters, recall=recall)


def _called(place: MilvusPlace, kind: str) -> str:
    return f"milvus{' lite' if place.lite else ''} {kind.lower()}"


def name_of(path: Path) -> str:
    """What the Milvus collection of the directory ``path`` is called where nobody says: letters, digits and ``_``."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", path.absolute().name).strip("_")[:80]
    return name if name[:1].isalpha() else f"collection_{name}".rstrip("_")


def write_place(path: Path, place: MilvusPlace) -> None:
    """Publish where the collection at ``path`` lies."""
    text = json.dumps(asdict(place), indent=2) + "\n"
    with storage_faults(path):
        publish(path / PLACE, lambda file: file.write(text.encode()))


def read_place(path: Path) -> MilvusPlace:
    """Where the collection at ``path`` lies.

    Raises:
        CorruptCollection: the file is gone, or makes no sense.
    """
    file = path / PLACE
    with storage_faults(path):
        text = file.read_bytes() if file.exists() else b""
    try:
        return MilvusPlace(**json.loads(text)).checked()
    except (ValueError, TypeError, UsageError) as error:
        raise CorruptCollection(
            f"{file} is damaged: {error}", hint="restore it, or index the catalogue again"
        ) from error


def token() -> str:
    """The secret for the server, from the environment."""
    return os.environ.get(TOKEN, "")
