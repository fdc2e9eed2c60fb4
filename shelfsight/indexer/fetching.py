"""Pictures with addresses: fetched before anything else is done for a row, in threads of their own, because they wait.

An address that was fetched before is asked for what is new: with the validator that its server gave, where the
catalogue still names the same pictures. Of a server that gives none the bytes are fetched again, and compared.
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from shelfsight.core.errors import PictureError
from shelfsight.core.pictures import read_bytes
from shelfsight.core.protocols import Fetcher
from shelfsight.core.settings import PictureLimits
from shelfsight.core.types import Picture
from shelfsight.indexer.fingerprints import Known, Stamp, picture_hash, places_hash
from shelfsight.indexer.ordered import Done, ordered
from shelfsight.indexer.work import Got, Row

__all__ = ["Fetching", "Reading"]

_KEPT_BYTES = 16_000_000  # of one row, from fetching to decoding; the rest is fetched twice
_PART = 32  # hex digits: the collection holds one for every picture with an address


@dataclass(frozen=True, slots=True)
class Reading:
    """Bytes of pictures, wherever they are."""

    fetch: Fetcher | None
    limits: PictureLimits

    def __call__(self, picture: Picture) -> bytes:
        """
        Raises:
            PictureError: as :func:`~shelfsight.core.pictures.read_bytes` and :class:`Fetcher`.
        """
        if picture.url is None or self.fetch is None:
            return read_bytes(picture, self.limits)
        data = self.fetch(picture.url, max_bytes=self.limits.max_bytes).data
        assert data is not None, "only who shows a validator is told that nothing changed"
        return data


@dataclass(frozen=True, slots=True)
class Fetching:
    """Rows to rows whose pictures with addresses were fetched."""

    fetch: Fetcher
    limits: PictureLimits

    def over(self, rows: Iterable[Row], pool: Executor, *, window: int) -> Iterator[Row]:
        """``rows`` in their order, ``window`` of them at most on their way or waiting."""
        ahead = (row if _has_addresses(row) else Done(row) for row in rows)
        return ordered(pool, self, ahead, window=window)

    def __call__(self, row: Row) -> Row:
        assert row.item is not None
        stamps = _stamps(row)
        fetched: dict[int, Got | PictureError] = {}
        kept = 0
        for index, picture in enumerate(row.item.pictures):
            if picture.url is None:
                continue
            try:
                got = self._get(picture.url, stamps.get(index))
            except PictureError as error:
                fetched[index] = error
                continue
            kept += len(got.data or b"")
            fetched[index] = got if kept <= _KEPT_BYTES else replace(got, data=None)
        return replace(row, fetched=fetched)

    def _get(self, url: str, known: Stamp | None) -> Got:
        validator = None if known is None else known.validator
        answer = self.fetch(url, max_bytes=self.limits.max_bytes, validator=validator)
        if answer.data is None:
            assert known is not None, "only who shows a validator is told that nothing changed"
            return Got(known)
        return Got(Stamp(picture_hash(answer.data)[:_PART], answer.validator), answer.data)


def _has_addresses(row: Row) -> bool:
    return row.item is not None and any(picture.url is not None for picture in row.item.pictures)


def _stamps(row: Row) -> Mapping[int, Stamp]:
    """Those that still hold. What could not be decoded is wanted whole, to be named again or to be decoded now."""
    if row.known is None or row.item is None:
        return {}
    known = Known.of(row.known)
    if known.places != places_hash(row.item.pictures):
        return {}
    return {index: stamp for index, stamp in enumerate(known.stamps) if stamp and index not in known.undecodable}
