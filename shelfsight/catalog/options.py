"""What a caller may say about a catalogue."""

from dataclasses import dataclass
from pathlib import Path

from shelfsight.core.settings import IndexSettings, PictureLimits

__all__ = ["Columns", "Options"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which column is what, where the names that are recognised by themselves do not say it (right).

    A name given here is matched exactly, else without regard to case, spaces, hyphens and underscores.

    Attributes:
        id: column of the ids.
        image: column of the main picture: a path, a list of paths, or (Parquet) encoded bytes.
        more_images: columns of further pictures, in order.
        title: column of the titles.
        include: the columns that become metadata; ``None``: every column not used otherwise.
        exclude: columns left out of the metadata.
        text: columns whose values stay text although they look like numbers or booleans.
    """

    id: str | None = None
    image: str | None = None
    more_images: tuple[str, ...] = ()
    title: str | None = None
    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    text: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Everything a reader is told besides where the catalogue is.

    Attributes:
        columns: which column is what.
        root: every picture file must lie inside it, symbolic links followed; ``None``: anywhere.
        max_text: characters of one value at most.
        max_bytes: bytes of one picture at most, where the reader itself must read it.
    """

    columns: Columns = Columns()
    root: Path | None = None
    max_text: int = IndexSettings().max_text
    max_bytes: int = PictureLimits().max_bytes
