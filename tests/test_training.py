"""The training of the embedded encoder, on a tiny catalogue that the test draws itself."""

import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from training_shop import COLOURS, picture, write_catalogues

from shelfsight.models.torchvision_compat import ensure_torchvision
from shelfsight.training.__main__ import main
from shelfsight.training.batches import Batcher
from shelfsight.training.corpus import load_corpus
from shelfsight.training.data import FIELDS, Row, read_rows
from shelfsight.training.encoder import train_encoder
from shelfsight.training.examine import examine_encoder
from shelfsight.training.fused import fuse_norms
from shelfsight.training.inference import runner_of
from shelfsight.training.loss import contrastive_loss, phrase_truth, title_truth
from shelfsight.training.model import embed_texts
from shelfsight.training.pictures import draw_views, fit_square
from shelfsight.training.settings import EncoderSettings, Stage, TextTower
from shelfsight.training.texts import title_text, write_phrase
from shelfsight.training.tokenizer import fit_tokenizer
from shelfsight.training.vocabulary import Words
from shelfsight.training.words import brand_of, canonical_type, kind_of

SETTINGS = EncoderSettings(
    image_size=33,
    embed_dim=32,
    text=TextTower(vocabulary=400, context=12, width=32, heads=2, layers=1),
    rendered=0,
    threads=1,
    bfloat16=False,
    gallery=40,
    checkpoint_seconds=1e9,
    stages=(
        Stage(name="head", frozen=9, views=2, epochs=6, batch=24, rate=3e-3, warmup=2),
        Stage(name="upper", frozen=4, views=1, epochs=1, batch=24, rate=1e-3, tower_rate=1e-4, warmup=1, drop=0.1),
        Stage(name="whole", frozen=0, epochs=1, batch=24, rate=1e-3, tower_rate=1e-4, warmup=1),
    ),
)


@pytest.fixture(scope="module")
def catalogues(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_catalogues(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def trained(catalogues: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run")
    assert train_encoder(catalogues, out, SETTINGS) == out / "encoder"
    return out


def test_rows_leave_the_test_split_behind(catalogues: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = list(read_rows(catalogues))
    assert [row.split for row in rows].count("train") == 48 + 5
    assert [row.split for row in rows].count("validation") == 12
    assert not any(row.key.startswith("test") for row in rows)
    assert "grocery" in caplog.text


def test_a_row_knows_its_attributes_in_one_vocabulary(catalogues: Path) -> None:
    rows = list(read_rows(catalogues))
    assert rows[0].attributes == {
        "kind": "bags",
        "type": "handbags",
        "colour": "red",
        "gender": "women",
        "brand": "acme0",
    }
    second_hand = [row for row in rows if row.source == "clothing"]
    assert [row.attributes["kind"] for row in second_hand] == ["t shirts", "pants", "hoodies", "pants", "shoes"]
    assert second_hand[0].open().size == (180, 240)
    assert rows[0].open().getpixel((30, 40)) == COLOURS["Red"]


@pytest.mark.parametrize(
    ("name", "canonical", "kind"),
    [
        ("T-Shirt", "tshirts", "t shirts"),
        ("Tshirts", "tshirts", "t shirts"),
        ("Track Pants", "track pants", "pants"),
        ("lamp", "lamp", "lamp"),
    ],
)
def test_types_of_different_catalogues_meet(name: str, canonical: str, kind: str) -> None:
    assert canonical_type(name) == canonical
    assert kind_of(canonical) == kind


def test_phrases_say_what_is_true_and_know_what_they_say() -> None:
    row = Row("fashion", "1", "train", "", {"kind": "bags", "type": "backpacks", "colour": "navy blue"}, b"")
    random = np.random.default_rng(0)
    phrases = [write_phrase(row, random) for _ in range(400)]
    both = {phrase.text for phrase in phrases if phrase.named == (False, True, True, False, False, False, False)}
    assert "navy blue backpack" in both
    for phrase in phrases:
        names_colour = any(word in phrase.text for word in ("navy", "dark blue"))
        assert phrase.named[FIELDS.index("colour")] == names_colour
        assert not (phrase.named[FIELDS.index("kind")] and "backpack" in phrase.text)


def test_titles_keep_their_words_unless_they_say_so() -> None:
    random = np.random.default_rng(0)
    for _ in range(300):
        text, shortened = title_text("Acme Women Red Sling-Bag", random)
        words = text.replace("-", " ").split()
        assert set(words) <= {"Acme", "Women", "Red", "Sling", "Bag"}
        assert shortened or len(words) == 5


def test_tokenizer_round_trip(tmp_path: Path) -> None:
    ensure_torchvision()
    from open_clip.tokenizer import HFTokenizer

    texts = ["navy blue backpack", "red shoes 2011", "café crème"] * 3
    count = fit_tokenizer(texts, vocabulary=320, context=16, folder=tmp_path)
    tokenizer = HFTokenizer(str(tmp_path), context_length=16)
    tokens = tokenizer(["Navy BLUE backpack", "navy blue backpack", "", "🙂 " * 40])
    assert tokens.shape == (4, 16)
    assert torch.equal(tokens[0], tokens[1])
    assert tokens[:, 0].tolist() == [1] * 4
    assert (tokens == count - 1).sum(dim=1).tolist() == [1] * 4
    assert tokens.max() == count - 1
    for text in ("red shoes 2011", "café crème", "日本 🙂"):
        assert tokenizer.tokenizer.decode(tokenizer(text)[0], skip_special_tokens=True).strip() == text


def test_loss_by_hand() -> None:
    logits = torch.tensor([[2.0, 0.0, 1.0], [0.0, 1.0, 5.0]])
    right = torch.tensor([[True, False, True], [False, True, False]])
    ignored = torch.tensor([[False, False, False], [False, False, True]])
    first = -(2.0 + 1.0) / 2 + np.log(np.exp(2) + 1 + np.exp(1))
    second = -1.0 + np.log(1 + np.exp(1))
    columns = [np.log(np.exp(2) + 1) - 2.0, np.log(1 + np.exp(1)) - 1.0, 0.0]
    expected = ((first + second) / 2 + np.mean(columns)) / 2
    assert contrastive_loss(logits, right, ignored).item() == pytest.approx(expected, abs=1e-6)


def test_who_is_right_for_a_phrase() -> None:
    # fields: kind, type, colour, gender, usage, pattern, brand
    codes = np.array(
        [
            [0, 0, 0, -1, -1, -1, -1],
            [0, 0, 1, -1, -1, -1, -1],
            [0, 1, 0, -1, -1, -1, -1],
            [0, 1, -1, -1, -1, -1, -1],
            [1, 2, 0, 0, 0, 0, 0],
        ]
    )
    named = np.zeros((5, 7), dtype=bool)
    named[:, 1:3] = True  # type and colour
    right, ignored = phrase_truth(named, codes, np.array([0, 0, 0, 1, 0]))
    assert right[0].tolist() == [True, False, False, False, False]
    assert ignored[0].tolist() == [False, False, False, True, False]  # another shop's type of this kind, colour unknown


def test_who_is_right_for_a_title() -> None:
    codes = np.array([[0, 0], [0, 0], [0, 1], [2, 2]])
    right, ignored = title_truth(
        np.array([5, 6, 5, 9]), np.array([True, False, False, False]), codes, np.array([True, True, True, False])
    )
    assert right.int().tolist() == [[1, 0, 1, 0], [0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]
    assert ignored[0].tolist() == [True, True, False, False]
    assert ignored[3].tolist() == [True] * 4


def test_pictures_are_fitted_as_open_clip_does() -> None:
    ensure_torchvision()
    from open_clip.transform import image_transform

    image = Image.effect_noise((61, 97), 80).convert("RGB")
    transform = image_transform(
        33,
        is_train=False,
        mean=(0, 0, 0),
        std=(1, 1, 1),
        resize_mode="longest",
        interpolation="bicubic",
        fill_color=255,
    )
    expected = (transform(image).permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    assert np.array_equal(fit_square(image, 33), expected)


def test_fused_norms_are_the_same_function_with_the_same_gradients() -> None:
    ensure_torchvision()
    import timm

    torch.manual_seed(0)
    plain = timm.create_model("mobilenetv2_100", num_classes=0).eval()
    for module in plain.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.5, 0.5)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
    fused = deepcopy(plain)
    assert fuse_norms(fused) == sum(isinstance(module, torch.nn.BatchNorm2d) for module in plain.modules())
    fused = deepcopy(fused)  # as for averaged weights: the copy carries norms of its own
    assert fused.state_dict().keys() == plain.state_dict().keys()
    pixels = torch.rand(2, 3, 65, 65)
    for network in (plain, fused):
        network(pixels).square().mean().backward()
    torch.testing.assert_close(fused(pixels), plain(pixels), rtol=1e-3, atol=1e-5)
    for (name, ours), (_, theirs) in zip(fused.named_parameters(), plain.named_parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-2, atol=1e-5, msg=name)


def test_frozen_parts_run_alike_in_every_runtime() -> None:
    torch.manual_seed(0)
    parts: list[torch.nn.Module] = [torch.nn.Conv2d(3, 8, 3, stride=2), torch.nn.ReLU6(), torch.nn.Conv2d(8, 4, 1)]
    pixels = torch.rand(5, 3, 33, 33)
    exact = runner_of(parts, bfloat16=False)(pixels)
    quick = runner_of(parts, bfloat16=True)(pixels)
    assert torch.equal(exact, torch.nn.Sequential(*parts)(pixels))
    torch.testing.assert_close(quick, exact, rtol=0.02, atol=0.02)


def test_views_keep_size_and_hue() -> None:
    random = np.random.default_rng(0)
    pixels = np.full((40, 65, 65, 3), 255, dtype=np.uint8)
    pixels[:, 16:48, 16:48] = (200, 30, 30)
    views = draw_views(pixels, np.arange(40) % 2 == 0, random)
    assert views.shape == pixels.shape
    assert views.dtype == np.uint8
    for view in views:
        red, green, blue = view[view[..., 1] < 60].astype(int).T
        assert len(red) > 400
        assert (red > 3 * green).all()
        assert np.abs(green - blue).max() <= 1
    assert len({view.tobytes() for view in views}) == 40
    again = draw_views(pixels, np.arange(40) % 2 == 0, np.random.default_rng(0))
    assert np.array_equal(views, again)


def test_words_are_asked_of_their_own_catalogue() -> None:
    types = ["tshirts"] * 5 + ["shirts"] * 5 + ["rare"] + ["hoodie"] * 6
    rows = [Row("x", str(place), "train", "", {"type": word}, b"") for place, word in enumerate(types)]
    rows.append(Row("x", "unknown", "train", "", {}, b""))
    sources = np.array([0] * 11 + [1] * 6 + [0])
    words = Words("type", rows, np.arange(18), sources)
    assert len(words) == 3
    right, ignored = words.truth(np.array([0, 5, 10, 11, 17]))
    assert right.int().tolist() == [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 0, 1, 0]]
    assert ignored.int().tolist() == [[0, 0, 1, 1, 1], [0, 0, 1, 1, 1], [1, 1, 1, 0, 1]]
    for seed in range(20):
        texts = words.texts(np.random.default_rng(seed))
        assert len(set(texts)) == 3


def test_alike_pictures_stand_together_and_none_is_missed(catalogues: Path, tmp_path: Path) -> None:
    corpus = load_corpus(catalogues, tmp_path, SETTINGS)
    stage = Stage(name="x", frozen=9, epochs=1, batch=16, alike=8, rate=1e-3)
    batcher = Batcher(corpus, lambda texts: torch.zeros(len(texts), 4, dtype=torch.int64), stage, [1])
    seen = np.concatenate([batch.index for batch in batcher.epoch(0)])
    assert len(seen) == len(set(seen)) == batcher.steps_an_epoch * 16
    assert set(seen) <= set(corpus.train)
    kinds = [len(set(corpus.codes[batch.index, FIELDS.index("type")])) for batch in batcher.epoch(0)]
    loose = Batcher(
        corpus, lambda texts: torch.zeros(len(texts), 4, dtype=torch.int64), stage.model_copy(update={"alike": 1}), [1]
    )
    assert np.mean(kinds) < np.mean([len(set(corpus.codes[b.index, FIELDS.index("type")])) for b in loose.epoch(0)])


@pytest.mark.parametrize(
    ("title", "brand"),
    [
        ("Nike Men's Air Red Shoes", "Nike"),
        ("United Colors of Benetton Women Top", "United Colors of Benetton"),
        ("Milk", ""),
    ],
)
def test_brand_of_a_title(title: str, brand: str) -> None:
    assert brand_of(title) == brand


@pytest.mark.slow
def test_training_lowers_the_loss(trained: Path) -> None:
    lines = [json.loads(line) for line in (trained / "log.jsonl").read_text().splitlines()]
    stages = [line["stage"] for line in lines if line["kind"] == "validation"]
    assert stages == ["head"] * 6 + ["upper", "whole"]
    losses = [line["loss"] for line in lines if line["kind"] == "steps" and line["stage"] == "head"]
    assert losses[-1] < 0.95 * losses[0]
    with Image.open(trained / "log.png") as plot:
        assert plot.size == (1000, 400)


@pytest.mark.slow
def test_interrupted_and_resumed_equals_uninterrupted(trained: Path, catalogues: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    for steps in (5, 4, 4, 1):
        assert train_encoder(catalogues, tmp_path, SETTINGS, stop_after=steps) is None
    folder = train_encoder(catalogues, tmp_path, SETTINGS)
    assert folder is not None
    ours = load_file(folder / "open_clip_model.safetensors")
    theirs = load_file(trained / "encoder" / "open_clip_model.safetensors")
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.slow
def test_a_finished_encoder_is_examined_as_between_epochs(trained: Path, catalogues: Path) -> None:
    lines = [json.loads(line) for line in (trained / "log.jsonl").read_text().splitlines()]
    last = next(line for line in reversed(lines) if line["kind"] == "validation")
    found = examine_encoder(trained / "encoder", catalogues, trained / "cache", SETTINGS)
    assert found.keys() == {name for name in last if "@" in name}
    for name, value in found.items():
        assert value == pytest.approx(last[name], abs=0.05)


@pytest.mark.slow
def test_the_mean_of_encoders(trained: Path, catalogues: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    first = trained / "encoder"
    settings = SETTINGS.model_copy(update={"seed": 8, "stages": SETTINGS.stages[:1]})
    second = train_encoder(catalogues, tmp_path / "second", settings, start=first)
    assert second is not None
    out = tmp_path / "mean"
    result = CliRunner().invoke(main, ["average", f"{first}=0.75", f"{second}=0.25", "--out", str(out)])
    assert result.exit_code == 0, result.output
    mean, one, two = (load_file(folder / "open_clip_model.safetensors") for folder in (out, first, second))
    assert not torch.equal(one["visual.head.proj.weight"], two["visual.head.proj.weight"])
    for name, value in mean.items():
        expected = 0.75 * one[name].float() + 0.25 * two[name].float() if value.is_floating_point() else one[name]
        torch.testing.assert_close(value, expected.to(value.dtype), rtol=2e-3, atol=1e-6)
    assert (out / "tokenizer.json").read_bytes() == (first / "tokenizer.json").read_bytes()
    wrong = CliRunner().invoke(main, ["average", f"{first}=0.75", f"{second}=0.5", "--out", str(tmp_path / "wrong")])
    assert wrong.exit_code == 2
    assert "add up to 1.25" in wrong.output


@pytest.mark.slow
def test_a_run_with_other_settings_is_not_mixed_in(trained: Path, catalogues: Path) -> None:
    with pytest.raises(ValueError, match="other settings"):
        train_encoder(catalogues, trained, SETTINGS.model_copy(update={"seed": 8}))


def test_nothing_to_learn_from(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    result = CliRunner().invoke(
        main, ["encoder", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "out"), "--rendered", "0"]
    )
    assert result.exit_code == 2
    assert "no training rows" in result.output


@pytest.mark.slow
def test_the_folder_loads_in_open_clip(trained: Path) -> None:
    ensure_torchvision()
    import open_clip

    name = f"local-dir:{trained / 'encoder'}"
    model, _, preprocess = open_clip.create_model_and_transforms(name)
    tokenizer = open_clip.get_tokenizer(name)
    model.eval()
    texts = ["red", "Acme1 Women Blue Handbags", "a very long query with many more words than the context can hold", ""]
    with torch.no_grad():
        batch = model.encode_text(tokenizer(texts), normalize=True)
        single = torch.cat([model.encode_text(tokenizer(text), normalize=True) for text in texts])
        trimmed = embed_texts(model, tokenizer(texts))
        pixels = preprocess(picture("Red", "Handbags"))[None]
        embedded = model.encode_image(pixels)
        patches = model.visual.head(model.visual.trunk.forward_features(pixels).flatten(2).transpose(1, 2))
    torch.testing.assert_close(batch, single, rtol=0, atol=1e-5)
    torch.testing.assert_close(batch, trimmed, rtol=0, atol=1e-5)
    torch.testing.assert_close(embedded, patches.mean(dim=1), rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_torchvision_imports_beside_any_torch() -> None:
    program = (
        "import threading\n"
        "from shelfsight.models.torchvision_compat import ensure_torchvision\n"
        "threads = [threading.Thread(target=ensure_torchvision) for _ in range(4)]\n"
        "[thread.start() for thread in threads]; [thread.join() for thread in threads]\n"
        "ensure_torchvision()\n"
        "import torch, torchvision, timm\n"
        "print(torch.ops.torchvision.nms.default.name())\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("torchvision::nms", "")
