from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.key_created_state import KeyCreatedState, check_key_created_state
from ..models.scope import Scope, check_scope

T = TypeVar("T", bound="KeyCreated")


@_attrs_define
class KeyCreated:
    """A new API key.

    Attributes:
        name (str):
        scope (Scope): What a key may do; each may do what those before it may, but for ``search`` and ``write``, which
            may not read the
            metrics.
        rate (float | None): Requests a second.
        looks_per_day (int | None): Pictures a day that a vision-language model may look at.
        collections (list[str]): Those it may ask; none: all.
        origins (list[str]): Pages that may use it.
        expires (datetime.datetime | None):
        id (str):
        created (datetime.datetime):
        revoked (datetime.datetime | None):
        state (KeyCreatedState):
        looks_today (int): Pictures that a vision-language model looked at for it since 0:00 UTC.
        key (str): What its owner sends. It is never shown again.
    """

    name: str
    scope: Scope
    rate: float | None
    looks_per_day: int | None
    collections: list[str]
    origins: list[str]
    expires: datetime.datetime | None
    id: str
    created: datetime.datetime
    revoked: datetime.datetime | None
    state: KeyCreatedState
    looks_today: int
    key: str

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        scope: str = self.scope

        rate: float | None
        rate = self.rate

        looks_per_day: int | None
        looks_per_day = self.looks_per_day

        collections = self.collections

        origins = self.origins

        expires: None | str
        if isinstance(self.expires, datetime.datetime):
            expires = self.expires.isoformat()
        else:
            expires = self.expires

        id = self.id

        created = self.created.isoformat()

        revoked: None | str
        if isinstance(self.revoked, datetime.datetime):
            revoked = self.revoked.isoformat()
        else:
            revoked = self.revoked

        state: str = self.state

        looks_today = self.looks_today

        key = self.key

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "scope": scope,
                "rate": rate,
                "looks_per_day": looks_per_day,
                "collections": collections,
                "origins": origins,
                "expires": expires,
                "id": id,
                "created": created,
                "revoked": revoked,
                "state": state,
                "looks_today": looks_today,
                "key": key,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        scope = check_scope(d.pop("scope"))

        def _parse_rate(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        rate = _parse_rate(d.pop("rate"))

        def _parse_looks_per_day(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        looks_per_day = _parse_looks_per_day(d.pop("looks_per_day"))

        collections = cast(list[str], d.pop("collections"))

        origins = cast(list[str], d.pop("origins"))

        def _parse_expires(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_type_0 = datetime.datetime.fromisoformat(data)

                return expires_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        expires = _parse_expires(d.pop("expires"))

        id = d.pop("id")

        created = datetime.datetime.fromisoformat(d.pop("created"))

        def _parse_revoked(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                revoked_type_0 = datetime.datetime.fromisoformat(data)

                return revoked_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        revoked = _parse_revoked(d.pop("revoked"))

        state = check_key_created_state(d.pop("state"))

        looks_today = d.pop("looks_today")

        key = d.pop("key")

        key_created = cls(
            name=name,
            scope=scope,
            rate=rate,
            looks_per_day=looks_per_day,
            collections=collections,
            origins=origins,
            expires=expires,
            id=id,
            created=created,
            revoked=revoked,
            state=state,
            looks_today=looks_today,
            key=key,
        )

        return key_created
