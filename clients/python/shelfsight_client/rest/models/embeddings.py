from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.embeddings_encoding import EmbeddingsEncoding, check_embeddings_encoding

if TYPE_CHECKING:
    from ..models.encoder_document import EncoderDocument


T = TypeVar("T", bound="Embeddings")


@_attrs_define
class Embeddings:
    """Vectors of length 1, in the order of what was sent.

    Attributes:
        encoder (EncoderDocument): What made the vectors.
        encoding (EmbeddingsEncoding):
        texts (list[list[float] | str]): Lists of numbers, or base64 of float32, little-endian, as `encoding` says.
        pictures (list[list[float] | str]): Lists of numbers, or base64 of float32, little-endian, as `encoding` says.
    """

    encoder: EncoderDocument
    encoding: EmbeddingsEncoding
    texts: list[list[float] | str]
    pictures: list[list[float] | str]

    def to_dict(self) -> dict[str, Any]:
        encoder = self.encoder.to_dict()

        encoding: str = self.encoding

        texts = []
        for texts_item_data in self.texts:
            texts_item: list[float] | str
            if isinstance(texts_item_data, list):
                texts_item = texts_item_data

            else:
                texts_item = texts_item_data
            texts.append(texts_item)

        pictures = []
        for pictures_item_data in self.pictures:
            pictures_item: list[float] | str
            if isinstance(pictures_item_data, list):
                pictures_item = pictures_item_data

            else:
                pictures_item = pictures_item_data
            pictures.append(pictures_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "encoder": encoder,
                "encoding": encoding,
                "texts": texts,
                "pictures": pictures,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.encoder_document import EncoderDocument  # noqa: PLC0415

        d = dict(src_dict)
        encoder = EncoderDocument.from_dict(d.pop("encoder"))

        encoding = check_embeddings_encoding(d.pop("encoding"))

        texts = []
        _texts = d.pop("texts")
        for texts_item_data in _texts:

            def _parse_texts_item(data: object) -> list[float] | str:
                try:
                    if not isinstance(data, list):
                        raise TypeError()
                    texts_item_type_0 = cast(list[float], data)

                    return texts_item_type_0
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                return cast(list[float] | str, data)

            texts_item = _parse_texts_item(texts_item_data)

            texts.append(texts_item)

        pictures = []
        _pictures = d.pop("pictures")
        for pictures_item_data in _pictures:

            def _parse_pictures_item(data: object) -> list[float] | str:
                try:
                    if not isinstance(data, list):
                        raise TypeError()
                    pictures_item_type_0 = cast(list[float], data)

                    return pictures_item_type_0
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                return cast(list[float] | str, data)

            pictures_item = _parse_pictures_item(pictures_item_data)

            pictures.append(pictures_item)

        embeddings = cls(
            encoder=encoder,
            encoding=encoding,
            texts=texts,
            pictures=pictures,
        )

        return embeddings
