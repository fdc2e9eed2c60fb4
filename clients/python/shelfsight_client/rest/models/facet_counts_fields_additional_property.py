from typing import Literal

FacetCountsFieldsAdditionalProperty = Literal["boolean", "json", "number", "text"]

FACET_COUNTS_FIELDS_ADDITIONAL_PROPERTY_VALUES: set[FacetCountsFieldsAdditionalProperty] = {
    "boolean",
    "json",
    "number",
    "text",
}


def check_facet_counts_fields_additional_property(value: str) -> FacetCountsFieldsAdditionalProperty:
    if value in FACET_COUNTS_FIELDS_ADDITIONAL_PROPERTY_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {FACET_COUNTS_FIELDS_ADDITIONAL_PROPERTY_VALUES!r}")
