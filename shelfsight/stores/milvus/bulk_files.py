"""Rows as Parquet files, and the places from which a Milvus server reads them.

Milvus reads from the object store that it keeps its own data in, or, where it keeps them in a folder, from a folder
that it sees under the same name: https://milvus.io/docs/prepare-source-data.md.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from shelfsight.core.errors import StoreError, StoreFull, UsageError
from shelfsight.stores.milvus.connection import bulk_library, object_store
from shelfsight.stores.milvus.place import BULK_KEY

__all__ = ["Files", "Shelf", "shelf"]

_NO_LIMIT = 1 << 60  # files end where this module says, for a file that the library begins in a thread fails silently
_FULL = ("No space left", "Errno 28", "quota", "QuotaExceeded", "StorageFull")


class Shelf(Protocol):
    """Where files are put for a server."""

    def put(self, file: Path, name: str) -> str:
        """Move a file there; returns what the server is to call it.

        Raises:
            StoreError, StoreFull: it does not go.
        """
        ...

    def clear(self, under: str) -> None:
        """Take away what lies under this name; what is not there is no matter."""
        ...


def shelf(where: str) -> Shelf:
    """
    Args:
        where: a folder, or an object store as ``http://HOST:PORT/BUCKET/PREFIX``, with keys from ``BULK_KEY``.

    Raises:
        MissingExtra: what object stores need is not installed.
    """
    return _Bucket(where) if urlsplit(where).scheme in ("http", "https") else _Folder(Path(where))


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, file: Path, name: str) -> str:
        target = self._folder / name
        with _faults(str(self._folder)):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(file, target)
        return str(target)

    def clear(self, under: str) -> None:
        shutil.rmtree(self._folder / under, ignore_errors=True)


class _Bucket:
    def __init__(self, where: str) -> None:
        parts = urlsplit(where)
        self._where = where
        self._bucket, _, prefix = parts.path.strip("/").partition("/")
        self._prefix = f"{prefix}/" if prefix else ""
        access, _, secret = os.environ.get(BULK_KEY, "").partition(":")
        if not access or not secret:
            raise UsageError(f"{where} needs keys", hint=f"put ACCESS_KEY:SECRET_KEY into {BULK_KEY}")
        secure = parts.scheme == "https"
        self._client = object_store().Minio(
            endpoint=parts.netloc, access_key=access, secret_key=secret, secure=secure, region="us-east-1"
        )

    def put(self, file: Path, name: str) -> str:
        key = self._prefix + name
        with _faults(self._where):
            self._client.fput_object(bucket_name=self._bucket, object_name=key, file_path=str(file))
        file.unlink()
        return key

    def clear(self, under: str) -> None:
        with _faults(self._where):
            found = self._client.list_objects(
                bucket_name=self._bucket, prefix=f"{self._prefix}{under}/", recursive=True
            )
            for each in found:
                self._client.remove_object(bucket_name=self._bucket, object_name=each.object_name)


class Files:
    """Rows into files of some size in ``folder``; close it."""

    def __init__(self, schema: Any, folder: Path) -> None:
        """
        Args:
            schema: pymilvus's, of the collection.

        Raises:
            MissingExtra: what pymilvus needs for it is not installed.
        """
        library = bulk_library()
        with _faults(str(folder)):
            self._writer = library.LocalBulkWriter(
                schema, str(folder), chunk_size=_NO_LIMIT, file_type=library.BulkFileType.PARQUET
            )
        self._folder = folder
        self._waiting = 0

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """
        Raises:
            StoreError: one that is not of the schema.
        """
        with _faults(str(self._folder)):
            for row in rows:
                self._writer.append_row(dict(row))
        self._waiting += len(rows)

    def end(self) -> Path:
        """End a file; what was added since the last one is in it.

        Raises:
            StoreError, StoreFull: it could not be written.
        """
        before = len(self._writer.batch_files)
        with _faults(str(self._folder)):
            self._writer.commit()
        written = self._writer.batch_files[before:]
        if len(written) != 1 or _rows(Path(written[0][0])) != self._waiting:  # it fails in a thread, which tells nobody
            raise StoreFull(
                f"a file of {self._waiting:,} rows could not be written in {self._folder}",
                hint="free some space and run again: nothing of this commit is in",
            )
        self._waiting = 0
        return Path(written[0][0])


def _rows(file: Path) -> int:
    import pyarrow.parquet

    return int(pyarrow.parquet.read_metadata(file).num_rows) if file.exists() else 0


@contextmanager
def _faults(where: str) -> Iterator[None]:
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        message = str(getattr(error, "message", "") or error)
        if any(sign in f"{message} {error}" for sign in _FULL):
            raise StoreFull(f"no space left at {where}", hint="free some space and run again") from error
        raise StoreError(f"rows for a bulk insert cannot be put at {where}: {message}") from error
