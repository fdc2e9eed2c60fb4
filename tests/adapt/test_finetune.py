"""From a catalogue to an adapted encoder that is used as any other, or to a refusal: real pictures, real models."""

import hashlib
import json
import random
from pathlib import Path

import adapt_shops as shops
import numpy as np
import pytest
import torch

from shelfsight import open_engine
from shelfsight.catalog import open_catalogue
from shelfsight.core.errors import Conflict, EncoderMismatch, LeaseHeld, NotFound, StoreFull, UsageError
from shelfsight.core.pictures import decode
from shelfsight.core.settings import PictureLimits
from shelfsight.models import open_encoder
from shelfsight.models.encoders.adapted import ADAPTER, WEIGHTS
from shelfsight.training.adapt import AdaptSettings, finetune
from shelfsight.training.adapt.cache import VectorCache
from shelfsight.training.adapt.files import claimed

COLUMNS = ("kind", "colour")


def _own_word(text: str) -> str:
    """A word that no encoder knows, always the same one for the same text."""
    digest = hashlib.md5(text.encode()).digest()
    return "".join("bdfgklmnprst"[byte % 12] + "aeiou"[byte // 12 % 5] for byte in digest[:3])


@pytest.fixture(scope="module")
def foreign(shop, tmp_path_factory) -> Path:
    """The shop in a language of its own: the pictures say what the words mean, and nothing else does."""
    rows = [{**row, **{name: _own_word(row[name]) for name in COLUMNS}} for row in shops.rows_of(shop)]
    return shops.write_catalogue(tmp_path_factory.mktemp("foreign") / "catalog.csv", rows)


@pytest.fixture(scope="module")
def promoted(foreign, tmp_path_factory):
    out = tmp_path_factory.mktemp("adapted") / "encoder"
    report = finetune(foreign, out, text_columns=COLUMNS, settings=AdaptSettings(epochs=15, batch=64), device="cpu")
    assert report is not None
    return out, report


@pytest.mark.slow
def test_a_shops_own_words_are_learnt(promoted):
    out, report = promoted
    assert report.promoted
    assert report.encoder == out
    headline = report.verdict.metrics["ndcg@10"]
    assert headline.before < 0.2 < 0.5 < headline.after
    assert headline.interval.low > 0.3
    assert report.verdict.families["attributes, new"].after > 0.2
    assert sorted(path.name for path in out.iterdir()) == ["README.md", WEIGHTS, ADAPTER]
    assert not out.with_name("encoder.work").exists()


@pytest.mark.slow
def test_the_published_encoder_finds_what_the_shop_calls_its_things(promoted, foreign):
    """Every picture is encoded anew with it, through the product."""
    out, report = promoted
    mug = _own_word("mug")
    with open_engine(out.with_name("foreign.collection"), encoder=str(out), create=True, device="cpu") as engine:
        assert engine.index(open_catalogue(foreign)).failed == 0
        found = [hit.metadata["kind"] for hit in engine.search(mug, k=5).hits]
    assert found.count(mug) >= 4
    document = json.loads((out / ADAPTER).read_text())
    assert document["report"] == report.to_json()
    assert mug not in json.dumps(document), "the file tells no texts"


@pytest.mark.slow
def test_collections_of_base_and_adapted_refuse_one_another(promoted, shop):
    out, _ = promoted
    base, adapted = out.with_name("base.collection"), out.with_name("adapted.collection")
    for path, encoder in ((base, "embedded"), (adapted, str(out))):
        with open_engine(path, encoder=encoder, create=True, device="cpu") as engine:
            engine.index(open_catalogue(shop))
    with pytest.raises(EncoderMismatch):
        open_engine(base, encoder=str(out), device="cpu")
    with pytest.raises(EncoderMismatch):
        open_engine(adapted, encoder="embedded", device="cpu")
    with open_engine(adapted, device="cpu") as engine:
        assert engine.search("anything", k=1).hits


@pytest.mark.slow
def test_words_that_mean_nothing_are_refused(foreign, tmp_path):
    """The same words dealt out anew at random: there is nothing to learn, so nothing may be promoted."""
    rows = shops.rows_of(foreign)
    dealt = random.Random(4)
    for name in COLUMNS:
        values = [row[name] for row in rows]
        dealt.shuffle(values)
        rows = [{**row, name: value} for row, value in zip(rows, values, strict=True)]
    catalogue = shops.write_catalogue(tmp_path / "catalog.csv", rows)
    out = tmp_path / "encoder"
    report = finetune(catalogue, out, text_columns=COLUMNS, settings=AdaptSettings(epochs=8, batch=64), device="cpu")
    assert not report.promoted
    assert report.encoder is None
    held_out, validation = (
        "ndcg@10 of the held-out texts is not certainly better (0.",
        "ndcg@10 of the validation texts is no",
    )
    assert report.verdict.objections[0].startswith((held_out, validation))  # chance says which, or both
    assert not out.exists()
    kept = tmp_path / "encoder.work"
    assert json.loads((kept / "report.json").read_text()) == report.to_json()
    assert not (kept / "draft").exists()


# --- with an encoder that knows nothing, in a second or two ----------------------------------------------------------


@pytest.fixture
def adapt(shop, blank, quick, tmp_path):
    def run(out="encoder", **changes):
        given = {"encoder": blank, "text_columns": COLUMNS, "settings": quick, "device": "cpu", **changes}
        return finetune(given.pop("catalogue", shop), tmp_path / out, **given)

    return run


@pytest.mark.slow
def test_killed_and_resumed_is_never_killed(adapt, tmp_path):
    torch.set_num_threads(1)
    whole = adapt("whole")
    for _ in range(3):
        assert adapt("parts", stop_after=2) is None
    resumed = adapt("parts")
    assert (resumed.revision, resumed.epochs) == (whole.revision, whole.epochs)
    assert resumed.verdict == whole.verdict
    if whole.promoted:
        assert (tmp_path / "whole" / WEIGHTS).read_bytes() == (tmp_path / "parts" / WEIGHTS).read_bytes()


def test_pictures_are_encoded_once(adapt, tmp_path):
    assert adapt(stop_after=1) is None
    (cache,) = (tmp_path / "encoder.work").glob("pictures-*.bin")
    before = cache.stat()
    with cache.open("ab") as file:
        file.write(b"half a record")
    assert adapt(stop_after=1) is None
    after = cache.stat()
    assert (after.st_ino, after.st_size) == (before.st_ino, before.st_size)


@pytest.mark.slow
def test_another_catalogue_or_seed_begins_training_anew(adapt, quick, tmp_path):
    log = tmp_path / "encoder.work" / "log.jsonl"

    def last_epoch():
        return json.loads(log.read_text().splitlines()[-1])["epoch"]

    adapt(stop_after=2)
    adapt(stop_after=1)
    assert last_epoch() == 3
    adapt(stop_after=1, settings=quick.model_copy(update={"seed": 8}))
    assert last_epoch() == 1
    adapt(stop_after=1, text_columns=("kind",), settings=quick.model_copy(update={"least_texts": 5}))
    assert last_epoch() == 1


def test_a_damaged_checkpoint_begins_training_anew(adapt, tmp_path):
    adapt(stop_after=2)
    checkpoint = tmp_path / "encoder.work" / "checkpoint.pt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    assert adapt(stop_after=1) is None
    assert json.loads((tmp_path / "encoder.work" / "log.jsonl").read_text().splitlines()[-1])["epoch"] == 1


def test_the_split_is_the_same_for_every_seed(adapt, quick):
    one = adapt("one", settings=quick.model_copy(update={"epochs": 1}))
    two = adapt("two", settings=quick.model_copy(update={"epochs": 1, "seed": 99}))
    assert one.data == two.data
    assert one.verdict.metrics["ndcg@10"].before == two.verdict.metrics["ndcg@10"].before


def test_side_says_what_learns(adapt, quick, tmp_path):
    settings = quick.model_copy(update={"epochs": 3, "least_texts": 10})
    moved = {}
    for side in ("pictures", "texts"):
        adapt(side, settings=settings.model_copy(update={"side": side}), stop_after=3)
        state = torch.load(tmp_path / f"{side}.work" / "checkpoint.pt", weights_only=True)["learner"]
        moved[side] = {
            "pictures": bool(state["pictures.delta"].any()),
            "texts": any(bool(value.any()) for name, value in state.items() if name.startswith("texts.up")),
        }
    assert moved == {"pictures": {"pictures": True, "texts": False}, "texts": {"pictures": False, "texts": True}}


def test_clicks_are_learnt_from_and_unknown_ids_counted(adapt, shop, tmp_path):
    rows = shops.rows_of(shop)
    pairs = [{"query": f"{row['colour']} {row['kind']} please", "id": row["id"], "weight": 2} for row in rows]
    path = tmp_path / "clicks.jsonl"
    path.write_text("".join(json.dumps(pair) + "\n" for pair in [*pairs, {"query": "old thing", "id": "gone"}]))
    report = adapt(pairs=path, text_columns=())
    assert report.data["unknown_ids"] == 1
    assert set(report.data["training_texts"]) == {"clicks"}
    assert set(report.verdict.families) == {"clicks", "clicks, new"}


def test_a_split_column_is_honoured(adapt, shop, tmp_path):
    names = ("train", "train", "validation", "test")
    rows = [{**row, "split": names[place % 4]} for place, row in enumerate(shops.rows_of(shop))]
    catalogue = shops.write_catalogue(tmp_path / "catalog.csv", rows)
    report = adapt(catalogue=catalogue, text_columns=None)
    assert report.data["split_column"] == "split"
    assert report.data["parts"] == {"train": 120, "validation": 60, "test": 60}
    assert "split" not in report.data["text_columns"]


def test_bad_pictures_are_counted_and_the_rest_is_used(adapt, shop, tmp_path):
    rows = shops.rows_of(shop)
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    rows[3] = {**rows[3], "image": str(tmp_path / "bad.jpg")}
    rows[4] = {**rows[4], "image": str(tmp_path / "gone.jpg")}
    rows[5] = {**rows[5], "id": rows[6]["id"]}
    assert adapt(catalogue=shops.write_catalogue(tmp_path / "catalog.csv", rows), stop_after=1) is None


# --- what cannot be done ---------------------------------------------------------------------------------------------


def test_too_few_texts(adapt, shop, tmp_path):
    catalogue = shops.write_catalogue(tmp_path / "catalog.csv", shops.rows_of(shop)[:30])
    with pytest.raises(UsageError, match=r"\d+ different texts are too few to learn from: at least 50") as caught:
        adapt(catalogue=catalogue)
    assert "--pairs" in caught.value.hint
    assert not (tmp_path / "encoder").exists()


def test_an_empty_catalogue(adapt, tmp_path):
    (tmp_path / "catalog.csv").write_text("id,image,kind,colour\n")
    with pytest.raises(UsageError):
        adapt(catalogue=tmp_path / "catalog.csv")
    with pytest.raises(UsageError, match="0 different texts are too few"):
        adapt(catalogue=tmp_path / "catalog.csv", text_columns=None)


@pytest.mark.parametrize("columns", [("colour", "size"), ("price",)])
def test_an_unknown_column_is_named(adapt, columns):
    with pytest.raises(UsageError, match=f"no text column '{columns[-1]}'") as caught:
        adapt(text_columns=columns)
    assert "colour" in caught.value.hint


def test_a_split_column_that_names_no_parts(adapt):
    with pytest.raises(UsageError, match="no item of the catalogue has 'colour' = 'train'"):
        adapt(split_column="colour", text_columns=("kind",))


def test_a_target_that_is_taken(adapt, tmp_path):
    (tmp_path / "encoder").mkdir()
    (tmp_path / "encoder" / "mine.txt").write_text("do not touch")
    with pytest.raises(Conflict, match="is there already"):
        adapt()
    assert [path.name for path in tmp_path.iterdir()] == ["encoder"]


def test_two_at_once(adapt, tmp_path):
    work = tmp_path / "encoder.work"
    work.mkdir()
    with claimed(work), pytest.raises(LeaseHeld, match="another process"):
        adapt()


def test_no_catalogue(adapt, tmp_path):
    with pytest.raises(NotFound, match="no catalogue"):
        adapt(catalogue=tmp_path / "none.csv")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_said(adapt, blank, tmp_path):
    """A device that is always full stands where the vectors go."""
    spec = open_encoder(blank, device="cpu").spec
    work = tmp_path / "encoder.work"
    work.mkdir()
    (work / f"pictures-{spec.revision[:16]}-{spec.fingerprint[:16]}.bin").symlink_to("/dev/full")
    with pytest.raises(StoreFull, match="cannot be written: No space left") as caught:
        adapt()
    assert "goes on from there" in caught.value.hint


def test_vectors_are_kept_by_the_digest_of_the_pictures_bytes(adapt, blank, shop, tmp_path):
    adapt(stop_after=1)
    encoder = open_encoder(blank, device="cpu")
    path = Path(shops.rows_of(shop)[17]["image"])
    digest = hashlib.sha256(path.read_bytes()).digest()
    cache = VectorCache(tmp_path / "encoder.work", encoder.spec)
    picture = decode(path.read_bytes(), limits=PictureLimits(), target=encoder.spec.image_size)
    expected = encoder.encode_pixels(encoder.prepare(picture)[None])
    np.testing.assert_allclose(cache.vectors([digest]), expected, atol=1e-5)
    assert bytes(32) not in cache


def test_vectors_that_a_power_cut_made_zeros_are_encoded_anew(blank, tmp_path):
    spec = open_encoder(blank, device="cpu").spec
    path = tmp_path / f"pictures-{spec.revision[:16]}-{spec.fingerprint[:16]}.bin"
    path.write_bytes(bytes(10 * (32 + 4 * spec.dimension) + 5))
    cache = VectorCache(tmp_path, spec)
    assert bytes(32) not in cache
    vector = np.eye(1, spec.dimension, dtype=np.float32)
    cache.add([b"d" * 32], vector)
    np.testing.assert_array_equal(VectorCache(tmp_path, spec).vectors([b"d" * 32]), vector)
