"""Fields of every type that a catalogue has, and filters that tell them apart."""

from shelfsight.core.types import Value

FIELDS: tuple[dict[str, Value], ...] = (
    {"price": 39, "brand": "Acme", "stock": True, "specs": {"size": 42, "cut": "slim"}},
    {"price": 50.0, "brand": "", "stock": False, "specs": {"size": "M"}},
    {"price": None, "brand": "50% off", "stock": None},
    {"brand": "acme_2", "tags": ["a", "b"], "specs": {}},
    {"price": "39", "brand": "A\nB", "stock": True},
)

FILTERS = (
    "price < 50",
    "price != 39",
    "10 < price <= 50",
    "price in [39, 50]",
    "price not in [39]",
    "price in []",
    'price == "39"',
    "price is null",
    "price is not null",
    "stock == true",
    "stock != true",
    "stock in [true, false]",
    'brand == "Acme"',
    'brand > "B"',
    'brand like "A%"',
    'brand like "%a%e%"',
    'brand like "_cme"',
    'brand like "50\\\\%%"',
    'brand like "%\\\\_2"',
    'brand not like "Ac%"',
    'brand in ["Acme", "acme_2"]',
    'specs["size"] == 42',
    'specs["size"] is null',
    'specs["size"] == "M" or stock == true',
    "not (price < 50 and stock == true)",
    "price < 40 or stock == false",
    "price < 40 and stock == true",
    "tags is null",
)
