"""The shop vocabulary of the phrases: which types are of one kind, and what people call them.

These tables are plain English, written by hand. They let one picture be found by several words for the same thing,
and tell which words from different catalogues mean the same.
"""

import re
from collections import Counter

__all__ = [
    "COLOUR_NAMES",
    "GENDER_NAMES",
    "NAMES",
    "SHARED_NAMES",
    "brand_of",
    "canonical_type",
    "kind_of",
    "names_of",
    "own_names",
    "plain",
    "singular",
]

KINDS: dict[str, tuple[str, ...]] = {
    "t shirts": ("tshirts", "lounge tshirts", "polo"),
    "long sleeves": ("longsleeve",),
    "shirts": ("shirts",),
    "tops": ("tops", "tunics", "blouse", "baby dolls", "shrug"),
    "tank tops": ("innerwear vests", "camisoles", "undershirt"),
    "bras": ("bra",),
    "hoodies": ("sweatshirts", "hoodie"),
    "sweaters": ("sweaters", "cardigan"),
    "jackets": ("jackets", "rain jacket", "outwear", "nehru jackets", "coats"),
    "blazers": ("blazers", "waistcoat"),
    "pants": (
        "trousers",
        "track pants",
        "lounge pants",
        "jeans",
        "pants",
        "leggings",
        "jeggings",
        "capris",
        "tights",
        "rain trousers",
    ),
    "shorts": ("shorts", "lounge shorts"),
    "skirts": ("skirts",),
    "dresses": ("dresses",),
    "shoes": ("casual shoes", "sports shoes", "formal shoes", "shoes", "flats", "heels"),
    "boots": ("booties", "boots"),
    "sandals": ("sandals", "flip flops", "sports sandals"),
    "bags": (
        "handbags",
        "backpacks",
        "clutches",
        "duffel bag",
        "laptop bag",
        "messenger bag",
        "rucksacks",
        "trolley bag",
        "bags",
        "tote bag",
        "tote",
    ),
    "hats": ("caps", "hat"),
    "watches": ("watches",),
    "jewellery": ("earrings", "pendant", "necklace and chains", "ring", "bangle", "bracelet", "jewellery set"),
    "perfumes": ("perfume and body mist", "deodorant", "fragrance gift set"),
    "ethnic wear": ("kurtas", "kurtis", "sarees", "kurta sets", "dupatta", "salwar", "churidar", "patiala"),
    "scarves": ("scarves", "stoles", "mufflers"),
    "underwear": ("briefs", "trunk", "boxers"),
    "nightwear": ("nightdress", "night suits", "bath robe", "robe"),
    "lip make-up": ("lipstick", "lip gloss", "lip liner", "lip care"),
}

_KIND_BY_TYPE = {member: kind for kind, members in KINDS.items() for member in members}

_CANONICAL = {
    "t shirt": "tshirts",
    "tee": "tshirts",
    "shirt": "shirts",
    "dress": "dresses",
    "skirt": "skirts",
    "top": "tops",
    "blazer": "blazers",
    "short": "shorts",
    "body": "bodysuit",
    "coat": "coats",
    "jacket": "jackets",
    "sweater": "sweaters",
    "jumper": "sweaters",
    "hoodies": "hoodie",
    "trouser": "trousers",
    "jean": "jeans",
    "shoe": "shoes",
    "sneaker": "casual shoes",
    "sneakers": "casual shoes",
    "trainers": "casual shoes",
    "heel": "heels",
    "high heel": "heels",
    "running shoe": "sports shoes",
    "running shoes": "sports shoes",
    "sandal": "sandals",
    "boot": "boots",
    "bag": "bags",
    "handbag": "handbags",
    "backpack": "backpacks",
    "hat": "hat",
    "cap": "caps",
    "watch": "watches",
    "scarf": "scarves",
    "belt": "belts",
    "tie": "ties",
    "sock": "socks",
    "wallet": "wallets",
}

NAMES: dict[str, tuple[str, ...]] = {
    "tshirts": ("t-shirt", "tshirt", "tee", "t shirt", "tees", "t-shirts", "tshirts"),
    "lounge tshirts": ("t-shirt", "lounge t-shirt", "tee"),
    "polo": ("polo shirt", "polo", "polo t-shirt"),
    "longsleeve": ("long sleeve", "long-sleeved top", "long sleeve t-shirt"),
    "sweatshirts": ("sweatshirt", "hoodie", "sweatshirts", "hooded sweatshirt", "hoodies & sweatshirts", "hoody"),
    "hoodie": ("hoodie", "hooded sweatshirt", "hoodies", "hoodies and sweatshirts", "sweatshirt"),
    "sweaters": ("sweater", "jumper", "pullover", "knit", "sweaters", "cardigan"),
    "jackets": ("jacket", "jackets", "coat"),
    "outwear": ("jacket", "coat", "outerwear", "jackets", "outwear"),
    "track pants": ("track pants", "pants", "joggers", "sweatpants", "tracksuit bottoms"),
    "lounge pants": ("lounge pants", "pants", "pyjama pants"),
    "trousers": ("trousers", "pants", "chinos", "slacks"),
    "jeans": ("jeans", "denim", "denim jeans", "pair of jeans"),
    "leggings": ("leggings", "tights", "yoga pants"),
    "capris": ("capris", "capri pants", "cropped pants"),
    "innerwear vests": ("vest", "tank top", "tank", "undershirt", "innerwear vest", "tanks", "sleeveless vest"),
    "undershirt": ("undershirt", "vest", "tank top", "sleeveless top"),
    "camisoles": ("camisole", "cami", "tank top", "tank", "camisoles"),
    "bra": ("bra", "bras", "brassiere"),
    "briefs": ("briefs", "underpants", "underwear"),
    "trunk": ("trunks", "trunk", "boxer briefs"),
    "casual shoes": ("casual shoes", "sneakers", "shoes", "casual shoe", "trainers"),
    "sports shoes": ("running shoe", "running shoes", "trainers", "sneakers", "shoes", "athletic shoes", "sports shoe"),
    "formal shoes": ("formal shoes", "dress shoes", "leather shoes", "shoes", "formal shoe", "oxfords"),
    "flats": ("flats", "ballerinas", "flat shoes", "ballet flats"),
    "heels": ("high heel", "high heels", "pumps", "heeled sandals", "stilettos"),
    "booties": ("boots", "ankle boots", "booties"),
    "flip flops": ("flip flops", "slippers", "thongs", "flip flop", "beach sandals"),
    "sandals": ("sandals", "sandal"),
    "handbags": ("handbag", "bag", "purse", "handbags", "shoulder bag", "ladies bag"),
    "backpacks": ("backpack", "rucksack", "bag", "backpacks", "school bag"),
    "rucksacks": ("rucksack", "backpack", "hiking backpack"),
    "clutches": ("clutch", "clutch bag", "evening bag", "clutches", "purse"),
    "duffel bag": ("duffel bag", "gym bag", "sports bag", "duffle bag", "bag"),
    "laptop bag": ("laptop bag", "briefcase", "bag"),
    "messenger bag": ("messenger bag", "shoulder bag", "bag"),
    "caps": ("cap", "baseball cap", "hat", "caps"),
    "hat": ("hat", "hats"),
    "sunglasses": ("sunglasses", "shades", "glasses", "pair of sunglasses", "sun glasses"),
    "watches": ("watch", "wristwatch", "watches", "wrist watch"),
    "perfume and body mist": ("perfume", "fragrance", "eau de toilette", "body mist", "cologne", "bottle of perfume"),
    "necklace and chains": ("necklace", "chain", "necklaces"),
    "wallets": ("wallet", "purse", "wallets"),
    "dresses": ("dress", "dresses", "gown", "frock"),
    "outerwear": ("outerwear", "jackets"),
    "body": ("bodysuit", "baby bodysuit"),
    "t shirts": ("t-shirts", "tees", "tshirts", "tops & tees"),
    "hoodies": ("hoodies", "hoodies & sweatshirts", "sweatshirts", "hoodies and sweatshirts"),
    "pants": ("pants", "bottoms", "trousers"),
    "tank tops": ("tanks", "tank tops", "vests", "sleeveless tops"),
    "bras": ("bras", "lingerie", "sports bras"),
    "shoes": ("shoes", "footwear", "pair of shoes", "shoe"),
    "boots": ("boots", "boot", "pair of boots"),
    "bags": ("bags", "bag"),
    "hats": ("hats", "caps", "headwear"),
    "jewellery": ("jewellery", "jewelry"),
    "perfumes": ("perfumes", "fragrances", "scent"),
    "underwear": ("underwear", "innerwear"),
    "nightwear": ("nightwear", "sleepwear", "pyjamas"),
    "lip make-up": ("lip make-up", "lip colour", "makeup"),
    "lipstick": ("lipstick", "lip colour", "lipsticks"),
    "sarees": ("saree", "sari", "sarees"),
    "kurtas": ("kurta", "kurtas"),
    "shirts": ("shirt", "shirts", "button-up shirt", "dress shirt"),
    "socks": ("socks", "pair of socks", "sock"),
    "sofa": ("sofa", "couch", "settee"),
    "mug": ("mug", "cup", "coffee mug"),
    "lamp": ("lamp", "table lamp", "light"),
    "trousers and jeans": ("trousers",),
}

_USES = Counter(word for words in NAMES.values() for word in words)

SHARED_NAMES = frozenset(word for word, uses in _USES.items() if uses > 2) | {
    word for kind in KINDS for word in NAMES.get(kind, ())
}
"""Words that a whole kind, or more than two types, go by: they say the kind, not the type."""

COLOUR_NAMES: dict[str, tuple[str, ...]] = {
    "grey": ("grey", "gray"),
    "navy blue": ("navy blue", "navy", "dark blue"),
    "off white": ("off white", "off-white", "ivory"),
    "charcoal": ("charcoal", "dark grey", "dark gray"),
    "gold": ("gold", "golden"),
    "silver": ("silver", "silver coloured"),
    "maroon": ("maroon", "dark red", "wine red"),
    "burgundy": ("burgundy", "wine red"),
    "lavender": ("lavender", "light purple"),
    "purple": ("purple", "violet"),
    "skin": ("skin", "nude", "skin coloured"),
    "turquoise blue": ("turquoise blue", "turquoise"),
    "grey melange": ("grey melange", "heather grey", "melange"),
    "coffee brown": ("coffee brown", "dark brown"),
    "olive": ("olive", "olive green"),
    "steel": ("steel", "metal"),
}

COLOUR_ALIASES = {"gray": "grey", "navy": "navy blue", "turquoise": "turquoise blue"}

GENDER_NAMES: dict[str, tuple[str, ...]] = {
    "men": ("men", "mens", "men's", "male", "for men"),
    "women": ("women", "womens", "women's", "ladies", "for women"),
    "boys": ("boys", "boy's", "kids", "for boys"),
    "girls": ("girls", "girl's", "kids", "for girls"),
    "unisex": ("unisex",),
}

_WEARER = re.compile(r"\b(?:men|women|unisex|boys?|girls?|kids?|infants?)(?:'?s)?\b", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s_\-/]+")


def plain(text: str) -> str:
    """Lower case, words parted by single spaces."""
    text = _SEPARATORS.sub(" ", text).strip().lower()
    return COLOUR_ALIASES.get(text, text)


def brand_of(title: str) -> str:
    """The brand, for titles of the form "BRAND [for] WEARER ...", which is how this shop writes them; else nothing."""
    found = _WEARER.search(title)
    return title[: found.start()].strip() if found else ""


def canonical_type(name: str) -> str:
    """One spelling for one type of thing, whichever catalogue names it."""
    name = plain(name)
    return _CANONICAL.get(name, name)


def kind_of(name: str) -> str:
    """The kind that a canonical type belongs to; a type of its own kind is its own name."""
    return _KIND_BY_TYPE.get(name, name)


def names_of(name: str) -> tuple[str, ...]:
    """What people call a type or kind: hand-written names, else the name itself and a guess at its singular."""
    return NAMES.get(name) or tuple(dict.fromkeys((name, singular(name))))


def own_names(name: str) -> tuple[str, ...]:
    """Names that nothing else goes by; at least the name itself."""
    return (name, *(word for word in NAMES.get(name, ()) if _USES[word] == 1 and word != name and word not in NAMES))


def singular(name: str) -> str:
    """A plain guess: ``ties`` gives ``tie``, ``dresses`` gives ``dress``; ``glass`` stays."""
    if name.endswith("sses"):
        return name[:-2]
    if name.endswith("s") and not name.endswith("ss"):
        return name[:-1]
    return name
