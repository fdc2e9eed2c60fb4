from typing import Literal

EmbedRequestEncoding = Literal["base64", "float"]

EMBED_REQUEST_ENCODING_VALUES: set[EmbedRequestEncoding] = {
    "base64",
    "float",
}


def check_embed_request_encoding(value: str) -> EmbedRequestEncoding:
    if value in EMBED_REQUEST_ENCODING_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {EMBED_REQUEST_ENCODING_VALUES!r}")
