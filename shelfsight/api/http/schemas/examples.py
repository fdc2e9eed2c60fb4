"""Examples of what is sent: they fit the demo collection, and a test sends them."""

from typing import Any

__all__ = [
    "ALIAS",
    "ASK",
    "CREATE",
    "DELETE",
    "EMBED",
    "ERASE",
    "JOB",
    "KEY",
    "PARAMETERS",
    "PUT",
    "SEARCH",
    "UPDATE",
    "UPSERT",
]

Examples = dict[str, dict[str, Any]]

_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mP8z4AdMDEMKQkAzUEBD7t4NqoAAAAASUVORK5CYII="
_ITEM = {
    "id": "mug-1",
    "title": "Red stoneware mug",
    "metadata": {"price": 18.5, "colour": "red", "brand": "Oakenlund"},
    "pictures": [{"data": _PNG, "name": "mug.png"}],
}
SEARCH: Examples = {
    "By text": {"query": "a red mug", "k": 5},
    "In a price range, with counts": {
        "query": "red dress -floral",
        "filter": "price < 80",
        "facets": ["colour"],
        "histograms": ["price"],
    },
    "By a picture and text": {"image": _PNG, "query": "in blue", "image_weight": 0.6},
    "More like one item, less like another": {"like": ["demo-00001"], "unlike": [{"id": "demo-00002", "weight": 0.5}]},
    "Looked at again, and explained": {"query": "a red mug", "k": 3, "rerank": True, "explain": 2, "budget_ms": 2000},
}
EMBED: Examples = {
    "Texts": {"texts": ["a red mug"]},
    "A picture, as base64": {"pictures": [_PNG], "encoding": "base64"},
}
ASK: Examples = {
    "A question": {"question": "What colour is it?"},
    "After another": {
        "question": "And the handle?",
        "turns": [{"question": "What colour is it?", "answer": "It is red."}],
    },
}
PUT: Examples = {"With its picture": {name: value for name, value in _ITEM.items() if name != "id"}}
UPSERT: Examples = {"With their pictures": {"items": [_ITEM]}}
UPDATE: Examples = {"A price and the stock": {"items": [{"id": "demo-00003", "metadata": {"price": 12.5, "stock": 3}}]}}
DELETE: Examples = {"By id": {"ids": ["mug-1", "mug-2"]}, "By a filter": {"filter": "price < 1"}}
ERASE: Examples = {"Of one person": {"ids": ["mug-1", "mug-2"]}}
JOB: Examples = {"A path of the server": {"source": "catalog.csv", "prune": True}}
CREATE: Examples = {"Exact search": {"encoder": "embedded", "store": "exact"}}
ALIAS: Examples = {"Switched": {"collection": "shop"}}
KEY: Examples = {"Of a page": {"name": "shop-page", "origins": ["https://shop.example"], "rate": 20}}
PARAMETERS: dict[str, Any] = {
    "id": "demo-00001",
    "collection": "shop",
    "alias": "live",
    "index": 0,
    "side": 320,
    "query": "red dress under 50 -floral",
    "filter": "price < 80",
    "sort": ["-price"],
    "group_by": "brand",
    "facets": ["colour"],
    "field": ["colour"],
    "histograms": ["price"],
}
"""By name."""
