"""The job of notes: what it keeps, what it leaves alone, and how it goes on."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from colour_vlm import COLOURS, MODEL, VERSION, ColourVlm, PlainColourVlm
from PIL import Image
from shops import PatchEncoder, Shop, settings

from shelfsight.core.errors import LeaseHeld, ModelError, NotFound, PictureError, Reason, UsageError
from shelfsight.core.pictures import decode, read_bytes
from shelfsight.core.protocols import PictureKey, Store
from shelfsight.core.settings import PictureLimits
from shelfsight.core.types import Picture, Suggestion, Value
from shelfsight.indexer import NotesReport, add_notes, index

Look = Callable[[str, int], Image.Image]
Run = Callable[..., NotesReport]


@pytest.fixture
def look(store: Store) -> Look:
    """Opens the files of a collection's pictures."""

    def opened(id: str, picture: int) -> Image.Image:
        path = store.snapshot().items([id])[id].pictures[picture].path
        assert path is not None
        limits = PictureLimits()
        return decode(read_bytes(Picture(name=id, path=Path(path)), limits), limits=limits)

    return opened


@pytest.fixture
def run(store: Store, look: Look) -> Run:
    def job(vlm: ColourVlm | PlainColourVlm, **asked: object) -> NotesReport:
        return add_notes(store, vlm, look, settings=settings(), **asked)  # type: ignore[arg-type]

    return job


def fill(shop: Shop, store: Store, encoder: PatchEncoder, *colours: str, **metadata: Value) -> list[PictureKey]:
    """One item a word; ``red-blue`` has two pictures. They are called ``0-red-blue`` and so on."""
    keys = []
    for number, word in enumerate(colours, start=len(shop.rows)):
        id = f"{number}-{word}"
        pictures = [paint(shop, f"{id}-{place}.png", each) for place, each in enumerate(word.split("-"))]
        shop.add(id, *pictures, **metadata)
        keys += [(id, place) for place in range(len(pictures))]
    index(shop, encoder=encoder, store=store, settings=settings())
    return keys


def paint(shop: Shop, name: str, colour: str) -> Picture:
    path = shop.folder / name
    Image.new("RGB", (20, 20), COLOURS[colour]).save(path)
    return Picture(name=name, path=path)


def colours(store: Store, keys: list[PictureKey], version: str = VERSION) -> dict[PictureKey, list[int]]:
    return {key: array[0].astype(int).tolist() for key, array in store.notes.features(version, keys).items()}


def test_features_of_every_picture_are_kept(shop: Shop, store: Store, encoder: PatchEncoder, run: Run) -> None:
    keys = fill(shop, store, encoder, "red-blue", "green", "blue-green-red")
    vlm = ColourVlm()
    report = run(vlm, features=True)
    assert (report.features, report.suggestions, report.failed) == (6, None, 0)
    assert colours(store, keys) == {
        key: list(COLOURS[word]) for key in keys for word in [key[0].split("-")[1:][key[1]]]
    }
    assert vlm.batches == [4, 2]
    assert store.notes.summary().features == {VERSION: 6}


def test_only_what_is_missing_is_made(shop: Shop, store: Store, encoder: PatchEncoder, run: Run) -> None:
    fill(shop, store, encoder, "red-blue", "green", "blue")
    run(ColourVlm(), features=True)
    again = ColourVlm()
    assert run(again, features=True).features == 0
    assert again.calls == 0
    more = fill(shop, store, encoder, "green-red")
    assert run(again, features=True).features == 2
    assert colours(store, more) == {more[0]: [0, 128, 0], more[1]: [255, 0, 0]}
    assert run(ColourVlm("another"), features=True).features == 6


def test_changed_pictures_are_looked_at_again(shop: Shop, store: Store, encoder: PatchEncoder, run: Run) -> None:
    keys = fill(shop, store, encoder, "red", "green")
    run(ColourVlm(), features=True, enrich=True)
    paint(shop, "0-red-0.png", "blue")
    index(shop, encoder=encoder, store=store, settings=settings())
    assert colours(store, keys) == {keys[1]: [0, 128, 0]}
    assert store.notes.suggestions(["0-red", "1-green"]).keys() == {"1-green"}
    report = run(ColourVlm(), features=True, enrich=True)
    assert (report.features, report.suggestions) == (1, 1)
    assert colours(store, keys) == {keys[0]: [0, 0, 255], keys[1]: [0, 128, 0]}
    assert store.notes.suggestions(["0-red"])["0-red"]["colour"].value == "blue"


def test_pruned_items_take_their_notes_along(shop: Shop, store: Store, encoder: PatchEncoder, run: Run) -> None:
    keys = fill(shop, store, encoder, "red", "green")
    run(ColourVlm(), features=True, enrich=True)
    del shop.rows[0]
    index(shop, encoder=encoder, store=store, settings=settings(), prune=True)
    assert store.notes.summary().features == {VERSION: 1}
    assert store.notes.summary().suggestions == {MODEL: 1}
    assert colours(store, keys).keys() == {keys[1]}


def test_a_picture_that_cannot_be_looked_at_is_told_and_tried_again(
    shop: Shop, store: Store, encoder: PatchEncoder, run: Run
) -> None:
    keys = fill(shop, store, encoder, "red-blue", "green")
    (shop.folder / "0-red-blue-0.png").unlink()
    report = run(ColourVlm(), features=True)
    assert (report.features, report.failed) == (2, 1)
    assert [(f.id, f.picture, f.reason) for f in report.failures] == [
        ("0-red-blue", "0-red-blue-0.png", Reason.MISSING_FILE)
    ]
    assert colours(store, keys).keys() == {("0-red-blue", 1), ("1-green", 0)}
    paint(shop, "0-red-blue-0.png", "red")
    assert run(ColourVlm(), features=True).failed == 0
    assert colours(store, keys).keys() == set(keys)


@pytest.mark.parametrize("error", [NotFound("it left"), PictureError(Reason.TRUNCATED, "it breaks off")])
def test_whatever_is_wrong_with_all_pictures_the_job_ends(
    shop: Shop, store: Store, encoder: PatchEncoder, error: Exception
) -> None:
    fill(shop, store, encoder, "red", "green")

    def look(*key: object) -> Image.Image:
        del key
        raise error

    report = add_notes(store, ColourVlm(), look, settings=settings(), features=True, enrich=True)
    assert (report.features, report.suggestions, report.failed) == (0, 0, 4)
    assert {failure.message for failure in report.failures} == {str(error)}


def test_captions_and_likely_values_are_suggested(shop: Shop, store: Store, encoder: PatchEncoder, run: Run) -> None:
    fill(shop, store, encoder, "red-blue", "green")
    vlm = ColourVlm()
    report = run(vlm, enrich=True)
    assert (report.features, report.suggestions) == (None, 2)
    assert store.notes.suggestions(["0-red-blue", "1-green"]) == {
        "0-red-blue": {
            "caption": Suggestion(value="A red thing.", probability=None, model=MODEL),
            "type": Suggestion(value="thing", probability=0.9, model=MODEL),
            "colour": Suggestion(value="red", probability=0.9412, model=MODEL),  # odds of 0.8 are 4; 16 to 1 it is
        },
        "1-green": {
            "caption": Suggestion(value="A green thing.", probability=None, model=MODEL),
            "type": Suggestion(value="thing", probability=0.9, model=MODEL),
            "colour": Suggestion(value="green", probability=0.9412, model=MODEL),
        },
    }
    assert sorted(set(vlm.scored)) == [
        "Does this picture show thing?",
        "Is the product for women?",  # 0.4, and not kept
        "Is the product green?",
        "Is the product red?",
    ]


def test_what_the_merchant_says_is_not_asked(shop: Shop, store: Store, encoder: PatchEncoder, run: Run) -> None:
    fill(shop, store, encoder, "red", color="crimson", Gender="men", kind="")
    fill(shop, store, encoder, "green", color=None)
    vlm = ColourVlm()
    run(vlm, enrich=True)
    found = store.notes.suggestions(["0-red", "1-green"])
    assert {id: list(given) for id, given in found.items()} == {
        "0-red": ["caption", "type"],
        "1-green": ["caption", "type", "color"],  # by the name that the catalogue has for it
    }
    assert vlm.questions.count("Which colour is it?") == vlm.questions.count("For whom is it?") == 1
    assert store.snapshot().items(["1-green"])["1-green"].metadata.get("color") is None


def test_items_with_suggestions_of_this_model_are_left_alone(
    shop: Shop, store: Store, encoder: PatchEncoder, run: Run
) -> None:
    fill(shop, store, encoder, "red", "green")
    run(ColourVlm(), enrich=True)
    again = ColourVlm()
    assert run(again, enrich=True).suggestions == 0
    assert again.calls == 0
    newer = ColourVlm("f" * 16)
    newer.answers["Which colour is it?"] = "I cannot tell."
    assert run(newer, enrich=True).suggestions == 2
    assert store.notes.suggestions(["0-red"])["0-red"].keys() == {"caption", "type"}  # nothing of the older model
    assert store.notes.summary().suggestions == {"colours@ffffffffffff": 2}


def test_a_model_without_features_is_shown_the_pictures(
    shop: Shop, store: Store, encoder: PatchEncoder, run: Run
) -> None:
    fill(shop, store, encoder, "blue")
    assert run(PlainColourVlm(), enrich=True).suggestions == 1
    colour = store.notes.suggestions(["0-blue"])["0-blue"]["colour"]
    assert (colour.value, colour.probability, colour.model) == ("blue", 0.8, "colours")


def test_a_model_that_says_nothing_suggests_nothing(shop: Shop, store: Store, encoder: PatchEncoder, run: Run) -> None:
    fill(shop, store, encoder, "blue")
    vlm = PlainColourVlm()
    vlm.answers = dict.fromkeys(vlm.answers, " ")
    assert run(vlm, enrich=True).suggestions == 0
    assert store.notes.suggestions(["0-blue"]) == {}


def test_the_next_job_goes_on_where_one_failed(shop: Shop, store: Store, encoder: PatchEncoder, run: Run) -> None:
    keys = fill(shop, store, encoder, *["red", "green", "blue"] * 4)
    vlm = ColourVlm()
    vlm.fail_after = 2
    with pytest.raises(ModelError, match="the network is gone"):
        run(vlm, features=True)
    assert store.notes.summary().features == {VERSION: 8}
    rest = ColourVlm()
    assert run(rest, features=True).features == 4
    assert rest.batches == [4]
    assert len(colours(store, keys)) == 12


def test_ctrl_c_ends_it_after_the_batch_in_hand(
    shop: Shop, store: Store, encoder: PatchEncoder, look: Look, run: Run
) -> None:
    fill(shop, store, encoder, *["red", "green", "blue"] * 4)

    def press(stage: str, done: int, total: int, *, failed: int) -> None:
        del stage, total, failed
        if done == 4:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        add_notes(store, ColourVlm(), look, settings=settings(), features=True, progress=press)
    assert store.notes.summary().features == {VERSION: 4}
    assert run(ColourVlm(), features=True).features == 8


def test_progress_counts_what_there_was(shop: Shop, store: Store, encoder: PatchEncoder, look: Look, run: Run) -> None:
    fill(shop, store, encoder, "red-blue", "green")
    run(ColourVlm(), features=True)
    fill(shop, store, encoder, "red-blue-green", "green", "blue")
    (shop.folder / "3-green-0.png").unlink()
    told: list[tuple[str, int, int, int]] = []

    def note(stage: str, done: int, total: int, *, failed: int) -> None:
        told.append((stage, done, total, failed))

    add_notes(store, ColourVlm(), look, settings=settings(), features=True, enrich=True, progress=note)
    assert told == [("features", 6, 8, 1), ("features", 7, 8, 1), ("suggestions", 3, 5, 2), ("suggestions", 4, 5, 2)]


def test_few_pictures_are_held_at_once(shop: Shop, store: Store, encoder: PatchEncoder, look: Look) -> None:
    fill(shop, store, encoder, *["red", "green", "blue"] * 10)
    opened: list[str] = []
    ahead: list[int] = []

    class Counting(ColourVlm):
        def picture_features(self, pictures):  # type: ignore[no-untyped-def]
            ahead.append(len(opened) - sum(self.batches))
            return super().picture_features(pictures)

    def counted(id: str, picture: int) -> Image.Image:
        opened.append(id)
        return look(id, picture)

    add_notes(store, Counting(), counted, settings=settings(), features=True)
    assert len(opened) == 30
    assert max(ahead) <= 8


def test_one_job_at_a_time(shop: Shop, store: Store, encoder: PatchEncoder, run: Run) -> None:
    fill(shop, store, encoder, "red")
    with store.lease("nightly job"), pytest.raises(LeaseHeld, match="nightly job"):
        run(ColourVlm(), features=True)
    assert store.notes.summary().features == {}


def test_what_a_model_cannot_do_is_refused(shop: Shop, store: Store, encoder: PatchEncoder, run: Run) -> None:
    fill(shop, store, encoder, "red")
    with pytest.raises(UsageError, match="nothing"):
        run(ColourVlm())
    with pytest.raises(UsageError, match="no features to keep"):
        run(PlainColourVlm(), features=True)
    silent = ColourVlm()
    silent.generates = False
    with pytest.raises(UsageError, match="writes no text"):
        run(silent, enrich=True)


@pytest.mark.parametrize("method", ["picture_features", "score_features", "generate"])
def test_a_model_that_loses_count_is_refused(
    shop: Shop, store: Store, encoder: PatchEncoder, run: Run, method: str
) -> None:
    fill(shop, store, encoder, "red", "green")

    class Confused(ColourVlm):
        def picture_features(self, pictures):  # type: ignore[no-untyped-def]
            return super().picture_features(pictures)[method == "picture_features" :]

        def score_features(self, pairs):  # type: ignore[no-untyped-def]
            return super().score_features(pairs)[method == "score_features" :]

        def generate(self, pairs, **limits):  # type: ignore[no-untyped-def]
            return super().generate(pairs, **limits)[method == "generate" :]

    for asked in ("features", "enrich"):
        if method == "picture_features" or asked == "enrich":
            with pytest.raises(ModelError):
                run(Confused(), **{asked: True})
    assert store.notes.features(VERSION, [("0-red", 0)]) == {}
    assert store.notes.suggestions(["0-red"]) == {}


def test_a_probability_that_is_none_keeps_nothing(shop: Shop, store: Store, encoder: PatchEncoder, run: Run) -> None:
    fill(shop, store, encoder, "red")
    vlm = ColourVlm()
    vlm.chances = {"Does this picture show thing?": float("nan"), "Is the product red?": float("nan")}
    run(vlm, enrich=True)
    assert store.notes.suggestions(["0-red"])["0-red"].keys() == {"caption"}
