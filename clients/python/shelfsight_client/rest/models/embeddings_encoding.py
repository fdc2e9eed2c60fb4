from typing import Literal

EmbeddingsEncoding = Literal["base64", "float"]

EMBEDDINGS_ENCODING_VALUES: set[EmbeddingsEncoding] = {
    "base64",
    "float",
}


def check_embeddings_encoding(value: str) -> EmbeddingsEncoding:
    if value in EMBEDDINGS_ENCODING_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {EMBEDDINGS_ENCODING_VALUES!r}")
