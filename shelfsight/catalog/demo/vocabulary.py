"""The shop's words as data: colours, brands, and what each kind may be made of, printed with, shaped like and cost."""

from dataclasses import dataclass

Channels = tuple[int, int, int]

COLOURS: dict[str, Channels] = {
    "black": (30, 30, 33), "white": (240, 239, 235), "grey": (137, 140, 144), "red": (196, 28, 38),
    "orange": (238, 120, 28), "yellow": (246, 202, 44), "green": (42, 122, 64), "blue": (48, 116, 208),
    "navy blue": (28, 40, 88), "purple": (112, 54, 146), "pink": (242, 146, 174), "brown": (110, 68, 40),
    "beige": (217, 194, 158),
}  # fmt: skip

ACCENTS: dict[str, tuple[str, ...]] = {
    "black": ("white", "beige", "pink"), "white": ("navy blue", "black", "red", "blue"), "grey": ("white", "black"),
    "red": ("white", "black", "beige"), "orange": ("white", "brown"), "yellow": ("white", "navy blue"),
    "green": ("white", "white", "beige"), "blue": ("white", "navy blue"), "navy blue": ("white", "pink", "beige"),
    "purple": ("white", "pink"), "pink": ("white", "purple", "red"), "brown": ("beige", "white"),
    "beige": ("brown", "white", "navy blue"),
}  # fmt: skip

BRANDS: dict[str, tuple[str, ...]] = {
    "clothing": ("Ostrevale", "Kindlemoor", "Tarnwick & Rue", "Velorindo", "Quarrindale", "Brannickstow"),
    "footwear": ("Pacelark", "Strydmoor", "Hestrandal", "Gravenlark"),
    "bags": ("Solmarrow", "Fernholt & Daw", "Carrowmint"),
    "accessories": ("Tickenhurst", "Lumberow", "Ellowisp"),
    "home": ("Hearthelm", "Nookvale", "Oakenlund", "Clayburrow"),
}
GENERAL = ("cotton", "linen")
ALL = tuple(COLOURS)
CLOTH_PATTERNS = ("plain", "plain", "striped", "checked", "polka dot", "floral")


@dataclass(frozen=True)
class Kind:
    """`forms`: choices of shape, by name. `title`: the shop's words, filled from `forms`. `price`: lowest, highest.

    `stands` is whether it stands on a floor (when false it lies or hangs); `scenes` are the busy places it may be in.
    """

    name: str
    category: str
    trade: str
    colours: tuple[str, ...]
    patterns: tuple[str, ...]
    materials: dict[str, str]
    forms: dict[str, tuple[str, ...]]
    title: str
    price: tuple[float, float]
    stands: bool = False
    scenes: tuple[str, ...] = ("flat_lay",)
    scale: float = 1.0


# Some shapes are only made of one thing: (kind, form, choice) -> material, texture.
MATERIAL_OF_FORM: dict[tuple[str, str, str], tuple[str, str]] = {
    ("hat", "style", "sun hat"): ("straw", "straw"), ("hat", "style", "bucket hat"): ("cotton", "cotton"),
    ("hat", "style", "beanie hat"): ("wool", "knit"), ("hat", "style", "fedora hat"): ("wool felt", "felt"),
    ("chair", "style", "wooden chair"): ("wood", "wood"), ("lamp", "style", "pendant lamp"): ("metal", "smooth"),
    ("lamp", "style", "desk lamp"): ("metal", "smooth"),
}  # fmt: skip

# What a pattern cannot be printed on: (kind, form or "material") -> choices that come plain only.
PLAIN_ONLY: dict[tuple[str, str], tuple[str, ...]] = {
    ("chair", "style"): ("wooden chair",), ("lamp", "style"): ("pendant lamp", "desk lamp"),
    ("hat", "style"): ("beanie hat", "sun hat"), ("handbag", "material"): ("leather", "suede"), ("sofa",
    "material"): ("leather",),
}  # fmt: skip

# Materials that come in some colours only, and plain.
DENIM_COLOURS = ("blue", "navy blue", "black", "grey", "white")

_LEATHER_TONES = ("black", "brown", "beige", "red", "navy blue", "green", "white", "grey")
_HOME = ("table", "shelf")

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "dress", "Women/Dresses", "clothing", ALL, (*CLOTH_PATTERNS, "floral"),
            {"cotton": "cotton", "viscose": "viscose", "linen": "linen"},
            {"length": ("mini", "midi", "maxi"), "sleeve": ("sleeveless", "short-sleeved", "long-sleeved",
            "puff-sleeved"),
             "neck": ("round", "v", "square", "strap"), "cut": ("A-line", "A-line", "full", "fitted"),
             "waist": ("seam", "belted", "tie")},
            "{sleeve} {pattern} {material} {length} dress", (39, 149), scenes=("flat_lay", "wardrobe"), scale=1.05,
        ),
        Kind(
            "skirt", "Women/Skirts", "clothing", ALL, CLOTH_PATTERNS,
            {"cotton": "cotton", "linen": "linen", "wool": "wool", "denim": "denim"},
            {"length": ("mini", "midi", "maxi"), "cut": ("A-line", "pleated", "pencil"), "front": ("plain", "plain",
            "buttoned")},
            "{pattern} {material} {cut} {length} skirt", (29, 99), scale=1.12,
        ),
        Kind(
            "shirt", "Men/Shirts", "clothing", ALL, ("plain", "striped", "checked", "polka dot", "floral"),
            {"cotton": "cotton", "linen": "linen", "flannel": "wool"},
            {"sleeve": ("long", "long", "short"), "pocket": ("pocket", "none")},
            "{pattern} {material} shirt with {sleeve} sleeves", (29, 89), scenes=("flat_lay", "wardrobe"), scale=1.22,
        ),
        Kind(
            "t-shirt", "Men/T-shirts", "clothing", ALL, ("plain", "plain", "striped", "polka dot", "floral"),
            {"cotton": "cotton", "jersey": "jersey"},
            {"sleeve": ("short", "short", "long"), "neck": ("crew", "crew", "v")},
            "{pattern} {material} {neck}-neck t-shirt", (12, 39), scenes=("flat_lay", "wardrobe"), scale=1.26,
        ),
        Kind(
            "sweater", "Women/Knitwear", "clothing", ALL, ("plain", "plain", "striped", "checked"),
            {"wool": "knit", "cotton": "knit", "cashmere": "knit"},
            {"neck": ("crew", "v", "roll"), "front": ("sweater", "sweater", "cardigan sweater")},
            "{pattern} {material} {neck}-neck {front}", (45, 159), scenes=("flat_lay", "wardrobe"), scale=1.2,
        ),
        Kind(
            "trousers", "Men/Trousers", "clothing", ("black", "grey", "beige", "navy blue", "brown", "green", "blue",
            "white", "red"),
            ("plain", "plain", "plain", "checked", "striped"),
            {"cotton": "cotton", "wool": "wool", "linen": "linen", "denim": "denim"},
            {"cut": ("slim", "straight", "wide-leg", "tapered"), "front": ("flat", "pleated")},
            "{cut} {pattern} {material} trousers", (39, 129), scale=1.08,
        ),
        Kind(
            "shorts", "Men/Shorts", "clothing", ALL, ("plain", "plain", "striped", "checked", "floral"),
            {"cotton": "cotton", "linen": "linen", "denim": "denim"}, {"waist": ("drawstring", "buttoned")},
            "{pattern} {material} shorts", (19, 59), scale=1.35,
        ),
        Kind(
            "running shoe", "Sport/Running shoes", "footwear", ALL, ("plain",), {"mesh": "mesh", "knit": "mesh"},
            {"mark": ("bars", "wave", "chevron"), "sole": ("cushioned", "cushioned", "flat")},
            "{sole} {material} running shoe", (59, 169), stands=True, scale=1.04, scenes=("table", "shelf", "room",
            "street"),
        ),
        Kind(
            "boot", "Women/Boots", "footwear", _LEATHER_TONES, ("plain",), {"leather": "leather", "suede": "suede"},
            {"height": ("ankle", "mid-calf", "knee-high"), "style": ("laced", "Chelsea", "zipped"), "heel": ("flat",
            "block heel")},
            "{style} {material} {height} boot", (79, 239), stands=True, scenes=("table", "shelf", "room", "street"),
        ),
        Kind(
            "high heel", "Women/Heels", "footwear", ("black", "red", "pink", "beige", "navy blue", "white", "purple",
            "green", "blue"),
            ("plain",), {"leather": "leather", "suede": "suede"},
            {"heel": ("stiletto", "block"), "style": ("classic", "ankle-strap", "bow")},
            "{style} {material} high heel", (59, 189), stands=True, scale=1.1, scenes=("table", "shelf", "room",
            "street"),
        ),
        Kind(
            "handbag", "Women/Handbags", "bags", (*_LEATHER_TONES, "pink", "yellow", "blue", "orange"),
            ("plain", "plain", "plain", "striped", "checked"), {"leather": "leather", "suede": "suede",
            "canvas": "canvas"},
            {"style": ("tote", "satchel", "bucket", "crossbody")},
            "{pattern} {material} {style} handbag", (49, 289), stands=True, scenes=("table", "shelf", "room",
            "street"),
        ),
        Kind(
            "backpack", "Bags/Backpacks", "bags", ALL, ("plain", "plain", "plain", "floral", "polka dot", "checked"),
            {"nylon": "nylon", "canvas": "canvas"}, {"front": ("pocket", "pocket", "flap")},
            "{pattern} {material} backpack", (39, 149), stands=True, scenes=("table", "shelf", "room", "street"),
        ),
        Kind(
            "hat", "Accessories/Hats", "accessories", ALL, ("plain", "plain", "plain", "striped", "checked"),
            {"wool felt": "felt", "wool": "wool"},
            {"style": ("fedora hat", "sun hat", "bucket hat", "beanie hat"), "top": ("round", "bobble")},
            "{pattern} {material} {style}", (19, 89), scale=1.12, stands=True, scenes=("table", "shelf", "room"),
        ),
        Kind(
            "cap", "Accessories/Caps", "accessories", ALL, ("plain", "plain", "plain", "checked", "floral"),
            {"cotton": "cotton", "canvas": "canvas"}, {}, "{pattern} {material} cap", (15, 39), stands=True,
            scale=1.12,
            scenes=("table", "shelf", "street"),
        ),
        Kind(
            "watch", "Accessories/Watches", "accessories", ("black", "brown", "navy blue", "red", "beige", "green",
            "white", "grey", "blue", "pink"),
            ("plain",), {"leather": "leather", "silicone": "smooth"},
            {"case": ("round", "round", "square"), "dial": ("white dial", "black dial")},
            "{case} watch with {dial} and {material} strap", (59, 349), scale=1.08,
        ),
        Kind(
            "sunglasses", "Accessories/Sunglasses", "accessories", ("black", "brown", "red", "white", "blue", "pink",
            "green", "yellow", "purple", "orange"),
            ("plain",), {"acetate": "smooth"}, {"style": ("round", "square", "cat-eye", "aviator")},
            "{style} {material} sunglasses", (25, 159), scale=1.15,
        ),
        Kind(
            "mug", "Home/Mugs", "home", ALL, ("plain", "plain", "striped", "polka dot", "floral"),
            {"stoneware": "smooth", "porcelain": "smooth"},
            {"style": ("classic", "tapered", "tall", "rounded"), "glaze": ("glossy", "glossy", "matt")},
            "{pattern} {style} {material} mug", (8, 29), stands=True, scale=1.15, scenes=_HOME,
        ),
        Kind(
            "lamp", "Home/Lamps", "home", ALL, ("plain", "plain", "plain", "striped", "floral"),
            {"linen": "linen", "cotton": "cotton"},
            {"style": ("table lamp", "table lamp", "floor lamp", "pendant lamp", "desk lamp"), "base": ("ceramic",
            "tripod", "metal")},
            "{pattern} {style}", (35, 219), stands=True, scenes=("table", "shelf", "room"),
        ),
        Kind(
            "chair", "Home/Chairs", "home", ALL, ("plain", "plain", "plain", "striped", "checked"),
            {"velvet": "velvet", "linen": "linen", "wool": "wool"},
            {"style": ("dining chair", "armchair", "office chair", "wooden chair"), "back": ("buttoned", "smooth")},
            "{pattern} {material} {style}", (79, 499), stands=True, scenes=("room",),
        ),
        Kind(
            "sofa", "Home/Sofas", "home", ALL, ("plain", "plain", "plain", "striped", "checked", "floral"),
            {"velvet": "velvet", "linen": "linen", "leather": "leather"},
            {"seats": ("two-seater", "three-seater"), "arms": ("rounded", "square"), "back": ("smooth", "smooth",
            "buttoned")},
            "{pattern} {material} {seats} sofa", (399, 1899), stands=True, scale=1.16, scenes=("room",),
        ),
    )
}  # fmt: skip
