from typing import Literal

CreateRequestStore = Literal["exact", "faiss", "milvus"]

CREATE_REQUEST_STORE_VALUES: set[CreateRequestStore] = {
    "exact",
    "faiss",
    "milvus",
}


def check_create_request_store(value: str) -> CreateRequestStore:
    if value in CREATE_REQUEST_STORE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CREATE_REQUEST_STORE_VALUES!r}")
