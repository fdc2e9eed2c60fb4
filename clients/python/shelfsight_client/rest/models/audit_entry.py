from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.audit_entry_outcome import AuditEntryOutcome, check_audit_entry_outcome
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.receipt import Receipt


T = TypeVar("T", bound="AuditEntry")


@_attrs_define
class AuditEntry:
    """One change that was asked for.

    Attributes:
        time (datetime.datetime):
        operation (str):
        collection (None | str): The name or alias that was asked for; null: it is about the server.
        outcome (AuditEntryOutcome):
        status (int | None):
        number (int | None): How many things it was about.
        ids (list[str]): The first of them.
        key (None | str): Id of the API key.
        name (None | str): Name of the API key.
        address (str):
        request (str): The request's id.
        receipt (Receipt | Unset): That items were erased: what they held, where, that it is gone, and what is not
            reached from here.
    """

    time: datetime.datetime
    operation: str
    collection: None | str
    outcome: AuditEntryOutcome
    status: int | None
    number: int | None
    ids: list[str]
    key: None | str
    name: None | str
    address: str
    request: str
    receipt: Receipt | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        time = self.time.isoformat()

        operation = self.operation

        collection: None | str
        collection = self.collection

        outcome: str = self.outcome

        status: int | None
        status = self.status

        number: int | None
        number = self.number

        ids = self.ids

        key: None | str
        key = self.key

        name: None | str
        name = self.name

        address = self.address

        request = self.request

        receipt: dict[str, Any] | Unset = UNSET
        if not isinstance(self.receipt, Unset):
            receipt = self.receipt.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "time": time,
                "operation": operation,
                "collection": collection,
                "outcome": outcome,
                "status": status,
                "number": number,
                "ids": ids,
                "key": key,
                "name": name,
                "address": address,
                "request": request,
            }
        )
        if receipt is not UNSET:
            field_dict["receipt"] = receipt

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.receipt import Receipt  # noqa: PLC0415

        d = dict(src_dict)
        time = datetime.datetime.fromisoformat(d.pop("time"))

        operation = d.pop("operation")

        def _parse_collection(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        collection = _parse_collection(d.pop("collection"))

        outcome = check_audit_entry_outcome(d.pop("outcome"))

        def _parse_status(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        status = _parse_status(d.pop("status"))

        def _parse_number(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        number = _parse_number(d.pop("number"))

        ids = cast(list[str], d.pop("ids"))

        def _parse_key(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        key = _parse_key(d.pop("key"))

        def _parse_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        name = _parse_name(d.pop("name"))

        address = d.pop("address")

        request = d.pop("request")

        _receipt = d.pop("receipt", UNSET)
        receipt: Receipt | Unset
        if isinstance(_receipt, Unset):
            receipt = UNSET
        else:
            receipt = Receipt.from_dict(_receipt)

        audit_entry = cls(
            time=time,
            operation=operation,
            collection=collection,
            outcome=outcome,
            status=status,
            number=number,
            ids=ids,
            key=key,
            name=name,
            address=address,
            request=request,
            receipt=receipt,
        )

        return audit_entry
