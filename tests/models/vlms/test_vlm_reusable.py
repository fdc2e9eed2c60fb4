"""Models that look once: features in place of pictures, questions that share a picture, and what features depend on."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from direct_vlm import Direct
from PIL import Image
from vlm_checkpoints import BUILDERS, YES_NO

from shelfsight.core.errors import ModelError, UsageError
from shelfsight.core.vision import Listwise, Reusable, VisionLanguageModel
from shelfsight.models import open_vlm
from shelfsight.models.vlms.reusable import ReusableVlm

Pairs = list[tuple[Image.Image, str]]
Saved = Callable[[str], Path]
REUSABLE = ("fast_vlm", "llava")
ROUNDING = 1e-3  # of features to float16
TOLERANCE = 1e-5


def _open(folder: Path) -> ReusableVlm:
    model = open_vlm(str(folder), device="cpu")
    assert isinstance(model, ReusableVlm)
    return model


@pytest.fixture(scope="module", params=REUSABLE)
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(architecture: str, saved: Saved) -> ReusableVlm:
    return _open(saved(architecture))


@pytest.mark.parametrize("name", [name for name, builder in BUILDERS.items() if builder.prompt])
def test_who_is_reusable_and_who_compares(name: str, saved: Saved) -> None:
    model: VisionLanguageModel = open_vlm(str(saved(name)), device="cpu")
    assert isinstance(model, Reusable) == (name in REUSABLE)
    assert isinstance(model, Listwise) == (name in ("qwen2_5_vl", "qwen3_vl", "internvl", "idefics3", "smolvlm"))


def test_features_are_what_the_decoder_sees(model: ReusableVlm, architecture: str, saved: Saved, pairs: Pairs) -> None:
    features = model.picture_features([picture for picture, _ in pairs])
    direct = Direct(saved(architecture), BUILDERS[architecture].prompt or "")
    for (picture, _), made in zip(pairs, features, strict=True):
        pixels = direct.inputs([picture], direct.prompt)["pixel_values"]
        (seen,) = direct.model.get_image_features(pixel_values=pixels).pooler_output
        assert made.dtype == np.float16
        assert made.base is None
        np.testing.assert_allclose(made, seen.detach().numpy(), rtol=2e-3, atol=1e-4)


def test_features_give_the_probabilities_of_pictures(model: ReusableVlm, pairs: Pairs) -> None:
    features = model.picture_features([picture for picture, _ in pairs])
    asked = [(made, question) for made, (_, question) in zip(features, pairs, strict=True)]
    scores = model.score_features(asked)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, model.score(pairs), atol=ROUNDING)
    singles = np.concatenate([model.score_features([pair]) for pair in asked])
    np.testing.assert_allclose(scores, singles, atol=TOLERANCE)


def test_questions_that_share_a_picture_are_answered_as_if_alone(model: ReusableVlm, pairs: Pairs) -> None:
    crossed = [(picture, question) for _, question in pairs for picture, _ in pairs] * 5  # 80: more than one batch
    alone = np.concatenate([model.score([pair]) for pair in crossed[: len(crossed) // 5]])
    np.testing.assert_allclose(model.score(crossed), np.tile(alone, 5), atol=TOLERANCE)
    made = dict(
        zip(map(id, (picture for picture, _ in pairs)), model.picture_features([p for p, _ in pairs]), strict=True)
    )
    scores = model.score_features([(made[id(picture)], question) for picture, question in crossed])
    np.testing.assert_allclose(scores, np.tile(alone, 5), atol=ROUNDING)


def test_features_may_be_rows_of_one_array_or_no_neighbours_in_memory(model: ReusableVlm, pairs: Pairs) -> None:
    features = model.picture_features([picture for picture, _ in pairs])
    rows, turned = np.stack(features), np.asfortranarray(np.stack(features))
    expected = model.score_features([(made, "Is it blue?") for made in features])
    assert np.ptp(expected) > 100 * TOLERANCE
    for stored in (rows, turned):
        stored.flags.writeable = False
        scores = model.score_features([(stored[index], "Is it blue?") for index in range(len(features))])
        np.testing.assert_allclose(scores, expected, atol=TOLERANCE)


def test_many_pictures_make_the_features_of_each(model: ReusableVlm, pairs: Pairs) -> None:
    pictures = [picture for picture, _ in pairs]
    many = model.picture_features(pictures * 20)
    for made, alone in zip(many, model.picture_features(pictures) * 20, strict=True):
        np.testing.assert_allclose(made, alone, rtol=2e-3, atol=1e-4)


def test_nothing_is_answered_with_nothing(model: ReusableVlm) -> None:
    assert model.picture_features([]) == []
    assert model.score_features([]).shape == (0,)


def test_features_of_another_model_are_refused(model: ReusableVlm) -> None:
    with pytest.raises(ModelError, match=r"features of shape \(3, 7\) are not of"):
        model.score_features([(np.zeros((3, 7), np.float16), "Is it blue?")])


def test_the_picture_counts_towards_what_the_decoder_reads(saved: Saved, pairs: Pairs, tmp_path: Path) -> None:
    folder = _changed(
        saved("fast_vlm"), tmp_path, "config.json", lambda it: it["text_config"].update(max_position_embeddings=40)
    )
    model, picture = _open(folder), pairs[0][0]
    tokens = len(Direct(folder, "").inputs([picture], BUILDERS["fast_vlm"].prompt or "")["input_ids"][0])
    assert tokens < 40  # with {question} as the question, which takes some itself
    model.score([(picture, "no")])
    with pytest.raises(UsageError, match="too long"):
        model.score([(picture, " no" * 20)])
    with pytest.raises(UsageError, match="too long"):
        model.generate([(picture, "no")], max_tokens=36)


def test_the_version_is_that_of_tower_projector_and_preprocessing(saved: Saved, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    version = _open(saved("llava")).features_version
    assert len(version) == 64
    assert _open(saved("llava")).features_version == version

    def with_weight(part: str) -> str:
        folder = Path(shutil.copytree(saved("llava"), tmp_path / part))
        weights = load_file(folder / "model.safetensors")
        next(weight for name, weight in weights.items() if part in name).view(-1)[0] += 1
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        return _open(folder).features_version

    def with_mean(it: dict[str, dict[str, list[float]]]) -> None:
        it["image_processor"]["image_mean"] = [0.1, 0.1, 0.1]

    other = _open(_changed(saved("llava"), tmp_path, "processor_config.json", with_mean)).features_version
    assert len({version, with_weight("vision"), with_weight("projector"), other}) == 4
    assert with_weight("language_model") == version


def test_the_version_is_that_of_the_weights_in_any_precision(saved: Saved, tmp_path: Path) -> None:
    """What was made on a GPU, in bfloat16, serves on a CPU."""
    folder = Path(shutil.copytree(saved("fast_vlm"), tmp_path / "copy"))
    model = transformers.AutoModelForImageTextToText.from_pretrained(folder)
    model.to(torch.bfloat16).save_pretrained(folder)
    assert _open(folder).features_version == _open(saved("fast_vlm")).features_version


def test_a_picture_may_stand_behind_the_question(saved: Saved, pairs: Pairs, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(saved("llava"), tmp_path / "copy"))
    words = "{% for part in messages[0]['content'] %}{{ part['text'] }}{% endfor %}"
    (folder / "chat_template.jinja").write_text(f"{words}<image> ANSWER:")
    direct = Direct(folder, f"{YES_NO}<image> ANSWER:")
    crossed = [(picture, question) for picture, _ in pairs for _, question in pairs]
    scores = _open(folder).score(crossed)
    np.testing.assert_allclose(scores, [direct.probability(*pair) for pair in crossed], atol=TOLERANCE)
    (folder / "chat_template.jinja").write_text(words)
    with pytest.raises(ModelError, match="cannot be used: its chat template does not show the picture once"):
        _open(folder)


def _changed(folder: Path, tmp_path: Path, file: str, change: Callable[..., object]) -> Path:
    copy = Path(shutil.copytree(folder, tmp_path / "changed"))
    document = json.loads((copy / file).read_text())
    change(document)
    (copy / file).write_text(json.dumps(document))
    return copy
