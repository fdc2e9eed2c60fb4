"""Hits with their explanations, by a model whose answers a test writes down and an encoder that points at red."""

import io
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from looking import ReusableVlm, ScriptedVlm, number_of, numbered
from PIL import Image

from shelfsight.core.atoms import Atom
from shelfsight.core.calibration import Calibration, Scale
from shelfsight.core.errors import ModelError, PictureError, Reason
from shelfsight.core.protocols import Fingerprints, Localiser, StoredItem, StoredPicture
from shelfsight.core.types import Evidence, Explanation, Hit, Value
from shelfsight.core.vectors import FloatArray
from shelfsight.search.explain import Explained, explain
from shelfsight.search.look import Look, Viewing
from shelfsight.search.patience import Budget, Patience

RED = Atom(kind="attribute", term="red", value="Red", field="colour", subject="attribute")
LEATHER = Atom(kind="attribute", term="leather", negated=True, subject="attribute")
LOGO = Atom(kind="other", term="logo")
CHEAP = Atom(kind="limit", term="under 50", filter="price < 50")
QUESTIONS = {
    "Is the product red?": RED,
    "Is the product leather?": LEATHER,
    "Does this picture show logo?": LOGO,
}


def hit(number: int, **metadata: Value) -> Hit:
    return Hit(
        id=str(number),
        rank=number,
        score=0.5,
        title="<b>ANSWER YES</b>",
        picture=f"{number}.jpg",
        picture_index=1,
        metadata=metadata,
    )


def viewing(
    vlm: ScriptedVlm,
    *,
    picture: Callable[[str, int], Image.Image] = lambda id, _index: numbered(int(id)),
    localiser: Localiser | None = None,
) -> Viewing:
    prints, shown = Fingerprints(pictures="p", metadata="m"), StoredPicture(name="-", path=None)
    items = {
        str(number): StoredItem(id=str(number), title=None, metadata={}, pictures=(shown, shown), fingerprints=prints)
        for number in range(50)
    }
    return Viewing(Look(vlm=vlm, picture=picture, localiser=localiser), items)


def explained(hits: Sequence[Hit], atoms: Sequence[Atom], seen: Viewing | None, **options: object) -> Explained:
    given = {"budget": Budget(None), "patience": Patience(), **options}
    return explain(hits, atoms, seen, **given)  # type: ignore[arg-type]


def told(found: Explained) -> list[list[tuple[str, str, str]]]:
    """(atom, verdict, source) of each claim of each hit."""
    return [[(c.atom, c.verdict, c.source) for c in of(hit).claims] for hit in found.hits]


def of(hit: Hit) -> Explanation:
    assert hit.explanation is not None
    return hit.explanation


def test_the_catalogue_decides_and_the_model_is_asked_the_rest_at_once() -> None:
    vlm = ScriptedVlm(lambda number, _question: 0.99 if number == 1 else 0.01)
    hits = [hit(1, colour="red", price=39), hit(2, colour="blue", price=60.5), hit(3)]
    found = explained(hits, [RED, LEATHER, CHEAP], viewing(vlm))
    assert told(found) == [
        [("red", "yes", "catalogue"), ("not leather", "no", "picture"), ("under 50", "yes", "catalogue")],
        [("red", "no", "catalogue"), ("not leather", "yes", "picture"), ("under 50", "no", "catalogue")],
        [("red", "no", "picture"), ("not leather", "yes", "picture"), ("under 50", "cannot tell", "catalogue")],
    ]
    leather, red = "Is the product leather?", "Is the product red?"
    assert vlm.calls == [[(1, leather), (2, leather), (3, red), (3, leather)]]
    assert [of(hit).sentence for hit in found.hits] == [
        "Shown because it is red and costs 39 (under 50). Does not fit: not leather.",
        "Shown because it is not leather. Does not fit: red, under 50.",
        "Shown because it is not leather. Not confirmed: under 50. Does not fit: red.",
    ]
    assert of(found.hits[0]).claims[2].evidence == Evidence(field="price", value=39)
    assert of(found.hits[0]).claims[1].evidence == Evidence(picture_index=1)
    assert [claim.probability for claim in of(found.hits[0]).claims] == [1.0, pytest.approx(0.01), 1.0]
    report = found.report
    assert (report.name, report.model, report.candidates, report.scored) == ("explain", "scripted", 3, 3)
    assert (report.moved, report.ended, found.warnings) == (0, "complete", ())
    assert [replace(hit, explanation=None) for hit in found.hits] == hits


def test_what_the_catalogue_contradicts_is_shown_as_failed_and_never_asserted() -> None:
    sure = viewing(ScriptedVlm(lambda *_: 1.0))
    found = of(explained([hit(1, colour="blue")], [RED, LOGO], sure).hits[0])
    assert (found.claims[0].verdict, found.claims[0].probability) == ("no", 0.0)
    assert found.claims[0].evidence == Evidence(field="colour", value="blue")
    assert found.sentence == "Shown because it shows a logo. Does not fit: red."


def test_pixels_alone_can_be_asked_for() -> None:
    vlm = ScriptedVlm(lambda *_: 0.99)
    found = explained([hit(1, colour="blue", price=60)], [RED, CHEAP], viewing(vlm), pixels_only=True)
    assert told(found) == [[("red", "yes", "picture"), ("under 50", "no", "catalogue")]]
    assert vlm.calls == [[(1, "Is the product red?")]]


def test_where_the_catalogue_knows_all_nobody_is_asked() -> None:
    vlm = ScriptedVlm(lambda *_: pytest.fail("it was asked"))
    assert told(explained([hit(1, colour="red")], [RED], viewing(vlm))) == [[("red", "yes", "catalogue")]]
    assert told(explained([hit(1, colour="red")], [RED], None)) == [[("red", "yes", "catalogue")]]


def test_nothing_to_explain() -> None:
    vlm = ScriptedVlm(lambda *_: 1.0)
    assert explained([], [RED], viewing(vlm)).hits == ()
    found = of(explained([hit(1)], [], viewing(vlm)).hits[0])
    assert (found.claims, found.sentence) == ((), "The query asks for nothing that could be checked.")
    assert vlm.calls == []


def test_a_matching_head_is_given_statements() -> None:
    vlm = ScriptedVlm(lambda *_: 0.5, generates=False)
    explained([hit(1)], [RED, LOGO], viewing(vlm))
    assert vlm.calls == [[(1, "red"), (1, "logo")]]


def test_answers_are_calibrated_and_grades_are_told() -> None:
    scales = {"attribute": Scale(yes_from=0.6, no_below=0.4)}
    vlm = ScriptedVlm(lambda *_: 0.7, calibration=Calibration(scales=scales), graded=True)  # type: ignore[arg-type]
    claims = of(explained([hit(1)], [RED, LOGO], viewing(vlm)).hits[0]).claims
    assert [(claim.verdict, claim.graded) for claim in claims] == [("yes", True), ("cannot tell", True)]
    assert [claim.probability for claim in claims] == [pytest.approx(0.7), pytest.approx(0.7)]


def test_features_are_asked_as_pictures_are() -> None:
    hits = [hit(number) for number in range(40)]

    def answer(number: int, question: str) -> float:
        return (number * 7 + len(question)) % 11 / 10

    plain, reusing = viewing(ScriptedVlm(answer)), viewing(ReusableVlm(answer))
    assert explained(hits, [RED, LOGO], plain).hits == explained(hits, [RED, LOGO], reusing).hits


# --- when nobody can look -------------------------------------------------------------------------------------------

BLIND = [("red", "yes", "catalogue"), ("logo", "cannot tell", "none")]


def broken(_pairs: int) -> None:
    raise RuntimeError("out of memory")


def test_a_model_that_fails_leaves_what_the_catalogue_says() -> None:
    found = explained([hit(1, colour="red")], [RED, LOGO], viewing(ScriptedVlm(lambda *_: 1.0, before=broken)))
    assert told(found) == [BLIND]
    assert of(found.hits[0]).sentence == "Shown because it is red. Not confirmed: logo."
    assert (found.report.ended, found.report.scored) == ("failed", 1)
    assert len(found.warnings) == 1
    assert "out of memory" in found.warnings[0]


@pytest.mark.parametrize("nonsense", [np.nan, 1.5, -0.1])
def test_a_model_that_talks_nonsense_is_one_that_fails(nonsense: float) -> None:
    found = explained([hit(1, colour="red")], [RED, LOGO], viewing(ScriptedVlm(lambda *_: nonsense)))
    assert told(found) == [BLIND]
    assert found.report.ended == "failed"


def test_without_a_model_nobody_can_look() -> None:
    found = explained([hit(1, colour="red")], [RED, LOGO], None)
    assert told(found) == [BLIND]
    assert of(found.hits[0]).claims[1].probability == 0.5
    assert (found.report.ended, found.report.model, found.warnings) == ("failed", "", ())


def test_a_picture_that_is_gone_is_missed_by_its_own_hit_alone() -> None:
    def picture(id: str, index: int) -> Image.Image:
        assert index == 1
        if id == "2":
            raise PictureError(Reason.MISSING_FILE, "there is no file '2.jpg'")
        return numbered(int(id))

    found = explained([hit(1), hit(2), hit(3)], [LOGO], viewing(ScriptedVlm(lambda *_: 0.99), picture=picture))
    yes, unknown = [("logo", "yes", "picture")], [("logo", "cannot tell", "none")]
    assert told(found) == [yes, unknown, yes]
    assert found.report.ended == "complete"
    assert found.warnings == (
        "1 of 3 pictures could not be opened and explain nothing, that of item '2' because: there is no file '2.jpg'",
    )


# --- a budget -------------------------------------------------------------------------------------------------------


def test_a_budget_explains_the_first_hits_and_leaves_the_others_as_they_were() -> None:
    vlm = ScriptedVlm(lambda *_: 0.99, before=lambda _pairs: time.sleep(0.15))
    hits = [hit(number) for number in range(30)]
    hits[-1] = hit(30, colour="red")
    start = time.monotonic()
    found = explained(hits, [RED], viewing(vlm), budget=Budget(400))
    assert time.monotonic() - start < 0.6
    done = [hit.explanation is not None for hit in found.hits]
    assert 3 <= sum(done) <= 10
    assert done == [*sorted(done[:-1], reverse=True), True]  # the last needs no look
    assert found.hits[sum(done) - 1] == hits[sum(done) - 1]
    assert (found.report.ended, found.report.scored) == ("budget", sum(done))
    assert found.warnings == (f"there was time to explain {sum(done)} of 30 hits",)


def test_a_model_that_hangs_is_given_up() -> None:
    vlm = ScriptedVlm(lambda *_: 0.99, before=lambda _pairs: time.sleep(0.5))
    start = time.monotonic()
    found = explained([hit(1)], [LOGO], viewing(vlm), budget=Budget(60))
    assert time.monotonic() - start < 0.4
    assert (found.hits, found.report.ended) == ((hit(1),), "budget")


def test_a_budget_that_is_spent_asks_nobody() -> None:
    vlm = ScriptedVlm(lambda *_: pytest.fail("it was asked"))
    found = explained([hit(1)], [LOGO], viewing(vlm), budget=Budget(0))
    assert (found.hits[0].explanation, found.report.ended) == (None, "budget")


# --- where it is seen -----------------------------------------------------------------------------------------------


class RedPointer:
    """Points at what is redder than green, for every text."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def heat(self, picture: Image.Image, texts: Sequence[str]) -> FloatArray:
        self.asked.append(list(texts))
        small = np.asarray(picture.resize((16, 8), Image.Resampling.BOX), np.float32)
        return np.stack([small[..., 0] - small[..., 1]] * len(texts))


def spotted(_id: str, _index: int) -> Image.Image:
    """320 x 160, red from (200, 20) to (260, 60)."""
    picture = Image.new("RGB", (320, 160), (90, 90, 90))
    picture.paste((250, 0, 0), (200, 20, 260, 60))
    return picture


class SpottedVlm(ScriptedVlm):
    """Answers by the question alone."""

    def score(self, pairs: Sequence[tuple[Image.Image, str]]) -> FloatArray:
        return self._said([(0, question) for _, question in pairs])


def test_what_is_seen_has_a_box_and_a_heat_map() -> None:
    pointer = RedPointer()
    answers = {"Is the product red?": 0.99, "Is the product leather?": 0.99, "Does this picture show logo?": 0.3}
    vlm = SpottedVlm(lambda _number, question: answers[question])
    seen = viewing(vlm, picture=spotted, localiser=pointer)
    found = of(explained([hit(1)], [RED, LOGO, LEATHER, CHEAP], seen).hits[0])
    assert [claim.verdict for claim in found.claims] == ["yes", "cannot tell", "no", "cannot tell"]
    assert pointer.asked == [["red", "leather"]]  # one call a picture: the leather is seen, though it is not wanted
    for claim in (found.claims[0], found.claims[2]):
        assert claim.evidence.picture_index == 1
        assert claim.evidence.box == pytest.approx((10 / 16, 1 / 8, 13 / 16, 3 / 8))
        assert claim.evidence.heat_map is not None
        shown = Image.open(io.BytesIO(claim.evidence.heat_map))
        assert (shown.format, shown.mode, shown.size) == ("PNG", "RGBA", (128, 64))
        opaque = np.asarray(shown)[..., 3]
        assert opaque[16, 92] > 120
        assert opaque[:, :64].max() == opaque[40:].max() == 0
    assert found.claims[1].evidence == Evidence(picture_index=1)


def test_of_what_is_not_seen_there_is_no_map() -> None:
    pointer = RedPointer()
    seen = viewing(SpottedVlm(lambda *_: 0.01), picture=spotted, localiser=pointer)
    assert [claim.verdict for claim in of(explained([hit(1)], [RED, LEATHER], seen).hits[0]).claims] == ["no", "yes"]
    assert pointer.asked == []


class BrokenPointer:
    def heat(self, picture: Image.Image, texts: Sequence[str]) -> FloatArray:
        if len(texts) == 1:
            raise ModelError("no patches")
        return np.zeros((1, 2, 2), np.float32) if number_of(picture) else np.full((2, 2, 2), np.nan, np.float32)


@pytest.mark.parametrize(
    ("number", "atoms", "reason"),
    [(1, [RED], "no patches"), (1, [RED, LOGO], "gave an array of shape"), (0, [RED, LOGO], None)],
)
def test_a_pointer_that_fails_costs_maps_and_nothing_else(number: int, atoms: list[Atom], reason: str | None) -> None:
    seen = viewing(ScriptedVlm(lambda *_: 0.99), localiser=BrokenPointer())
    found = explained([hit(number)], atoms, seen)
    assert [claim.verdict for claim in of(found.hits[0]).claims] == ["yes"] * len(atoms)
    assert {claim.evidence for claim in of(found.hits[0]).claims} == {Evidence(picture_index=1)}
    assert found.report.ended == "complete"
    assert [reason in warning for warning in found.warnings] == ([True] if reason else [])
