"""Realistic queries and the atoms they are read as, over three catalogues that know other words."""

from itertools import pairwise

import pytest
from atom_shelves import read

from shelfsight.core.atoms import Atom
from shelfsight.core.filters import parse as parse_filter


def written(atom: Atom) -> str:
    """An atom on one line: what it is, how it reads, ``[field = value]``, ``<filter>``."""
    parts = [f"{'wearer' if atom.subject == 'wearer' else atom.kind}: {atom.text}"]
    if atom.field is not None:
        parts.append(f"[{atom.field} = {atom.value}]")
    if atom.kind == "limit":
        parts.append(f"<{atom.filter}>")
    return " ".join(parts)


PICTURES: list[tuple[str, list[str]]] = [
    ("red shoes", ["attribute: red", "kind: shoes"]),
    ("navy blue shirt", ["attribute: navy blue", "kind: shirt"]),
    ("navy shirt", ["attribute: navy blue", "kind: shirt"]),
    ("red and white striped shirt", ["attribute: red", "attribute: white", "attribute: striped", "kind: shirt"]),
    (
        "black leather handbag for women without logo under 100",
        [
            "attribute: black",
            "attribute: leather",
            "kind: handbag",
            "wearer: women",
            "other: not logo",
            "limit: under 100 <None>",
        ],
    ),
    (
        "I am looking for red shoes without laces under 50",
        ["attribute: red", "kind: shoes", "other: not laces", "limit: under 50 <None>"],
    ),
    ("a pair of shoes", ["kind: shoes"]),
    ("two pairs of socks", ["count: two", "kind: socks"]),
    ("set of 3 mugs", ["count: three", "kind: mugs"]),
    ("3 pack of white socks", ["count: three", "attribute: white", "kind: socks"]),
    ("2 shirts", ["count: two", "kind: shirts"]),
    ("Nike Air Max 90", ["other: nike air max 90"]),
    ("levis 501 jeans", ["other: levis 501", "kind: jeans"]),
    ("rose gold watch", ["attribute: rose gold", "kind: watch"]),
    ("off-white T-Shirts", ["attribute: off white", "kind: t-shirts"]),
    ("Tshirts without stripes", ["kind: tshirts", "attribute: not striped"]),
    ("gray hoodies for kids", ["attribute: grey", "kind: hoodies", "wearer: kids"]),
    ("ladies' high heels", ["wearer: women", "kind: high heels"]),
    ("high heels", ["kind: high heels"]),
    ("sandals with heels", ["kind: sandals", "other: heels"]),
    ("shoes with no heels", ["kind: shoes", "other: not heels"]),
    ("no heels", ["other: not heels"]),
    ("dress without a belt", ["kind: dress", "other: not belt"]),
    ("no red t-shirts", ["attribute: not red", "kind: t-shirts"]),
    ("not a blue dress", ["attribute: not blue", "kind: dress"]),
    ("non-leather shoes", ["attribute: not leather", "kind: shoes"]),
    ("logo-free cap", ["other: not logo", "kind: cap"]),
    ('dress -floral -"polka dots"', ["kind: dress", "attribute: not floral", "attribute: not polka dot"]),
    ("shirts that are not blue", ["kind: shirts", "attribute: not blue"]),
    ("shoes except red or blue", ["kind: shoes", "attribute: not red", "attribute: not blue"]),
    ("bags except backpacks", ["kind: bags", "kind: not backpacks"]),
    ("anything but black", ["attribute: not black"]),
    (
        "sneakers not black, white or grey",
        ["kind: sneakers", "attribute: not black", "attribute: not white", "attribute: not grey"],
    ),
    ("t-shirt without logo and stripes", ["kind: t-shirt", "other: not logo", "attribute: not striped"]),
    ("shoes without red laces", ["kind: shoes", "other: not red laces"]),
    ("shirt with red collar and two pockets", ["kind: shirt", "other: red collar", "other: two pockets"]),
    ("jacket with a hood but not black", ["kind: jacket", "other: hood", "attribute: not black"]),
    ("boots, not for men", ["kind: boots", "wearer: not men"]),
    ("please show me something blue for my wife", ["attribute: blue", "wearer: women"]),
    ("wooden chair", ["attribute: wooden", "kind: chair"]),
    ("polka dot dress with long sleeves", ["attribute: polka dot", "kind: dress", "attribute: long sleeves"]),
    ("orange juice", ["attribute: orange", "other: juice"]),
    ("orange dress", ["attribute: orange", "kind: dress"]),
    ("cheap bags", ["limit: cheap <None>", "kind: bags"]),
    ("in stock", ["limit: in stock <None>"]),
    ("size 42 boots", ["limit: size 42 <None>", "kind: boots"]),
    ("jeans from 2012", ["kind: jeans", "limit: from 2012 <None>"]),
    ("rating over 4", ["limit: rating over 4 <None>"]),
    ("bag with at least 4 pockets", ["kind: bag", "other: 4 pockets"]),
    (
        "Puma Men No. 1 Logo Blue Track Pants",
        ["other: puma", "wearer: men", "other: no", "other: 1", "other: logo", "attribute: blue", "kind: track pants"],
    ),
    (
        "Not Tonight Ladies Yellow T-shirt",
        ["other: not tonight", "wearer: women", "attribute: yellow", "kind: t-shirt"],
    ),
    ("robe bleue -été", ["kind: robe", "other: bleue", "other: not été"]),
    ("not only red shoes", ["attribute: red", "kind: shoes"]),
    ("I don't want leather jackets", ["attribute: not leather", "kind: jackets"]),
    ("neither red nor blue shoes", ["attribute: not red", "attribute: not blue", "kind: shoes"]),
    ("shirt w/o collar", ["kind: shirt", "other: not collar"]),
    ("shirt dress", ["kind: shirt dress"]),
    ("white sneakers (new)", ["attribute: white", "kind: sneakers", "other: new"]),
    ("lace dress", ["attribute: lace", "kind: dress"]),
    ("sans logo", ["other: not logo"]),
]
FASHION: list[tuple[str, list[str]]] = [
    ("red dress", ["attribute: red [colour = Red]", "kind: dress [article_type = Dresses]"]),
    ("t-shirts for men", ["kind: t-shirts [article_type = Tshirts]", "wearer: men [gender = Men]"]),
    ("tee shirts, navy", ["kind: tee shirts [article_type = Tshirts]", "attribute: navy blue [colour = Navy Blue]"]),
    ("shirt not white", ["kind: shirt [article_type = Shirts]", "attribute: not white [colour = White]"]),
    (
        "brown shoes for men",
        ["attribute: brown [colour = Brown]", "kind: shoes [sub_category = Shoes]", "wearer: men [gender = Men]"],
    ),
    ("casual shoes", ["kind: casual shoes [article_type = Casual Shoes]"]),
    ("heels for women", ["kind: heels [article_type = Heels]", "wearer: women [gender = Women]"]),
    ("flat shoes", ["kind: flat shoes [article_type = Flats]"]),
    ("sandals with heels", ["kind: sandals", "other: heels"]),
    ("orange top", ["attribute: orange [colour = Orange]", "kind: top [article_type = Tops]"]),
    (
        "I need brown formal shoes for men for a wedding",
        [
            "attribute: brown [colour = Brown]",
            "kind: formal shoes [article_type = Formal Shoes]",
            "wearer: men [gender = Men]",
            "other: wedding",
        ],
    ),
    (
        "puma sweatshirts for boys",
        [
            "attribute: puma [brand = Puma]",
            "kind: sweatshirts [article_type = Sweatshirts]",
            "wearer: boys [gender = Boys]",
        ],
    ),
    (
        "red tape shoes, not brown",
        [
            "attribute: red tape [brand = Red Tape]",
            "kind: shoes [sub_category = Shoes]",
            "attribute: not brown [colour = Brown]",
        ],
    ),
    ("handbags without black", ["kind: handbags [article_type = Handbags]", "attribute: not black [colour = Black]"]),
    ("no black handbags", ["attribute: not black [colour = Black]", "kind: handbags [article_type = Handbags]"]),
    (
        "watches for women, not silver",
        [
            "kind: watches [article_type = Watches]",
            "wearer: women [gender = Women]",
            "attribute: not silver [colour = Silver]",
        ],
    ),
    ("jewellery for her", ["kind: jewellery [sub_category = Jewellery]", "wearer: women [gender = Women]"]),
    ("necklaces", ["kind: necklaces [article_type = Necklace]"]),
    ("perfume for women", ["kind: perfume [article_type = Perfume]", "wearer: women [gender = Women]"]),
    ("ethnic wear for women", ["attribute: ethnic [usage = Ethnic]", "wearer: women [gender = Women]"]),
    (
        "summer dresses from 2012",
        [
            "attribute: summer [season = Summer]",
            "kind: dresses [article_type = Dresses]",
            "limit: from 2012 <year == 2012>",
        ],
    ),
    ("tshirts after 2013", ["kind: tshirts [article_type = Tshirts]", "limit: after 2013 <year > 2013>"]),
    (
        "shirts before 2012, not formal",
        [
            "kind: shirts [article_type = Shirts]",
            "limit: before 2012 <year < 2012>",
            "attribute: not formal [usage = Formal]",
        ],
    ),
    ("shirts under 50", ["kind: shirts [article_type = Shirts]", "limit: under 50 <None>"]),
    ("pants that are not khaki", ["kind: pants [article_type = Trousers]", "attribute: not khaki [colour = Khaki]"]),
    (
        "turquoise sunglasses",
        ["attribute: turquoise blue [colour = Turquoise Blue]", "kind: sunglasses [article_type = Sunglasses]"],
    ),
    ("golden flats", ["attribute: gold [colour = Gold]", "kind: flats [article_type = Flats]"]),
    (
        "grey melange sweatshirt",
        ["attribute: grey melange [colour = Grey Melange]", "kind: sweatshirt [article_type = Sweatshirts]"],
    ),
    ("kids tops", ["wearer: kids", "kind: tops [article_type = Tops]"]),
    ("off white kurta", ["attribute: off white [colour = Off White]", "kind: kurta [article_type = Kurtas]"]),
    (
        "shoes from 2011 to 2013",
        ["kind: shoes [sub_category = Shoes]", "limit: from 2011 to 2013 <year >= 2011 and year <= 2013>"],
    ),
    ("kurtas -ethnic", ["kind: kurtas [article_type = Kurtas]", "attribute: not ethnic [usage = Ethnic]"]),
]
SPORTSWEAR: list[tuple[str, list[str]]] = [
    ("hoodies for men", ["kind: hoodies [category = Hoodies]", "wearer: men [category = Men]"]),
    ("hoodies & sweatshirts", ["kind: hoodies & sweatshirts [category = Hoodies & Sweatshirts]"]),
    (
        "women's tops under 50",
        ["wearer: women [category = Women]", "kind: tops [category = Tops]", "limit: under 50 <price < 50>"],
    ),
    (
        "tees below $30 in stock",
        ["kind: tees [category = Tees]", "limit: below $30 <price < 30>", "limit: in stock <in_stock == true>"],
    ),
    (
        "cotton tees, not striped",
        [
            "attribute: cotton [material = Cotton]",
            "kind: tees [category = Tees]",
            "attribute: not striped [pattern = Striped]",
        ],
    ),
    ("striped t-shirt", ["attribute: striped [pattern = Striped]", "kind: t-shirt [category = Tees]"]),
    (
        "between 20 and 40 euros, men's shorts",
        [
            "limit: between 20 and 40 euros <price >= 20 and price <= 40>",
            "wearer: men [category = Men]",
            "kind: shorts [category = Shorts]",
        ],
    ),
    (
        "shorts from 20 to 40 dollars",
        ["kind: shorts [category = Shorts]", "limit: from 20 to 40 dollars <price >= 20 and price <= 40>"],
    ),
    ("pants cheaper than 80", ["kind: pants [category = Pants]", "limit: cheaper than 80 <price < 80>"]),
    ("pants not over 80", ["kind: pants [category = Pants]", "limit: not over 80 <price <= 80>"]),
    ("bags for $45", ["kind: bags [category = Bags]", "limit: $45 <price >= 36 and price <= 54>"]),
    ("watch around 90", ["kind: watch [category = Watches]", "limit: around 90 <price >= 72 and price <= 108>"]),
    ("bags 20-50 eur", ["kind: bags [category = Bags]", "limit: 20-50 eur <price >= 20 and price <= 50>"]),
    ("hoodie size xl", ["kind: hoodie [category = Hoodies]", 'limit: size xl <size == "XL">']),
    (
        "tee size m, max 30",
        ["kind: tee [category = Tees]", 'limit: size m <size == "M">', "limit: max 30 <price <= 30>"],
    ),
    (
        "tank tops that are not purple",
        ["kind: tank tops [category = Tanks]", "attribute: not purple [colour = Purple]"],
    ),
    (
        "color blocked hoodie",
        ["attribute: colour blocked [pattern = Color-Blocked]", "kind: hoodie [category = Hoodies]"],
    ),
    (
        "pants for cold weather",
        ["kind: pants [category = Pants]", "attribute: cold [climate = Cold]", "other: weather"],
    ),
    ("price over 40", ["limit: price over 40 <price > 40>"]),
    ("price <= 40", ["limit: price <= 40 <price <= 40>"]),
    ("30 or less tees", ["limit: 30 or less <price <= 30>", "kind: tees [category = Tees]"]),
    ("not in stock", ["limit: not in stock <in_stock == false>"]),
    ("out of stock shorts", ["limit: out of stock <in_stock == false>", "kind: shorts [category = Shorts]"]),
    ("waterproof bag", ["attribute: waterproof [waterproof = true]", "kind: bag [category = Bags]"]),
    ("bags that are not waterproof", ["kind: bags [category = Bags]", "attribute: not waterproof [waterproof = true]"]),
    (
        "leather watch at most 100",
        [
            "attribute: leather [material = Leather]",
            "kind: watch [category = Watches]",
            "limit: at most 100 <price <= 100>",
        ],
    ),
    ("gray hoodie", ["attribute: grey [colour = Gray]", "kind: hoodie [category = Hoodies]"]),
    ("anything but cotton", ["attribute: not cotton [material = Cotton]"]),
    (
        "tee for 1,299.50 usd",
        ["kind: tee [category = Tees]", "limit: 1,299.50 usd <price >= 1039.6 and price <= 1559.4>"],
    ),
    ("something warm", ["attribute: warm [climate = Warm]"]),
    (
        "available bags more than 20 usd",
        ["limit: available <in_stock == true>", "kind: bags [category = Bags]", "limit: more than 20 usd <price > 20>"],
    ),
]


@pytest.mark.parametrize(("query", "expected"), PICTURES)
def test_pictures_only(query: str, expected: list[str]) -> None:
    assert [written(atom) for atom in read("pictures", query)] == expected


@pytest.mark.parametrize(("query", "expected"), FASHION)
def test_fashion_shop(query: str, expected: list[str]) -> None:
    assert [written(atom) for atom in read("fashion", query)] == expected


@pytest.mark.parametrize(("query", "expected"), SPORTSWEAR)
def test_sportswear_shop(query: str, expected: list[str]) -> None:
    assert [written(atom) for atom in read("sportswear", query)] == expected


@pytest.mark.parametrize("shelf", ["pictures", "fashion", "sportswear"])
@pytest.mark.parametrize("query", [query for query, _ in (*PICTURES, *FASHION, *SPORTSWEAR)])
def test_atoms_stand_where_they_say_and_filters_parse(shelf: str, query: str) -> None:
    atoms = read(shelf, query)
    assert [atom.start for atom in atoms] == sorted(atom.start for atom in atoms)
    assert all(one.end <= other.start for one, other in pairwise(atoms))
    for atom in atoms:
        assert query[atom.start : atom.end].strip() == query[atom.start : atom.end] != ""
        assert atom.kind == "limit" or atom.filter is None
        if atom.filter is not None:
            parse_filter(atom.filter)
