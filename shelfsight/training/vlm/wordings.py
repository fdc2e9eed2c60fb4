"""The words of the lessons, as data."""

import re

from shelfsight.training.words import names_of

__all__ = [
    "CANNOT_TELL",
    "CAPTIONS",
    "NUMBERS",
    "OPEN",
    "PATTERNS",
    "SENTENCES",
    "UNSEEN",
    "UNSEEN_YES_NO",
    "WEARERS",
    "answer_word",
    "pattern_of",
]

CANNOT_TELL = "cannot tell"
NUMBERS = ("one", "two", "three", "four")

CAPTIONS = (
    "Describe this picture in one sentence.",
    "Describe the product.",
    "What does this picture show?",
    "Describe this picture.",
)

OPEN: dict[str, tuple[str, ...]] = {
    "type": ("What is it?", "What is this?", "What kind of product is it?", "What product is this?"),
    "colour": ("Which colour is it?", "What colour is it?", "What color is it?", "Which colour does it have?"),
    "gender": ("For whom is it?", "Who is it for?", "Who is it made for?", "Who would wear it?"),
    "pattern": ("Which pattern does it have?", "What pattern is it?", "Which pattern?", "What is the pattern?"),
    "usage": ("What is it used for?", "For which occasion is it?", "What is the style?"),
    "count": ("How many products does this picture show?", "How many are there?", "How many products are there?"),
}

UNSEEN = (
    "What does it cost?",
    "How much is it?",
    "What is the price?",
    "Which size is it?",
    "What size is it?",
    "Where was it made?",
    "Who made it?",
    "Which brand is it?",
    "What brand is it?",
    "Who designed it?",
    "How heavy is it?",
    "How much does it weigh?",
    "What does it smell like?",
    "Is it in stock?",
    "How long is the warranty?",
    "When was it made?",
    "How old is it?",
    "Can it be returned?",
    "How do I wash it?",
    "Is it machine washable?",
    "Is it waterproof?",
    "What is it made of?",
    "Which material is it?",
    "Is it comfortable?",
    "How many were sold?",
    "When will it be delivered?",
    "Is it on sale?",
    "What is inside?",
    "Who is wearing it?",
    "Is it new or used?",
)

UNSEEN_YES_NO = (
    "waterproof",
    "in stock",
    "on sale",
    "machine washable",
    "comfortable",
    "organic",
    "made in italy",
    "handmade",
    "durable",
    "cheap",
    "expensive",
    "vegan",
    "fair trade",
    "scented",
    "second hand",
    "refundable",
    "bestselling",
    "certified",
    "hypoallergenic",
    "recycled",
)

SENTENCES = (
    "a {}",
    "some {}",
    "{} to buy",
    "a nice {}",
    "{} that I could order",
    "one {}",
    "the {}",
    "{} from this shop",
)

WEARERS: dict[str, tuple[str, ...]] = {
    "men": ("men", "men", "a man"),
    "women": ("women", "women", "ladies", "a woman"),
    "boys": ("boys", "a boy"),
    "girls": ("girls", "a girl"),
    "unisex": ("everyone", "men and women"),
}

PATTERNS = ("striped", "checked", "printed", "solid", "floral", "polka dot")
_PATTERN_WORDS = {
    "striped": r"strip(?:e|es|ed)\b",
    "checked": r"check(?:s|ed)?\b|plaid",
    "floral": r"floral|flower",
    "polka dot": r"polka|dotted",
    "printed": r"print(?:ed|s)?\b",
    "solid": r"\bsolid\b|\bplain\b",
}
_PATTERN = re.compile(
    "|".join(f"(?P<{name.replace(' ', '_')}>{words})" for name, words in _PATTERN_WORDS.items()), re.I
)


def pattern_of(title: str) -> str | None:
    """The pattern that a title names, if any."""
    found = _PATTERN.search(title)
    return None if found is None or found.lastgroup is None else found.lastgroup.replace("_", " ")


def answer_word(field: str, value: str) -> str:
    """The one word that an answer gives for a value: a type's first name, any other value itself."""
    return names_of(value)[0] if field == "type" else value
