from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.collection_document_fields import CollectionDocumentFields
    from ..models.collection_encoder import CollectionEncoder
    from ..models.collection_index import CollectionIndex


T = TypeVar("T", bound="CollectionDocument")


@_attrs_define
class CollectionDocument:
    """What a collection is, and what is in it.

    Attributes:
        name (str):
        aliases (list[str]):
        default (bool): Whether it is asked where none is named.
        removable (bool): Whether it may be taken away over HTTP.
        format_ (int):
        store (str):
        encoder (CollectionEncoder): What makes its vectors.
        metric (str):
        items (int):
        pictures (int):
        index (CollectionIndex | None):
        fields (CollectionDocumentFields):
    """

    name: str
    aliases: list[str]
    default: bool
    removable: bool
    format_: int
    store: str
    encoder: CollectionEncoder
    metric: str
    items: int
    pictures: int
    index: CollectionIndex | None
    fields: CollectionDocumentFields

    def to_dict(self) -> dict[str, Any]:
        from ..models.collection_index import CollectionIndex  # noqa: PLC0415

        name = self.name

        aliases = self.aliases

        default = self.default

        removable = self.removable

        format_ = self.format_

        store = self.store

        encoder = self.encoder.to_dict()

        metric = self.metric

        items = self.items

        pictures = self.pictures

        index: dict[str, Any] | None
        if isinstance(self.index, CollectionIndex):
            index = self.index.to_dict()
        else:
            index = self.index

        fields = self.fields.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "aliases": aliases,
                "default": default,
                "removable": removable,
                "format": format_,
                "store": store,
                "encoder": encoder,
                "metric": metric,
                "items": items,
                "pictures": pictures,
                "index": index,
                "fields": fields,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.collection_document_fields import CollectionDocumentFields  # noqa: PLC0415
        from ..models.collection_encoder import CollectionEncoder  # noqa: PLC0415
        from ..models.collection_index import CollectionIndex  # noqa: PLC0415

        d = dict(src_dict)
        name = d.pop("name")

        aliases = cast(list[str], d.pop("aliases"))

        default = d.pop("default")

        removable = d.pop("removable")

        format_ = d.pop("format")

        store = d.pop("store")

        encoder = CollectionEncoder.from_dict(d.pop("encoder"))

        metric = d.pop("metric")

        items = d.pop("items")

        pictures = d.pop("pictures")

        def _parse_index(data: object) -> CollectionIndex | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                index_type_0 = CollectionIndex.from_dict(data)

                return index_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CollectionIndex | None, data)

        index = _parse_index(d.pop("index"))

        fields = CollectionDocumentFields.from_dict(d.pop("fields"))

        collection_document = cls(
            name=name,
            aliases=aliases,
            default=default,
            removable=removable,
            format_=format_,
            store=store,
            encoder=encoder,
            metric=metric,
            items=items,
            pictures=pictures,
            index=index,
            fields=fields,
        )

        return collection_document
