from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.collection_index_parameters import CollectionIndexParameters


T = TypeVar("T", bound="CollectionIndex")


@_attrs_define
class CollectionIndex:
    """What finds vectors, and how well it did when it was built.

    Attributes:
        kind (str):
        vectors (int): Rows it covers; what came since is searched exactly.
        parameters (CollectionIndexParameters):
        target (float | None): recall@10 that was asked for.
        recall (float | None): recall@10 that was measured.
        queries (int):
        bytes_per_vector (float):
        seconds (float):
    """

    kind: str
    vectors: int
    parameters: CollectionIndexParameters
    target: float | None
    recall: float | None
    queries: int
    bytes_per_vector: float
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        kind = self.kind

        vectors = self.vectors

        parameters = self.parameters.to_dict()

        target: float | None
        target = self.target

        recall: float | None
        recall = self.recall

        queries = self.queries

        bytes_per_vector = self.bytes_per_vector

        seconds = self.seconds

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "kind": kind,
                "vectors": vectors,
                "parameters": parameters,
                "target": target,
                "recall": recall,
                "queries": queries,
                "bytes_per_vector": bytes_per_vector,
                "seconds": seconds,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.collection_index_parameters import CollectionIndexParameters  # noqa: PLC0415

        d = dict(src_dict)
        kind = d.pop("kind")

        vectors = d.pop("vectors")

        parameters = CollectionIndexParameters.from_dict(d.pop("parameters"))

        def _parse_target(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        target = _parse_target(d.pop("target"))

        def _parse_recall(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        recall = _parse_recall(d.pop("recall"))

        queries = d.pop("queries")

        bytes_per_vector = d.pop("bytes_per_vector")

        seconds = d.pop("seconds")

        collection_index = cls(
            kind=kind,
            vectors=vectors,
            parameters=parameters,
            target=target,
            recall=recall,
            queries=queries,
            bytes_per_vector=bytes_per_vector,
            seconds=seconds,
        )

        return collection_index
