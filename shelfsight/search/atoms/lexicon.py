"""Plain English about products, as data: what the parser knows where a catalogue has no words of its own.

Each table is a name and its synonyms a line (``name: synonym, synonym``), or names alone parted by commas. Spelling is
free: plurals, hyphens and blanks do not count (:func:`~shelfsight.search.atoms.tokens.key_of`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from shelfsight.search.atoms.phrases import Phrases
from shelfsight.search.atoms.tokens import key_of, keys_of

__all__ = ["AVAILABLE", "CURRENCIES", "LEXICON", "LONGEST", "MEASURES", "NUMBERS", "SIZES", "Role", "Word", "canonical"]

Role = Literal["colour", "pattern", "material", "wearer", "look", "kind", "thing"]


@dataclass(frozen=True, slots=True)
class Word:
    """What a word or phrase is.

    Attributes:
        role: what it says of a product.
        name: the one name of all its synonyms.
        also_thing: of a kind, whether it is also a part of other products (heels, a belt).
    """

    role: Role
    name: str
    also_thing: bool = False


_COLOURS = """
black, white, blue, brown, red, green, pink, purple, beige, yellow, maroon, orange, olive, cream, steel, charcoal
peach, skin, lavender, khaki, magenta, teal, tan, bronze, mustard, copper, rust, burgundy, metallic, mauve, rose, nude
taupe, indigo, violet, coral, ivory, aqua, cyan, crimson, scarlet, fuchsia, mint, lilac, plum, camel, champagne, wine
grey: gray
silver: silver coloured, silver colored
gold: golden
navy blue: navy
off white: offwhite
grey melange: gray melange, heather grey, heather gray, melange
turquoise blue: turquoise
multi: multicolour, multicolor, multicoloured, multicolored, multi coloured, multi colored, colourful, colorful
coffee brown, mushroom brown, dark brown, light brown, chocolate brown, sea green, lime green, mint green, army green
fluorescent green: neon green
dark green, light green, bottle green, olive green, dark blue, light blue, sky blue, royal blue, baby blue, powder blue
dark grey: dark gray
light grey: light gray
rose gold, hot pink, light pink, baby pink, dark red, wine red, light purple, bright red, bright yellow, jet black
"""

_PATTERNS = """
striped: stripes, stripe, stripy, stripey, pinstripe, pinstriped
checked: checks, checkered, chequered, check, plaid, gingham
floral: flowers, flowery, flower print, floral print, flower pattern, floral pattern
polka dot: polka dotted, dotted, spotted, dots
printed: print, prints, patterned
solid: plain, solid colour, solid color, single coloured, unpatterned
graphic print: graphic
colour blocked: color blocked, colour block, color block
animal print: leopard print, zebra print, snake print
camouflage: camo, camouflage print
paisley, abstract, geometric, tie dye, herringbone, houndstooth, tartan, embroidered, two tone, logo print
"""

_MATERIALS = """
leather, cotton, silk, linen, denim, suede, velvet, nylon, polyester, canvas, fleece, cashmere, satin, chiffon
lace, mesh, rubber, plastic, metal, straw, fur, faux fur, faux leather, corduroy, spandex, lycra, viscose
rayon, tweed, patent leather, sterling silver, ceramic, glass, knit, hemp, organic cotton, jute, felt, pearl
wool: woollen, woolen
wooden: wood
stainless steel
"""

_WEARERS = """
men: man, male, mens, gents, gentlemen, guy, guys, him, husband, boyfriend, dad, father
women: woman, female, womens, lady, ladies, her, wife, girlfriend, mum, mom, mother
boys: boy
girls: girl
kids: kid, children, child, kidswear
babies: baby, infants, infant, toddlers, toddler, newborn
unisex: everyone
"""

_LOOKS = """
casual, formal, sporty, ethnic, elegant, vintage, retro, classic, modern, minimalist, shiny, glossy, matte, sheer
transparent, long, short, mini, midi, maxi, slim fit, slim, skinny, loose, baggy, oversized, fitted, tight, cropped
sleeveless, strapless, backless, hooded, padded, quilted, pleated, ripped, distressed, ruffled, belted, buttoned
long sleeved: long sleeve, full sleeved, full sleeve
short sleeved: short sleeve, half sleeved, half sleeve
v neck: v necked, v neckline
round neck: crew neck, crewneck
turtleneck: turtle neck, roll neck, polo neck
high top, low top, ankle length, knee length, full length, high waisted, wide leg, straight leg, flat, pointed
high heeled, open toe, open toed, closed toe, one shoulder, off shoulder, a line, wired, plus size, two piece
free size, one size
round, square, rectangular, oval, large, big, small, chunky, analog: analogue
digital, waterproof, smart casual
"""

_KINDS = """
t-shirt: tshirt, tee, tee shirt
polo shirt: polo t-shirt
shirt: button up shirt
dress: frock
trousers: pants, slacks
track pants: joggers, sweatpants, tracksuit bottoms, jogging pants
sweater: jumper, pullover
hoodie: hoody, hooded sweatshirt
tank top: tank
sneakers: trainers
sports shoes: athletic shoes
formal shoes: dress shoes
flip flops: flip flop, thongs
heels: high heels, stilettos
flats: flat shoes
handbag: hand bag, ladies bag
backpack: rucksack
clutch: clutch bag
duffel bag: duffle bag
suitcase: trolley bag
tote bag: tote
watch: wristwatch, wrist watch
sunglasses: shades, sun glasses
scarf: muffler
jewellery: jewelry
necklace: neckpiece
saree: sari
nightdress: nightgown, nightie
deodorant: deo
pyjamas: pajamas
underwear: innerwear
mug: coffee mug
sofa: couch, settee
swimsuit: swimwear, bathing suit
capris: capri
briefs: brief
sling bag: slingbag
nail polish: nail lacquer
perfume: eau de toilette, eau de parfum, cologne
gift set, fragrance gift set, jewellery set, kurta set, lounge pants, lounge shorts, lip liner, lip care, kajal
face pack, face wash, face moisturiser, highlighter, shoe accessories, jersey, eye pencil, lip balm, body lotion
floaters
top, blouse, tunic, sweatshirt, jacket, coat, blazer, waistcoat, cardigan, vest, jeans, shorts, skirt, leggings, tights
jeggings, chinos, kurta, kurti, dupatta, salwar, churidar, patiala, jumpsuit, romper, suit, tracksuit, gown
shoe, casual shoes, running shoes, boots, ankle boots, sandals, sports sandals, loafers, moccasins, slippers, ballerinas
pumps, wedges, bag, purse, wallet, laptop bag, messenger bag, shoulder bag, gym bag, school bag, pouch, waist pouch
cap, baseball cap, hat, beanie, gloves, sock, stockings, stole, tie, bow tie, suspenders, cufflinks, bra, sports bra
boxers, trunks, camisole, lingerie, shapewear, bathrobe, robe, night suit, glasses, earrings, pendant, ring
bangle, bracelet, chain, lipstick, lip gloss, mascara, eyeliner, eyeshadow, concealer, foundation
sunscreen, moisturiser: moisturizer
umbrella, water bottle, football, basketball, headband, wristband, chair, table, lamp, vase, cushion
rain jacket, bomber jacket, winter jacket, raincoat, parka, anorak, windbreaker, poncho
dumbbell, yoga mat, yoga strap, kettlebell, belt, phone case, key chain, footwear, clothing: clothes, apparel
accessories: accessory
outerwear, topwear, bottomwear, sleepwear, nightwear, loungewear, headwear, eyewear, knitwear, bottoms
"""

_THINGS = """
zip: zipper
laces: shoelaces, shoe laces
logo, heel, high heel, sleeve, hood, button, pocket, strap, shoulder strap
buckle, collar, belt, bow, ruffle, fringe, tassel, sequin, rhinestone, stud, bead, embroidery, handle, wheel, lining
drawstring, cuff, hem, slit, pleat, patch, text, writing, lettering, slogan, number, picture, flag, hole, fur trim
chain, velcro, sole, platform, pom pom, ear, brim, visor, frill, feather, glitter, label, tag, date, stone, diamond
wire, underwire, padding, neckline, back pocket, chest pocket, chest logo, front pocket, leather strap, metal strap
"""

CURRENCIES = frozenset("$€£¥₹₽₩") | keys_of("usd eur gbp inr chf dollar euro pound buck rupee rs quid")
"""Words and signs that make a number an amount of money, as keys."""

MEASURES: dict[str, str] = {  # keys
    **dict.fromkeys(("price", "cost", "budget", "priced", "costing", "spend"), "price"),
    **dict.fromkeys(("rating", "rated", "star", "review"), "rating"),
    **dict.fromkeys(("weight", "weighing", "kg", "kilo", "g", "gram", "lb"), "weight"),
    **dict.fromkeys(("length", "height", "width", "depth", "cm", "mm", "inch", "m", "meter", "metre"), "length"),
    **dict.fromkeys(("volume", "ml", "litre", "liter"), "volume"),
    **dict.fromkeys(("discount", "percent"), "discount"),
    **dict.fromkeys(("year",), "year"),
}
"""Words (as keys) that say of which quantity a number speaks."""

NUMBERS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "dozen": 12,
}  # fmt: skip
"""Number words that count products. ``one`` is no count: "a red one"."""

SIZES = keys_of("xxxs xxs xs s m l xl xxl xxxl 2xl 3xl 4xl small medium large")

AVAILABLE = Phrases.table(
    """
    stock: in stock, available, on stock
    no stock: out of stock, sold out, unavailable
    sale: on sale, discounted, reduced price, reduced
    """
)
"""What can be bought now, and what at a lower price."""


def _entries(table: str) -> Iterator[tuple[str, list[str]]]:
    for line in filter(None, map(str.strip, table.splitlines())):
        names, colon, synonyms = line.partition(":")
        *alone, name = (each.strip() for each in names.split(","))
        yield from ((each, []) for each in alone)
        yield name, [each.strip() for each in synonyms.split(",")] if colon else []


def _read() -> dict[str, Word]:
    tables: tuple[tuple[Role, str], ...] = (
        ("thing", _THINGS),
        ("kind", _KINDS),
        ("look", _LOOKS),
        ("wearer", _WEARERS),
        ("material", _MATERIALS),
        ("pattern", _PATTERNS),
        ("colour", _COLOURS),
    )
    found: dict[str, Word] = {}
    for role, table in tables:
        for name, synonyms in _entries(table):
            for each in (name, *synonyms):
                known = found.get(key_of(each))
                found[key_of(each)] = Word(role, name, role == "kind" and known is not None)
    return found


LEXICON: dict[str, Word] = _read()
"""Key -> word. Of a word in two tables the one of the later table counts, in the order of :func:`_read`."""

LONGEST = 4
"""Words of the longest phrase of the lexicon."""

_CANONICAL = {key: key_of(word.name) for key, word in LEXICON.items()}


def canonical(key: str) -> str:
    """The key that all synonyms of a word share; an unknown key is its own."""
    return _CANONICAL.get(key, key)
