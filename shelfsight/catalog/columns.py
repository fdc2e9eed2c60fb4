"""Recognising what the columns of a catalogue are.

Names are compared without regard to case, spaces, dots, hyphens and underscores; the first of a row that is there wins.

=============  =====================================================================================================
id             id, item_id, product_id, article_id, sku, product_sku, variant_sku, item_sku, handle, asin, uid, uuid,
               item_number, product_number, article_number, product_code, item_code, article_code, code, key, ean,
               gtin, upc, barcode
image          image, image_path, image_file, image_filename, image_name, main_image, primary_image, base_image, img,
               img_path, picture, picture_path, photo, photo_path, images, image_paths, image_files, pictures, photos,
               jpg, jpeg, png, webp, file_name, filename, file_path, file, path, thumbnail
more images    more_images, additional_images, additional_image, extra_images, other_images, gallery, gallery_images,
               images, pictures, photos; image_2, picture 3, ...
image URL      image_url, image_urls, image_link, image_src, main_image_url, img_url, picture_url, photo_url,
               thumbnail_url, additional_image_link, url, link
title          title, product_title, item_title, name, product_name, item_name, product_display_name, display_name
=============  =====================================================================================================

An image URL column beside an image column is metadata, and says where the picture is where a row has no file.
Everything else is metadata.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from shelfsight.catalog.options import Columns
from shelfsight.core.errors import CatalogueError

__all__ = ["Layout", "lay_out", "normal", "normal_names", "title_column"]


@lru_cache(maxsize=4096)
def normal(name: str) -> str:
    """``Product ID``, ``product-id`` and ``productId`` are one name."""
    return re.sub(r"[\s._-]+", "", name).casefold()


def normal_names(text: str) -> tuple[str, ...]:
    """The normal forms of names separated by spaces."""
    return tuple(normal(name) for name in text.split())


_IDS = normal_names(
    "id item_id product_id article_id sku product_sku variant_sku item_sku handle asin uid uuid item_number"
    " product_number article_number product_code item_code article_code code key ean gtin upc barcode"
)
_IMAGES = normal_names(
    "image image_path image_file image_filename image_name main_image primary_image base_image img img_path picture"
    " picture_path photo photo_path images image_paths image_files pictures photos jpg jpeg png webp file_name"
    " filename file_path file path thumbnail"
)
_MORE = normal_names(
    "more_images additional_images additional_image extra_images other_images gallery gallery_images images pictures"
    " photos"
)
_NUMBERED = re.compile(r"(?:image|img|picture|photo)(\d+)")
_URLS = normal_names(
    "image_url image_urls image_link image_src main_image_url img_url picture_url photo_url thumbnail_url"
    " additional_image_link url link"
)
_TITLES = normal_names("title product_title item_title name product_name item_name product_display_name display_name")
_INDEX_OF_PANDAS = re.compile(r"__index_level_\d+__|Unnamed: 0")


@dataclass(frozen=True, slots=True)
class Layout:
    """What each column is.

    Attributes:
        id: column of the ids.
        pictures: columns of pictures, main one first.
        url: column that holds a picture's address where the others are empty.
        title: column of the titles.
        include: metadata columns, or ``None`` for all that are left.
        exclude: columns that are no metadata.
    """

    id: str
    pictures: tuple[str, ...]
    url: str | None
    title: str | None
    include: frozenset[str] | None
    exclude: frozenset[str]

    def is_metadata(self, column: str) -> bool:
        if column in (self.id, self.title, *self.pictures) or column in self.exclude:
            return False
        if self.include is not None:
            return column in self.include
        return bool(column) and _INDEX_OF_PANDAS.fullmatch(column) is None


def lay_out(names: Sequence[str], columns: Columns, catalogue: str, *, pictures: bool = True) -> Layout:
    """Decide what each of the columns ``names`` of ``catalogue`` is.

    Args:
        pictures: whether there must be a column of pictures; where there need not, an address is metadata.

    Raises:
        CatalogueError: no id column, no picture column where there must be one, or one that ``columns`` names is not
            there.
    """
    finder = _Finder(names, catalogue)
    id_column = finder.named(columns.id) if columns.id else finder.first(_IDS)
    if id_column is None:
        raise finder.error(
            "has no column of ids", hint="name it: --id-column, Columns(id=...); row numbers are not stable ids"
        )
    found, url = _picture_columns(finder, columns, id_column, must=pictures)
    title = finder.named(columns.title) if columns.title else finder.first(_TITLES)
    return Layout(
        id=id_column,
        pictures=found,
        url=url,
        title=title,
        include=None if columns.include is None else frozenset(map(finder.named, columns.include)),
        exclude=frozenset(map(finder.named, columns.exclude)),
    )


def title_column(names: Iterable[str]) -> str | None:
    """The first of ``names`` that holds titles."""
    return _Finder(tuple(names), "").first(_TITLES)


def _picture_columns(
    finder: "_Finder", columns: Columns, id_column: str, *, must: bool
) -> tuple[tuple[str, ...], str | None]:
    main = finder.named(columns.image) if columns.image else finder.first(_IMAGES)
    more = [finder.named(name) for name in columns.more_images] or finder.all(_MORE) + finder.numbered()
    found = [name for name in dict.fromkeys([main, *more]) if name is not None and name != id_column]
    if columns.image == id_column:
        found.insert(0, id_column)
    url = finder.first(_URLS)
    if found:
        return tuple(found), None if url in found else url
    if not must:
        return (), None
    if url is None:
        raise finder.error("has no column of pictures", hint="name it (Columns(image=...))")
    return (url,), None


class _Finder:
    """The columns of one catalogue, by normal name."""

    def __init__(self, names: Sequence[str], catalogue: str) -> None:
        self._names = names
        self._by_normal = {normal(name): name for name in reversed(names)}
        self._catalogue = catalogue

    def first(self, candidates: Iterable[str]) -> str | None:
        return next((self._by_normal[name] for name in candidates if name in self._by_normal), None)

    def all(self, candidates: Iterable[str]) -> list[str]:
        return [self._by_normal[name] for name in candidates if name in self._by_normal]

    def numbered(self) -> list[str]:
        numbers = {name: int(match[1]) for name in self._by_normal if (match := _NUMBERED.fullmatch(name))}
        return [self._by_normal[name] for name in sorted(numbers, key=lambda name: numbers[name])]

    def named(self, name: str) -> str:
        found = name if name in self._names else self._by_normal.get(normal(name))
        if found is None:
            raise self.error(f"has no column {name!r}")
        return found

    def error(self, problem: str, hint: str | None = None) -> CatalogueError:
        seen = ", ".join(self._names) or "none"
        return CatalogueError(f"{self._catalogue} {problem}; its columns are: {seen}", hint=hint)
