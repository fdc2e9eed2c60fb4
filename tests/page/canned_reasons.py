"""Why an item is where it is, written down."""

from canned import Document
from canned_shop import Shop

__all__ = ["reasons"]


def reasons(shop: Shop, place: int) -> Document:
    """Why the item of that place is where it is, as the API tells it."""
    hit, above = shop.hits()[place], shop.hits()[place - 1]
    return {
        **{name: hit[name] for name in ("id", "title", "picture", "picture_index")},
        "outcome": "shown",
        "sentence": "It is 14th because others look more like the words.",
        "rank": 14,
        "total": 1812,
        "k": 24,
        "score": 0.301,
        "conditions": [
            {"text": "price < 80", "source": "filter", "passes": True, "field": "price", "value": 62.0},
            {"text": 'colour == "red"', "source": "rule", "passes": False, "field": "colour", "value": None},
        ],
        "stages": [
            {"name": "vector", "rank": 31, "of": 1812, "value": 0.301},
            {"name": "rules", "rank": 12, "note": "boosted"},
            {"name": "final", "rank": 14},
        ],
        "words": [{"word": "red", "found": True}, {"word": "hat", "found": False}],
        "rules": [{"kind": "boost", "rule": "summer", "line": 12, "factor": 2.0, "text": "boost summer"}],
        "above": [
            {
                **{name: above[name] for name in ("id", "title", "picture", "rank", "score")},
                "reasons": ["pinned"],
                "more": {"score": 0.02, "relevance": 0.1},
            }
        ],
        "changes": [{"kind": "boost", "text": "a boost of 2.4 would put it first", "factor": 2.4}],
    }
