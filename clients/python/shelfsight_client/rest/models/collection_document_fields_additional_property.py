from typing import Literal

CollectionDocumentFieldsAdditionalProperty = Literal["boolean", "json", "number", "text"]

COLLECTION_DOCUMENT_FIELDS_ADDITIONAL_PROPERTY_VALUES: set[CollectionDocumentFieldsAdditionalProperty] = {
    "boolean",
    "json",
    "number",
    "text",
}


def check_collection_document_fields_additional_property(value: str) -> CollectionDocumentFieldsAdditionalProperty:
    if value in COLLECTION_DOCUMENT_FIELDS_ADDITIONAL_PROPERTY_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {COLLECTION_DOCUMENT_FIELDS_ADDITIONAL_PROPERTY_VALUES!r}"
    )
