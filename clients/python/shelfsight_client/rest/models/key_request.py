from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.scope import Scope, check_scope
from ..types import UNSET, Unset

T = TypeVar("T", bound="KeyRequest")


@_attrs_define
class KeyRequest:
    """The API key that is wanted.

    Attributes:
        name (str): What a person calls it: shop-page.
        scope (Scope | Unset): What a key may do; each may do what those before it may, but for ``search`` and
            ``write``, which may not read the
            metrics.
        rate (float | None | Unset): Requests a second.
        looks_per_day (int | None | Unset): Pictures a day that a VLM may look at.
        collections (list[str] | Unset): Collections or aliases it may ask; none: all.
        origins (list[str] | Unset): Pages that may use it: `https://shop.example`. Such a key is no secret.
        expires (datetime.datetime | None | Unset): From when on it counts no longer.
    """

    name: str
    scope: Scope | Unset = UNSET
    rate: float | None | Unset = UNSET
    looks_per_day: int | None | Unset = UNSET
    collections: list[str] | Unset = UNSET
    origins: list[str] | Unset = UNSET
    expires: datetime.datetime | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        scope: str | Unset = UNSET
        if not isinstance(self.scope, Unset):
            scope = self.scope

        rate: float | None | Unset
        if isinstance(self.rate, Unset):
            rate = UNSET
        else:
            rate = self.rate

        looks_per_day: int | None | Unset
        if isinstance(self.looks_per_day, Unset):
            looks_per_day = UNSET
        else:
            looks_per_day = self.looks_per_day

        collections: list[str] | Unset = UNSET
        if not isinstance(self.collections, Unset):
            collections = self.collections

        origins: list[str] | Unset = UNSET
        if not isinstance(self.origins, Unset):
            origins = self.origins

        expires: None | str | Unset
        if isinstance(self.expires, Unset):
            expires = UNSET
        elif isinstance(self.expires, datetime.datetime):
            expires = self.expires.isoformat()
        else:
            expires = self.expires

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
            }
        )
        if scope is not UNSET:
            field_dict["scope"] = scope
        if rate is not UNSET:
            field_dict["rate"] = rate
        if looks_per_day is not UNSET:
            field_dict["looks_per_day"] = looks_per_day
        if collections is not UNSET:
            field_dict["collections"] = collections
        if origins is not UNSET:
            field_dict["origins"] = origins
        if expires is not UNSET:
            field_dict["expires"] = expires

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        _scope = d.pop("scope", UNSET)
        scope: Scope | Unset
        if isinstance(_scope, Unset):
            scope = UNSET
        else:
            scope = check_scope(_scope)

        def _parse_rate(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        rate = _parse_rate(d.pop("rate", UNSET))

        def _parse_looks_per_day(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        looks_per_day = _parse_looks_per_day(d.pop("looks_per_day", UNSET))

        collections = cast(list[str], d.pop("collections", UNSET))

        origins = cast(list[str], d.pop("origins", UNSET))

        def _parse_expires(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_type_0 = datetime.datetime.fromisoformat(data)

                return expires_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        expires = _parse_expires(d.pop("expires", UNSET))

        key_request = cls(
            name=name,
            scope=scope,
            rate=rate,
            looks_per_day=looks_per_day,
            collections=collections,
            origins=origins,
            expires=expires,
        )

        return key_request
