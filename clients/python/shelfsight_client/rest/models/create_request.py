from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.create_request_store import CreateRequestStore, check_create_request_store
from ..types import UNSET, Unset

T = TypeVar("T", bound="CreateRequest")


@_attrs_define
class CreateRequest:
    """What a new collection is.

    Attributes:
        encoder (str | Unset): `embedded`, that of another collection here, or one of `shelfsight models` that is on the
            server. Default: 'embedded'.
        store (CreateRequestStore | Unset): What holds its vectors. Default: 'faiss'.
    """

    encoder: str | Unset = "embedded"
    store: CreateRequestStore | Unset = "faiss"

    def to_dict(self) -> dict[str, Any]:
        encoder = self.encoder

        store: str | Unset = UNSET
        if not isinstance(self.store, Unset):
            store = self.store

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if encoder is not UNSET:
            field_dict["encoder"] = encoder
        if store is not UNSET:
            field_dict["store"] = store

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        encoder = d.pop("encoder", UNSET)

        _store = d.pop("store", UNSET)
        store: CreateRequestStore | Unset
        if isinstance(_store, Unset):
            store = UNSET
        else:
            store = check_create_request_store(_store)

        create_request = cls(
            encoder=encoder,
            store=store,
        )

        return create_request
