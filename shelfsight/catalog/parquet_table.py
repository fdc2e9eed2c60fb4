"""Parquet files as a table, read by small batches of the needed columns."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from shelfsight.catalog.columns import Layout
from shelfsight.catalog.tables import SAMPLE_ROWS, Row
from shelfsight.core.errors import CatalogueError, Reason
from shelfsight.core.types import Failure

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["ParquetTable", "opened"]

_BATCH_ROWS = 1024
_BATCH_BYTES = 8 * 1024 * 1024
_BUFFER_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ParquetTable:
    """One or more Parquet files with the same columns.

    Picture columns hold paths, encoded bytes, structs of ``bytes`` and ``path`` (as Hugging Face writes them), or
    lists of these. Rows are counted from 0: ``part-0.parquet#12`` is the thirteenth.
    """

    name: str
    files: tuple[Path, ...]
    typed: bool = True

    def columns(self) -> list[str]:
        first, *others = map(_column_names, self.files)
        for path, names in zip(self.files[1:], others, strict=True):
            if set(names) != set(first):
                raise CatalogueError(
                    f"{self.files[0].name} and {path.name} are not shards of one catalogue: "
                    f"the columns are {', '.join(first)} and {', '.join(names)}"
                )
        return first

    def sample(self) -> Iterator[Mapping[str, object]]:
        with opened(self.files[0]) as file:
            texts = [each.name for each in file.schema_arrow if _is_text(each.type)]
        rows = (row.values for row in _read(self.files[0], texts) if isinstance(row, Row))
        return islice(rows, SAMPLE_ROWS)

    def rows(self, layout: Layout) -> Iterator[Row | Failure]:
        for path in self.files:
            yield from _read(path, _needed(path, layout))

    def count(self) -> int | None:
        return sum(map(_row_count, self.files))


@contextmanager
def opened(path: Path) -> "Iterator[pq.ParquetFile]":
    """``path`` open; what goes wrong with the file becomes a :class:`CatalogueError`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # Pages through a small buffer: the default holds a whole row group's columns in memory.
        with pq.ParquetFile(path, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        raise CatalogueError(f"{path.name} cannot be read as Parquet: {error}") from error


def _column_names(path: Path) -> list[str]:
    with opened(path) as file:
        names: list[str] = file.schema_arrow.names
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise CatalogueError(f"{path.name} has two columns named {', '.join(map(repr, sorted(twice)))}")
    return names


def _row_count(path: Path) -> int:
    with opened(path) as file:
        return int(file.metadata.num_rows)


def _needed(path: Path, layout: Layout) -> list[str]:
    """Columns worth reading: bytes that are no pictures of the item are not."""
    used = {layout.id, layout.title, layout.url, *layout.pictures}
    with opened(path) as file:
        return [
            each.name
            for each in file.schema_arrow
            if each.name in used or (layout.is_metadata(each.name) and not _holds_bytes(each.type))
        ]


def _read(path: Path, columns: list[str]) -> Iterator[Row | Failure]:
    folder = path.absolute().parent
    number = 0
    with opened(path) as file:
        for batch in file.iter_batches(_rows_a_batch(file), columns=columns, use_threads=False):
            for values in _to_python(_in_microseconds(batch)):
                place = f"{path.name}#{number}"
                number += 1
                if isinstance(values, str):
                    yield Failure(reason=Reason.BAD_ROW, place=place, message=values)
                else:
                    yield Row(place, folder, values)


def _rows_a_batch(file: "pq.ParquetFile") -> int:
    """So many that a batch has some megabytes: rows may be words, or pictures as a camera makes them."""
    groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
    widest = max((group.total_byte_size / group.num_rows for group in groups if group.num_rows), default=1)
    return max(1, min(_BATCH_ROWS, int(_BATCH_BYTES / max(1, widest))))


def _to_python(batch: "pa.RecordBatch") -> list[dict[str, object] | str]:
    """The rows of a batch; what is wrong with it in place of a row that Python cannot hold."""
    try:
        return list(batch.to_pylist(maps_as_pydicts="lossy"))
    except (ValueError, OverflowError) as error:  # text that is no UTF-8, a date beyond the year 9999
        if batch.num_rows == 1:
            return [str(error)]
        return [row for number in range(batch.num_rows) for row in _to_python(batch.slice(number, 1))]


def _in_microseconds(batch: "pa.RecordBatch") -> "pa.RecordBatch":
    """Timestamps as Python can hold them: nanoseconds would need pandas."""
    import pyarrow as pa

    for index, column in enumerate(batch.schema):
        if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
            micro = batch.column(index).cast(pa.timestamp("us", column.type.tz), safe=False)
            batch = batch.set_column(index, column.name, micro)
    return batch


def _is_text(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _holds_bytes(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return True
    return any(_holds_bytes(kind.field(number).type) for number in range(kind.num_fields))
