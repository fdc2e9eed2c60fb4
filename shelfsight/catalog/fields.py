"""Rows of ids and fields, whether or not they name pictures: changes to items, and what is known of ready vectors."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shelfsight.catalog.columns import Layout, lay_out
from shelfsight.catalog.opening import open_table
from shelfsight.catalog.options import Columns
from shelfsight.catalog.references import Place, find_pictures
from shelfsight.catalog.tables import Row, Table, read_title
from shelfsight.catalog.values import BadValue, Kind, ValueReader, clean_text, decide_kinds, read_id
from shelfsight.core.settings import IndexSettings
from shelfsight.core.types import Failure, Picture, Value

__all__ = ["TITLE", "FieldRows", "Fields", "open_fields"]

TITLE = "title"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """One row.

    Attributes:
        fields: what it says, ``title`` among it where there is a column of titles. ``None`` is said by an explicit
            null alone; an empty cell of a text file says nothing.
        pictures: those it names, where it names any.
        place: for people: ``changes.csv:17``.
    """

    id: str
    fields: Mapping[str, Value]
    pictures: tuple[Picture, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True)
class FieldRows:
    """The rows of a table; iterating again reads again."""

    table: Table
    columns: Columns = field(default_factory=Columns)
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    max_text: int = IndexSettings().max_text

    @property
    def name(self) -> str:
        return self.table.name

    def __iter__(self) -> Iterator[Fields | Failure]:
        """
        Raises:
            CatalogueError: the table cannot be read (on).
        """
        layout = lay_out(self.table.columns(), self.columns, self.name, pictures=False)
        kinds = decide_kinds(self.table.sample(), every_column=not self.table.typed, text=self.columns.text)
        reader = ValueReader({**kinds, **({} if self.table.typed else self.kinds)}, self.max_text)
        for row in self.table.rows(layout):
            yield row if isinstance(row, Failure) else self._read(row, layout, reader)

    def _read(self, row: Row, layout: Layout, reader: ValueReader) -> Fields | Failure:
        identifier = None
        try:
            identifier = read_id(row.values.get(layout.id))
            said = dict(self._said(row.values, layout, reader))
        except BadValue as error:
            return Failure(reason=error.reason, place=row.place, message=str(error), id=identifier)
        cells = (row.values.get(column) for column in layout.pictures)
        found = find_pictures(cells, Place(row.place, row.folder, None))
        pictures = tuple(each for each in found if isinstance(each, Picture))
        return Fields(id=identifier, fields=said, pictures=pictures, place=row.place)

    def _said(self, values: Mapping[str, object], layout: Layout, reader: ValueReader) -> Iterator[tuple[str, Value]]:
        for name, raw in values.items():
            if name == layout.title:
                value: Value = read_title(name, raw, reader.max_text)
            elif layout.is_metadata(name):
                value = reader.read(name, raw)
            else:
                continue
            if value is not None or self.table.typed:
                yield (TITLE if name == layout.title else clean_text(name)), value


def open_fields(
    source: Path,
    *,
    columns: Columns | None = None,
    kinds: Mapping[str, Kind] | None = None,
    max_text: int = IndexSettings().max_text,
) -> FieldRows:
    """The rows of a CSV, JSONL or Parquet file, or of a folder of such files.

    Args:
        columns: which column is what, where the names do not say.
        kinds: of columns of text files, where that is known.
        max_text: characters of one value at most.

    Raises:
        NotFound: there is nothing at ``source``.
        CatalogueError: it is none of these, cannot be read, or has no column of ids.
    """
    rows = FieldRows(open_table(source), columns or Columns(), kinds or {}, max_text)
    lay_out(rows.table.columns(), rows.columns, rows.name, pictures=False)
    return rows
