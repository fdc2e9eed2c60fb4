"""Three small catalogues whose words queries are read with: pictures only, a fashion shop, a sportswear shop."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from colour_encoder import ColourEncoder
from shelf import change

from shelfsight.core.atoms import Atom
from shelfsight.core.protocols import Change
from shelfsight.core.types import Value
from shelfsight.search.atoms import Vocabulary, parse
from shelfsight.stores import create_store

PICTURES_ONLY = (change("a", [(1, 0, 0)]), change("b", [(0, 1, 0)]))

_FASHION: tuple[tuple[str, ...], ...] = (
    ("Men", "Apparel", "Topwear", "Tshirts", "Blue", "Summer", "Casual", "Puma"),
    ("Women", "Apparel", "Topwear", "Tshirts", "Navy Blue", "Summer", "Casual", "Red Tape"),
    ("Men", "Apparel", "Topwear", "Shirts", "White", "Fall", "Formal", "Arrow"),
    ("Women", "Apparel", "Topwear", "Kurtas", "Off White", "Summer", "Ethnic", "Fabindia"),
    ("Women", "Apparel", "Dress", "Dresses", "Red", "Summer", "Party", "Fabindia"),
    ("Men", "Footwear", "Shoes", "Casual Shoes", "Brown", "Fall", "Casual", "Red Tape"),
    ("Men", "Footwear", "Shoes", "Sports Shoes", "Grey", "Fall", "Sports", "Puma"),
    ("Men", "Footwear", "Shoes", "Formal Shoes", "Black", "Winter", "Formal", "Red Tape"),
    ("Women", "Footwear", "Shoes", "Heels", "Black", "Winter", "Casual", "Catwalk"),
    ("Women", "Footwear", "Shoes", "Flats", "Gold", "Winter", "Casual", "Catwalk"),
    ("Women", "Accessories", "Bags", "Handbags", "Black", "Summer", "Casual", "Catwalk"),
    ("Women", "Accessories", "Watches", "Watches", "Silver", "Winter", "Casual", "Titan"),
    ("Girls", "Apparel", "Topwear", "Tops", "Orange", "Summer", "Casual", "Puma"),
    ("Boys", "Apparel", "Topwear", "Sweatshirts", "Grey Melange", "Winter", "Casual", "Puma"),
    ("Unisex", "Accessories", "Eyewear", "Sunglasses", "Turquoise Blue", "Winter", "Casual", "NA"),
    ("Women", "Accessories", "Jewellery", "Necklace and Chains", "Gold", "Winter", "Casual", "Titan"),
    ("Men", "Apparel", "Bottomwear", "Trousers", "Khaki", "Fall", "Formal", "Arrow"),
    ("Women", "Personal Care", "Fragrance", "Perfume and Body Mist", "NA", "Spring", "NA", "Titan"),
)
_FIELDS = ("gender", "category", "sub_category", "article_type", "colour", "season", "usage", "brand")
FASHION = tuple(
    change(f"f{n}", [(1, n, 0)], year=2010 + n % 8, **dict(zip(_FIELDS, values, strict=True)))
    for n, values in enumerate(_FASHION)
)

_SPORTSWEAR: tuple[tuple[Value, ...], ...] = (
    (52, "Men/Tops/Hoodies & Sweatshirts", "Black", "Wool", "Color-Blocked", "Cool, Indoor", True, "M"),
    (48, "Women/Tops/Hoodies & Sweatshirts", "Gray", "Cotton, Polyester", "Solid", "Cool, Spring", False, "S"),
    (29, "Men/Tops/Tees", "Blue", "Organic Cotton", "Solid", "Indoor, Warm", True, "XL"),
    (24.5, "Women/Tops/Tees", "White", "Cotton", "Striped", "Hot, Warm", True, "S"),
    (35, "Women/Tops/Bras & Tanks", "Purple", "Nylon, Spandex", "Solid", "Hot", True, "M"),
    (75, "Women/Bottoms/Pants", "Black", "Fleece", "Solid", "Cold, Windy", False, "L"),
    (32, "Men/Bottoms/Shorts", "Red", "Polyester", "Graphic Print", "All-weather", True, "L"),
    (92, "Gear/Watches", "", "Leather", "", "", True, ""),
    (45, "Gear/Bags", "", "Nylon", "", "", True, ""),
)
_SPORT_FIELDS = ("price", "category", "colour", "material", "pattern", "climate", "in_stock", "size")
SPORTSWEAR = tuple(
    change(
        f"s{n}", [(1, 0, n)], description=f"{n}: a long description that nobody wants to search by its words, at all",
        waterproof=n == 8, **dict(zip(_SPORT_FIELDS, values, strict=True)),
    )
    for n, values in enumerate(_SPORTSWEAR)
)  # fmt: skip

SHELVES: dict[str, Sequence[Change]] = {"pictures": PICTURES_ONLY, "fashion": FASHION, "sportswear": SPORTSWEAR}


@cache
def vocabulary(shelf: str) -> Vocabulary:
    """The words of one of :data:`SHELVES`, as a real store counts them."""
    with TemporaryDirectory() as folder:
        store = create_store(Path(folder) / shelf, kind="exact", encoder=ColourEncoder().spec)
        store.commit(SHELVES[shelf])
        words = Vocabulary.of(store.snapshot())
        store.close()
    return words


def read(shelf: str, query: str) -> tuple[Atom, ...]:
    """The atoms of a query in the words of a shelf."""
    return parse(query, vocabulary(shelf))
