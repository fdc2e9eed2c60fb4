"""``rules.toml``: what it says, and what is said of it where it is wrong."""

from datetime import date

import pytest

from shelfsight.core.errors import UsageError
from shelfsight.core.filters import parse
from shelfsight.core.rules import NO_RULES, Boost, Bury, Fresh, Hide, Pin, Rules, Scope, Synonyms
from shelfsight.search.rules import read_rules

WHOLE = """
# What we sell this summer.
[[synonyms]]
words = ["sofa", "couch", "settee"]

[[synonyms]]
word = "trainers"
means = ["running shoes", "sneakers"]

[[pin]]
name = "summer campaign"
query = "red dress"
ids = ["sku-71", "sku-12"]
position = 2
from = 2025-06-01
until = 2025-08-31

[[hide]]
ids = ["sku-9"]
filter = 'brand == "Acme"'

[[boost]]
containing = ["shoes", "boots"]
filter = "margin > 0.4"
factor = 2

[[fresh]]
field = "added"
half_life = 30
factor = 1.5

[[last]]
name = "sold out"
filter = "stock == 0"
"""


def test_a_whole_file() -> None:
    summer = Scope(queries=("red dress",), start=date(2025, 6, 1), end=date(2025, 8, 31))
    sofas = ("sofa", "couch", "settee")
    assert read_rules(WHOLE) == Rules(
        synonyms=(
            Synonyms(label="synonyms 1", line=3, words=sofas, others=sofas),
            Synonyms(label="synonyms 2", line=6, words=("trainers",), others=("running shoes", "sneakers")),
        ),
        pins=(
            Pin(
                label="summer campaign",
                name="summer campaign",
                line=10,
                scope=summer,
                ids=("sku-71", "sku-12"),
                position=2,
            ),
        ),
        hides=(Hide(label="hide 1", line=18, ids=("sku-9",), filter=parse('brand == "Acme"')),),
        boosts=(
            Boost(
                label="boost 1",
                line=22,
                scope=Scope(containing=("shoes", "boots")),
                filter=parse("margin > 0.4"),
                condition="margin > 0.4",
                factor=2.0,
            ),
        ),
        fresh=(Fresh(label="fresh 1", line=27, field="added", half_life=30.0, factor=1.5),),
        buries=(Bury(label="sold out", name="sold out", line=32, filter=parse("stock == 0"), condition="stock == 0"),),
    )


def test_rules_are_listed_in_the_order_of_the_file() -> None:
    assert [rule.line for rule in read_rules(WHOLE).all] == [3, 6, 10, 18, 22, 27, 32]
    assert read_rules("# nothing yet\n") == NO_RULES


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[[pin]\n", "rules is no TOML: ", "texts stand in quotes"),
        ("[[boots]]\n", "rules: there are no rules of the kind 'boots'", "did you mean [[boost]]?"),
        ("[last]\nfilter='a == 1'", "rules: last is no list of rules", "begin each with [[last]]"),
        (
            '\n[[last]]\nfilter = "a == 1"\n\n[[last]]\nfiltre = "a == 1"\nfilter = "b == 1"',
            "rules, line 5: last 2 has the unknown key 'filtre'",
            "did you mean filter?",
        ),
        (
            '[[boost]]\nname = "ours"\nfilter = "brand = 1"\nfactor = 2',
            "boost 1 ('ours') has a bad filter: = is no comparison at position 6 of filter 'brand = 1'",
            "did you mean == ?",
        ),
        ('[[boost]]\nfilter = "a == 1"', "boost 1 says no factor", "from 0.1 to 10"),
        ('[[boost]]\nfilter = "a == 1"\nfaktor = 2', "boost 1 has the unknown key", "mean factor?"),
        (f'[[boost]]\nfilter = "a == 1"\nfactor = {"1" * 5000}', "rules is no TOML: ", "texts stand in quotes"),
        (f"[[boost]]\nfilter = {'[' * 5000}", "rules is no TOML: ", "texts stand in quotes"),
        ('[[boost]]\nfilter = "a == 1"\nfactor = 11', "boost 1 has factor = 11", "from 0.1 to 10"),
        ('[[boost]]\nfilter = "a == 1"\nfactor = true', "boost 1 has factor = True", "from 0.1 to 10"),
        ("[[boost]]\nfactor = 2", "boost 1 says no filter", "such as"),
        ("[[fresh]]\nfactor = 2\nhalf_life = 3", "fresh 1 says no field", "such as"),
        ('[[fresh]]\nfield = "d"\nfactor = 2', "fresh 1 says no half_life", "a number"),
        ('[[pin]]\nids = ["a"]', "pin 1 does not say for which query", "red dress"),
        ('[[pin]]\nquery = "a"', "pin 1 says no ids", "such as"),
        ('[[pin]]\nquery = "a"\nids = ["b"]\nposition = 0', "pin 1 has position = 0", "1 to 100"),
        ('[[pin]]\nquery = "a"\nids = ["b"]\nposition = 1.5', "pin 1 has position = 1.5", "whole"),
        ('[[pin]]\nquery = " "\nids = ["b"]', "pin 1 has query = ' ', which is no list", "write"),
        ("[[hide]]\n", "hide 1 says neither ids nor filter", "such as"),
        ("[[hide]]\nids = [7]", "hide 1 has ids = [7], which is no list of texts", "write"),
        (
            '[[hide]]\nids = ["a"]\nuntil = "2025-01-01"',
            "hide 1 has until = '2025-01-01', which is no day",
            "without quotes",
        ),
        (
            '[[hide]]\nids = ["a"]\nfrom = 2025-02-01\nuntil = 2025-01-01',
            "hide 1 ends on 2025-01-01, before it begins on 2025-02-01",
            None,
        ),
        (
            '[[hide]]\nids = ["a"]\nfrom = 2025-02-01T10:00:00',
            "hide 1 has from = 2025-02-01 10:00:00, which is no day",
            "without quotes",
        ),
        ('[[synonyms]]\nwords = ["a"]', "synonyms 1 has one word only", "couch"),
        ('[[synonyms]]\nword = "a"', "synonyms 1 says neither words nor word and means", "sneakers"),
        (
            '[[synonyms]]\nwords = ["a", "b"]\nquery = "c"',
            "synonyms 1 has the unknown key 'query'",
            "synonyms has: name",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, message: str, hint: str | None) -> None:
    place = "" if message.startswith("rules") else "rules, line 1: "
    with pytest.raises(UsageError) as refused:
        read_rules(text)
    assert refused.value.message.startswith(place + message)
    assert refused.value.hint == hint if hint is None else hint in (refused.value.hint or "")


def test_errors_call_the_file_by_its_name() -> None:
    with pytest.raises(UsageError, match=r"^/shop/rules\.toml, line 2: hide 1 says neither"):
        read_rules("\n[[hide]]", "/shop/rules.toml")
