from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.erased_place import ErasedPlace
    from ..models.receipt_caches import ReceiptCaches
    from ..models.receipt_held import ReceiptHeld


T = TypeVar("T", bound="Receipt")


@_attrs_define
class Receipt:
    """That items were erased: what they held, where, that it is gone, and what is not reached from here.

    Attributes:
        receipt (str): Its id.
        time (datetime.datetime): When it was done, UTC.
        collection (str): Name of its directory.
        ids (list[str]): Items that were there.
        absent (list[str]): Those that were not.
        held (ReceiptHeld): What they held: `vector`, `text`, `preview`, `features`, `word`.
        places (list[ErasedPlace]): Where that was.
        caches (ReceiptCaches): Entries of memory that were let go of.
        later (list[str]): What is not done yet, and who does it when.
        remains (list[str]): What is not reached from here.
        files (int): Files that were searched afterwards.
        bytes_ (int): Bytes of them.
        seconds (float):
        verified (bool): Whether nothing was left anywhere that was searched.
        digest (str): SHA-256 of all the rest, as JSON with sorted keys and without spaces.
    """

    receipt: str
    time: datetime.datetime
    collection: str
    ids: list[str]
    absent: list[str]
    held: ReceiptHeld
    places: list[ErasedPlace]
    caches: ReceiptCaches
    later: list[str]
    remains: list[str]
    files: int
    bytes_: int
    seconds: float
    verified: bool
    digest: str

    def to_dict(self) -> dict[str, Any]:
        receipt = self.receipt

        time = self.time.isoformat()

        collection = self.collection

        ids = self.ids

        absent = self.absent

        held = self.held.to_dict()

        places = []
        for places_item_data in self.places:
            places_item = places_item_data.to_dict()
            places.append(places_item)

        caches = self.caches.to_dict()

        later = self.later

        remains = self.remains

        files = self.files

        bytes_ = self.bytes_

        seconds = self.seconds

        verified = self.verified

        digest = self.digest

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "receipt": receipt,
                "time": time,
                "collection": collection,
                "ids": ids,
                "absent": absent,
                "held": held,
                "places": places,
                "caches": caches,
                "later": later,
                "remains": remains,
                "files": files,
                "bytes": bytes_,
                "seconds": seconds,
                "verified": verified,
                "digest": digest,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.erased_place import ErasedPlace  # noqa: PLC0415
        from ..models.receipt_caches import ReceiptCaches  # noqa: PLC0415
        from ..models.receipt_held import ReceiptHeld  # noqa: PLC0415

        d = dict(src_dict)
        receipt = d.pop("receipt")

        time = datetime.datetime.fromisoformat(d.pop("time"))

        collection = d.pop("collection")

        ids = cast(list[str], d.pop("ids"))

        absent = cast(list[str], d.pop("absent"))

        held = ReceiptHeld.from_dict(d.pop("held"))

        places = []
        _places = d.pop("places")
        for places_item_data in _places:
            places_item = ErasedPlace.from_dict(places_item_data)

            places.append(places_item)

        caches = ReceiptCaches.from_dict(d.pop("caches"))

        later = cast(list[str], d.pop("later"))

        remains = cast(list[str], d.pop("remains"))

        files = d.pop("files")

        bytes_ = d.pop("bytes")

        seconds = d.pop("seconds")

        verified = d.pop("verified")

        digest = d.pop("digest")

        receipt = cls(
            receipt=receipt,
            time=time,
            collection=collection,
            ids=ids,
            absent=absent,
            held=held,
            places=places,
            caches=caches,
            later=later,
            remains=remains,
            files=files,
            bytes_=bytes_,
            seconds=seconds,
            verified=verified,
            digest=digest,
        )

        return receipt
