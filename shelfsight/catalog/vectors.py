"""Files of ready vectors: ``.npy`` matrices, and Parquet files with a column of lists."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.format import MAGIC_PREFIX

from shelfsight.catalog.columns import normal
from shelfsight.core.errors import CatalogueError, NotFound
from shelfsight.core.vectors import FloatArray

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["VectorFile", "open_vectors"]

_COLUMNS = ("vector", "embedding", "embeddings", "vectors", "emb")
_BATCH = 4096


@dataclass(frozen=True, slots=True)
class VectorFile:
    """Vectors in the order of a file.

    Attributes:
        rows: how many.
        dimension: of the first one.
        column: of a Parquet file.
    """

    path: Path
    rows: int
    dimension: int
    column: str | None = None

    def __iter__(self) -> Iterator[FloatArray]:
        """(d,) float32 each; of length 0 where a Parquet file has null, and of another length where it has that.

        Raises:
            CatalogueError: the file cannot be read (on).
        """
        return _from_npy(self.path) if self.column is None else _from_parquet(self.path, self.column)


def open_vectors(path: Path, column: str | None = None) -> VectorFile:
    """The vectors of a ``.npy`` or ``.parquet`` file.

    Args:
        column: of the Parquet file; ``None``: the first that is called vector, embedding, ...

    Raises:
        NotFound: no such file.
        CatalogueError: it is neither, cannot be read, or holds no vectors.
    """
    if not path.is_file():
        raise NotFound(f"there is no file of vectors at {str(path)!r}")
    if path.suffix.lower() == ".npy":
        matrix = _matrix(path)
        return VectorFile(path, len(matrix), matrix.shape[1])
    if path.suffix.lower() in (".parquet", ".pq"):
        return _open_parquet(path, column)
    raise CatalogueError(f"{path.name!r} holds no vectors", hint="name a .npy or a .parquet file")


def _matrix(path: Path) -> np.ndarray[Any, np.dtype[Any]]:
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC_PREFIX)) != MAGIC_PREFIX:
                raise CatalogueError(f"{path.name} is no .npy file", hint="write it with numpy.save")
        matrix = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise CatalogueError(f"{path.name} cannot be read as .npy: {error}") from error
    if not isinstance(matrix, np.ndarray) or matrix.ndim != 2 or matrix.dtype.kind != "f" or matrix.shape[1] == 0:
        about = f"{matrix.shape} {matrix.dtype}" if isinstance(matrix, np.ndarray) else "several arrays"
        raise CatalogueError(f"{path.name} holds {about}, not a matrix of floats", hint="one row a vector")
    return matrix


def _from_npy(path: Path) -> Iterator[FloatArray]:
    matrix = _matrix(path)
    for start in range(0, len(matrix), _BATCH):
        with np.errstate(over="ignore"):  # what is no float32 becomes infinite, and its row is refused
            batch = np.asarray(matrix[start : start + _BATCH], np.float32)
        yield from batch


def _open_parquet(path: Path, column: str | None) -> VectorFile:
    from shelfsight.catalog.parquet_table import opened

    with opened(path) as file:
        names = file.schema_arrow.names
        candidates = [column] if column else [each for each in names if normal(each) in _COLUMNS]
        if not candidates or candidates[0] not in names:
            missing = f"no column {column!r}" if column else "no column of vectors"
            raise CatalogueError(
                f"{path.name} has {missing}; its columns are: {', '.join(names)}",
                hint=None if column else f"name it: --vector-column; known by themselves are {', '.join(_COLUMNS)}",
            )
        name = candidates[0]
        kind = file.schema_arrow.field(name).type
        if not _is_list_of_floats(kind):
            raise CatalogueError(f"column {name!r} of {path.name} holds {kind}, not lists of floats")
        rows = int(file.metadata.num_rows)
    lengths = (len(each) for each in _from_parquet(path, name))
    return VectorFile(path, rows, next((length for length in lengths if length), 0), name)


def _is_list_of_floats(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return bool(is_list and pa.types.is_floating(kind.value_type))


def _from_parquet(path: Path, column: str) -> Iterator[FloatArray]:
    from shelfsight.catalog.parquet_table import opened

    with opened(path) as file:
        for batch in file.iter_batches(_BATCH, columns=[column], use_threads=False):
            yield from _vectors(batch.column(0))


def _vectors(lists: "pa.Array") -> Iterator[FloatArray]:
    """One array a row; null within a vector is not a number."""
    for row in lists:
        if not row.is_valid:
            yield np.zeros(0, np.float32)
        else:
            yield np.asarray(row.values.to_numpy(zero_copy_only=False), np.float32)
