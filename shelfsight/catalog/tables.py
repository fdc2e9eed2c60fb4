"""Rows with named columns, from whatever file, to items."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shelfsight.catalog.columns import Layout, lay_out
from shelfsight.catalog.options import Options
from shelfsight.catalog.references import Place, find_pictures
from shelfsight.catalog.values import BadValue, ValueReader, clean_text, decide_kinds, read_id
from shelfsight.core.errors import Reason
from shelfsight.core.types import Failure, Item, Picture, Value

__all__ = ["SAMPLE_ROWS", "Row", "Table", "TableCatalogue", "assemble"]

SAMPLE_ROWS = 1000
"""Rows read ahead to learn what columns there are and what they hold."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as the file has it. ``place`` is for people: ``catalog.csv:17``."""

    place: str
    folder: Path
    values: Mapping[str, object]


class Table(Protocol):
    """One or more files of rows with the same columns. Reading again starts again."""

    @property
    def name(self) -> str: ...

    @property
    def typed(self) -> bool:
        """Whether values have types of their own, or are all text."""
        ...

    def columns(self) -> list[str]:
        """Names of the columns, in order.

        Raises:
            CatalogueError: the files cannot be read, or are not of one table.
        """
        ...

    def sample(self) -> Iterator[Mapping[str, object]]:
        """The first rows, at most :data:`SAMPLE_ROWS`; bytes may be left out."""
        ...

    def rows(self, layout: Layout) -> Iterator[Row | Failure]:
        """All rows with the columns ``layout`` needs, in order; a row that cannot be read is a failure.

        Raises:
            CatalogueError: a file cannot be read (on).
        """
        ...

    def count(self) -> int | None:
        """Rows, where that is cheap to know."""
        ...


@dataclass(frozen=True, slots=True)
class TableCatalogue:
    """The catalogue a table is."""

    table: Table
    options: Options

    @property
    def name(self) -> str:
        return self.table.name

    def __iter__(self) -> Iterator[Item | Failure]:
        columns = self.options.columns
        layout = lay_out(self.table.columns(), columns, self.name)
        kinds = decide_kinds(self.table.sample(), every_column=not self.table.typed, text=columns.text)
        reader = ValueReader(kinds, self.options.max_text)
        for row in self.table.rows(layout):
            yield row if isinstance(row, Failure) else _read_row(row, layout, reader, self.options.root)

    def count(self) -> int | None:
        return self.table.count()

    def check(self) -> None:
        """Raise what iterating would raise at once: columns that are missing, files that are no table."""
        lay_out(self.table.columns(), self.options.columns, self.name)


def _read_row(row: Row, layout: Layout, reader: ValueReader, root: Path | None) -> Item | Failure:
    identifier = None
    try:
        identifier = read_id(row.values.get(layout.id))
        title = (
            None if layout.title is None else read_title(layout.title, row.values.get(layout.title), reader.max_text)
        )
        metadata = read_metadata(row.values, layout, reader)
    except BadValue as error:
        return Failure(reason=error.reason, place=row.place, message=str(error), id=identifier)
    place = Place(row.place, row.folder, root)
    found = list(find_pictures((row.values.get(column) for column in layout.pictures), place))
    if not found and layout.url is not None:
        found = list(find_pictures([row.values.get(layout.url)], place))
    return assemble(identifier, found, title, metadata, row.place)


def read_title(column: str, value: object, max_text: int) -> str | None:
    """A title is text, whatever it looks like.

    Raises:
        BadValue: text_too_long, or a value that has no text.
    """
    title = ValueReader({column: "text"}, max_text).read(column, value)
    if isinstance(title, list | dict):
        raise BadValue(Reason.BAD_VALUE, f"column {column!r}: a title is text")
    return None if title is None else str(title)


def read_metadata(values: Mapping[str, object], layout: Layout, reader: ValueReader) -> dict[str, Value]:
    """The metadata of a row; nulls are left out.

    Raises:
        BadValue: a value cannot be kept.
    """
    read = ((name, reader.read(name, value)) for name, value in values.items() if layout.is_metadata(name))
    return {clean_text(name): value for name, value in read if value is not None}


def assemble(
    identifier: str, found: list[Picture | Failure], title: str | None, metadata: Mapping[str, Value], place: str
) -> Item | Failure:
    """An item of the pictures that can be used (each once), or a failure where there is none."""
    pictures = {each.path or each.url or (each.name, each.data): each for each in found if isinstance(each, Picture)}
    failures = tuple(_with_id(each, identifier) for each in found if isinstance(each, Failure))
    if pictures:
        return Item(
            id=identifier,
            pictures=tuple(pictures.values()),
            title=title,
            metadata=metadata,
            place=place,
            failures=failures,
        )
    if failures:
        return failures[0]
    return Failure(reason=Reason.NO_PICTURE, place=place, message="the item has no picture", id=identifier)


def _with_id(failure: Failure, identifier: str) -> Failure:
    return Failure(
        reason=failure.reason, place=failure.place, message=failure.message, id=identifier, picture=failure.picture
    )
