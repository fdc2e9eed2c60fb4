from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="ListedCollection")


@_attrs_define
class ListedCollection:
    """A collection of this server.

    Attributes:
        name (str):
        aliases (list[str]):
        default (bool): Whether it is asked where none is named.
        removable (bool): Whether it may be taken away over HTTP.
    """

    name: str
    aliases: list[str]
    default: bool
    removable: bool

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        aliases = self.aliases

        default = self.default

        removable = self.removable

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "aliases": aliases,
                "default": default,
                "removable": removable,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        aliases = cast(list[str], d.pop("aliases"))

        default = d.pop("default")

        removable = d.pop("removable")

        listed_collection = cls(
            name=name,
            aliases=aliases,
            default=default,
            removable=removable,
        )

        return listed_collection
