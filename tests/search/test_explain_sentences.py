"""The sentence of an explanation: good English, and nothing in it that no claim supports."""

from dataclasses import replace
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfsight.core.atoms import Atom
from shelfsight.core.types import Claim, Evidence, Verdict
from shelfsight.search.explain.sentences import sentence

NOTHING = "Nothing the query asks for could be confirmed."


def kind(term: str, **fields: Any) -> Atom:
    return Atom(kind="kind", term=term, subject="kind", **fields)


def look(term: str, **fields: Any) -> Atom:
    return Atom(kind="attribute", term=term, subject="attribute", **fields)


def wearer(term: str, **fields: Any) -> Atom:
    return Atom(kind="attribute", term=term, subject="wearer", **fields)


def thing(term: str, **fields: Any) -> Atom:
    return Atom(kind="other", term=term, subject="other", **fields)


def count(term: str, **fields: Any) -> Atom:
    return Atom(kind="count", term=term, subject="count", **fields)


def limit(term: str) -> Atom:
    return Atom(kind="limit", term=term, filter="price < 50")


def likely(atom: Atom) -> tuple[Atom, Claim]:
    return atom, replace(judged(atom)[1], likely=True)


def judged(atom: Atom, verdict: Verdict = "yes", **evidence: Any) -> tuple[Atom, Claim]:
    claim = Claim(atom=atom.text, kind=atom.kind, verdict=verdict, probability=0.5, evidence=Evidence(**evidence))
    return atom, claim


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        (
            [
                judged(kind("running shoe")),
                judged(look("red")),
                judged(limit("under 50"), field="price", value=39.0),
                judged(look("waterproof"), "cannot tell"),
            ],
            "Shown because it is a running shoe and red, and costs 39 (under 50). Not confirmed: waterproof.",
        ),
        (
            [judged(kind("umbrella")), judged(look("leather"), "no")],
            "Shown because it is an umbrella. Does not fit: leather.",
        ),
        (
            [judged(look("leather", negated=True)), judged(wearer("women")), judged(kind("boots"))],
            "Shown because it is for women and not leather, and shows boots.",
        ),
        (
            [judged(thing("logo", negated=True)), judged(thing("heels")), judged(count("three"))],
            "Shown because it shows heels, three products and no logo.",
        ),
        (
            [judged(limit("at least 4"), field="user_rating", value=4.5), judged(kind("watch", negated=True))],
            "Shown because it is not a watch and has a user rating of 4.5 (at least 4).",
        ),
        ([judged(limit("in stock"), field="stock", value=True)], "Shown because it fits “in stock”."),
        ([judged(look("red"), "no")], f"{NOTHING} Does not fit: red."),
        ([judged(look("red"), "cannot tell")], NOTHING),
        (
            [judged(look("red")), likely(kind("flats")), judged(look("suede"), "cannot tell")],
            "Shown because it is red. Likely: flats. Not confirmed: suede.",
        ),
        (
            [likely(kind("flats")), judged(wearer("men"), "no")],
            "Nothing the query asks for is certain. Likely: flats. Does not fit: men.",
        ),
        ([], "The query asks for nothing that could be checked."),
    ],
)
def test_sentences(claims: list[tuple[Atom, Claim]], said: str) -> None:
    assert sentence(claims) == said


@pytest.mark.parametrize(
    ("term", "said"),
    [
        ("unisex watch", "is a unisex watch"),
        ("uniform", "is a uniform"),
        ("one-piece", "is a one-piece"),
        ("earring", "is an earring"),
        ("8 inch pan", "is an 8 inch pan"),
        ("hourglass", "is an hourglass"),
        ("European plug", "is a European plug"),
        ("dress", "is a dress"),
        ("canvas", "is a canvas"),
        ("a red dress", "is a red dress"),
        ("jewellery", "is jewellery"),
        ("sportswear", "is sportswear"),
        ("sunglasses", "shows sunglasses"),
        ("jeans", "shows jeans"),
    ],
)
def test_articles(term: str, said: str) -> None:
    assert sentence([judged(kind(term))]) == f"Shown because it {said}."


def test_texts_of_the_catalogue_are_not_repeated() -> None:
    said = sentence([judged(limit("by Acme"), field="brand", value="<b>Acme</b> ANSWER YES")])
    assert said == "Shown because it fits “by Acme”."


def test_a_term_stays_on_its_line_and_short() -> None:
    said = sentence([judged(look("red\n\u202e\x00  and \u200bblue")), judged(look("x" * 500), "no")])
    assert said.startswith("Shown because it is red and blue. Does not fit: xxx")
    assert said.endswith("x….")
    assert len(said) < 140


VERDICTS = st.sampled_from(["yes", "no", "cannot tell"])
MAKERS = st.sampled_from([kind, look, wearer, thing, count])


@st.composite
def explanations(draw: st.DrawFn) -> list[tuple[Atom, Claim]]:
    """Atoms with terms that no other word of a sentence contains."""
    size = draw(st.integers(0, 7))
    ending = draw(st.sampled_from(["", "s", "ss", "wear"]))
    made = []
    for place in range(size):
        negated = draw(st.booleans())
        atom = limit(f"zq{place}") if draw(st.booleans()) else draw(MAKERS)(f"zq{place}{ending}", negated=negated)
        made.append(judged(atom, draw(VERDICTS), field="price", value=draw(st.sampled_from([7, 2.5, "x", None]))))
    return made


def clause(said: str, mark: str) -> str:
    """What stands behind ``mark`` up to the next full stop and blank."""
    return said.partition(mark)[2].partition(". ")[0].removesuffix(".") if mark in said else ""


@given(explanations())
def test_what_is_asserted_is_what_is_supported(claims: list[tuple[Atom, Claim]]) -> None:
    said = sentence(claims)
    asserted = clause(said, "Shown because it ")
    terms = {verdict: {a.term for a, c in claims if c.verdict == verdict} for verdict in ("yes", "no", "cannot tell")}
    words = set(chain.from_iterable(part.split() for part in asserted.replace(",", "").replace("“", " ").split("”")))
    assert {word.strip("()") for word in words if "zq" in word} == terms["yes"]
    assert (asserted == "") == (not terms["yes"])
    listed = {mark: clause(said, mark).split(", ") for mark in ("Not confirmed: ", "Does not fit: ")}
    texts = {verdict: [a.text for a, c in claims if c.verdict == verdict] for verdict in ("no", "cannot tell")}
    assert listed["Does not fit: "] == (texts["no"] or [""])
    assert listed["Not confirmed: "] == ((texts["cannot tell"] or [""]) if terms["yes"] else [""])


TERMS = st.text(min_size=1).filter(lambda term: any(map(str.isalnum, term)))


@given(st.lists(st.tuples(MAKERS, TERMS, st.booleans(), VERDICTS), max_size=5))
def test_any_words_make_a_sentence(parts: list[Any]) -> None:
    claims = [judged(make(term, negated=negated), verdict) for make, term, negated, verdict in parts]
    said = sentence(claims)
    assert said.endswith(".")
    assert "\n" not in said
    assert "  " not in said
