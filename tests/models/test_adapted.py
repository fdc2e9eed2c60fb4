"""LoRA on the text tower of every kind of OpenCLIP model, and the encoder that an adapter makes of its base."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import openclip_folders as folders
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig

from shelfsight.core.errors import ModelError
from shelfsight.models import open_encoder
from shelfsight.models.encoders.adapted import ADAPTER, PICTURE_DELTA, WEIGHTS, AdapterFile, _AdaptedRuntime
from shelfsight.models.encoders.loading import load
from shelfsight.models.encoders.runtimes.base import preferred_batch
from shelfsight.training.adapt.learner import Learner, TextSide
from shelfsight.training.adapt.lora import TextLora, text_matrices
from shelfsight.training.adapt.settings import AdaptSettings

KINDS = ("clip", "siglip", "timm", "hf")
TEXTS = ["red shoe", "a", "A photo of a blue bag, size_42!", " ".join(["red shoes and blue bags"] * 40)]


@pytest.fixture(scope="module")
def named(folder_of, tmp_path_factory) -> dict[str, str]:
    """Kind -> name of an encoder of that kind."""
    hf = _write_hf_folder(tmp_path_factory.mktemp("hf"))
    return {kind: str(folder) for kind, folder in {**folder_of, "hf": hf}.items()}


@pytest.fixture(params=KINDS)
def name(request, named) -> str:
    return named[request.param]


@pytest.fixture
def loaded(name):
    return load(name, torch.device("cpu"))


def test_lora_at_the_start_is_exactly_the_base(loaded):
    ids = loaded.tokenizer(TEXTS)
    with torch.no_grad():
        expected = loaded.model.encode_text(ids, normalize=True)
        torch.testing.assert_close(TextLora(loaded.model, 4)(ids), expected, rtol=0, atol=1e-6)


def test_lora_reaches_every_matrix_of_the_blocks_and_no_table(loaded):
    names = text_matrices(loaded.model)
    assert not [each for each in names if "embedding" in each]
    blocks = {each for each in names if "resblocks" in each or "encoder.layer" in each}
    assert len(blocks) == 2 * (6 if "encoder.layer" in next(iter(blocks)) else 4)
    lora = TextLora(loaded.model, 4)
    with torch.no_grad():
        for up in lora.up:
            up.normal_()
    loss = lora(loaded.tokenizer(TEXTS)).square().sum(dim=0)[0]
    loss.backward()
    learning = [each for each, down in zip(lora.names, lora.down, strict=True) if down.grad is not None]
    assert [each for each in learning if down_moves(lora, each)] == learning
    assert set(learning) >= blocks
    assert all(value.grad is None for value in loaded.model.parameters())


def down_moves(lora: TextLora, name: str) -> bool:
    gradient = lora.down[lora.names.index(name)].grad
    return gradient is not None and bool(gradient.abs().sum() > 0)


def test_texts_without_their_padding_say_the_same(loaded):
    """Where the tower allows it, texts are cut; where it does not, they are left whole: never another vector."""
    lora = _stirred(TextLora(loaded.model, 4))
    side = TextSide(loaded, TEXTS, lora)
    with torch.no_grad():
        whole = lora(loaded.tokenizer(TEXTS))
    for number in range(len(TEXTS)):
        np.testing.assert_allclose(side.vectors(lora, [number])[0], whole[number].numpy(), atol=1e-5)


def test_causal_towers_are_cut_and_siglip_is_not(named):
    seen = {}
    for kind in KINDS:
        loaded = load(named[kind], torch.device("cpu"))
        seen[kind] = TextSide(loaded, TEXTS, TextLora(loaded.model, 2))._may_cut
    assert seen["clip"]
    assert seen["hf"]
    assert not seen["siglip"]


def test_anchors_are_the_base_whatever_was_learnt(loaded):
    lora = _stirred(TextLora(loaded.model, 4))
    side = TextSide(loaded, TEXTS, lora)
    with torch.no_grad():
        expected = loaded.model.encode_text(loaded.tokenizer(TEXTS), normalize=True)
    side.keep_anchors(lora, np.arange(4))
    np.testing.assert_allclose(side.anchors(np.arange(4)).numpy(), expected.numpy(), atol=1e-5)


def test_a_twin_shares_the_model_and_nothing_that_learns(loaded):
    learner = Learner(loaded, AdaptSettings())
    twin = learner.twin()
    assert twin.texts.tower is learner.texts.tower
    with torch.no_grad():
        twin.pictures.delta.add_(1)
        twin.texts.up[0].add_(1)
    assert not learner.pictures.delta.any()
    assert not learner.texts.up[0].any()


# --- the folder ------------------------------------------------------------------------------------------------------


@pytest.fixture
def adapter(name, loaded, tmp_path) -> Path:
    """An adapter of every kind of encoder, with deltas that show."""
    return _write_adapter(tmp_path / "adapted", name, loaded)


def test_merged_texts_equal_unmerged(adapter, loaded):
    factors = load_file(adapter / WEIGHTS)
    lora = TextLora(loaded.model, 3)
    with torch.no_grad():
        for name, (up, down) in lora.factors().items():
            up.copy_(factors[f"{name}.up"])
            down.copy_(factors[f"{name}.down"])
        expected = lora(loaded.tokenizer(TEXTS)).numpy()
        base = loaded.model.encode_text(loaded.tokenizer(TEXTS), normalize=True).numpy()
    found = open_encoder(str(adapter), device="cpu").encode_texts(TEXTS)
    np.testing.assert_allclose(found, expected, atol=2e-6)
    assert np.abs(found - base).max() > 1e-3


def test_pictures_go_through_the_matrix(adapter, name, pictures):
    base, adapted = open_encoder(name, device="cpu"), open_encoder(str(adapter), device="cpu")
    pixels = np.stack([base.prepare(picture) for picture in pictures])
    np.testing.assert_array_equal(pixels, np.stack([adapted.prepare(picture) for picture in pictures]))
    vectors, delta = base.encode_pixels(pixels), load_file(adapter / WEIGHTS)[PICTURE_DELTA].numpy()
    expected = vectors @ (np.eye(len(delta)) + delta)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(adapted.encode_pixels(pixels), expected, atol=1e-5)
    np.testing.assert_allclose(adapted.adapt(vectors), expected, atol=1e-6)


def test_an_adapted_encoder_wishes_the_batches_of_its_base():
    class Wide:
        name = "wide"
        batch_size = 256

    assert preferred_batch(_AdaptedRuntime(Wide(), np.zeros((2, 2), dtype=np.float32))) == 256


def test_an_adapted_encoder_has_its_own_name_and_revision_and_its_bases_preprocessing(adapter, name):
    base, adapted = open_encoder(name, device="cpu").spec, open_encoder(str(adapter), device="cpu").spec
    assert adapted.name == str(adapter)
    assert adapted.revision != base.revision
    assert replace(adapted, name=base.name, revision=base.revision) == base
    assert open_encoder(f"local-dir:{adapter}", device="cpu").spec == adapted


def test_other_weights_are_another_revision(adapter):
    before = open_encoder(str(adapter), device="cpu").spec
    weights = load_file(adapter / WEIGHTS)
    weights[PICTURE_DELTA] = weights[PICTURE_DELTA] + 1e-3
    save_file(weights, adapter / WEIGHTS)
    assert open_encoder(str(adapter), device="cpu").spec.revision != before.revision


@pytest.fixture
def clip_adapter(tmp_path) -> tuple[Path, Path]:
    base = folders.write_folder(tmp_path / "base", folders.CLIP_CFG, folders.PREPROCESS)
    loaded = load(str(base), torch.device("cpu"))
    return base, _write_adapter(tmp_path / "adapted", str(base), loaded)


def test_a_base_that_changed_is_refused(clip_adapter):
    base, adapter = clip_adapter
    weights = load_file(base / "open_clip_model.safetensors")
    save_file({name: value + 1e-4 for name, value in weights.items()}, base / "open_clip_model.safetensors")
    with pytest.raises(ModelError, match=r"was made for .*base' of revision .* is revision"):
        open_encoder(str(adapter), device="cpu")


def test_a_base_that_preprocesses_otherwise_is_refused(clip_adapter):
    base, adapter = clip_adapter
    document = json.loads((base / "open_clip_config.json").read_text())
    document["preprocess_cfg"]["mean"] = [0.1, 0.2, 0.3]
    (base / "open_clip_config.json").write_text(json.dumps(document))
    with pytest.raises(ModelError, match="preprocessing"):
        open_encoder(str(adapter), device="cpu")


def test_a_base_that_is_gone_is_refused(clip_adapter):
    base, adapter = clip_adapter
    base.rename(base.with_name("elsewhere"))
    with pytest.raises(ModelError, match=r"needs its base '.*base', which cannot be opened"):
        open_encoder(str(adapter), device="cpu")


@pytest.mark.parametrize(
    ("file", "data"),
    [(ADAPTER, b"{"), (ADAPTER, b'{"format": 2}'), (ADAPTER, b""), (WEIGHTS, b"nonsense"), (WEIGHTS, b"")],
)
def test_a_damaged_folder_is_refused(clip_adapter, file, data):
    _, adapter = clip_adapter
    (adapter / file).write_bytes(data)
    with pytest.raises(ModelError, match=f"{file} cannot be read"):
        open_encoder(str(adapter), device="cpu")


def test_weights_of_another_model_are_refused(clip_adapter):
    _, adapter = clip_adapter
    for change in ({PICTURE_DELTA: torch.zeros(3, 3)}, {"none.up": torch.ones(3, 3)}):
        before = load_file(adapter / WEIGHTS)
        save_file({**before, **change}, adapter / WEIGHTS)
        with pytest.raises(ModelError, match="does not fit"):
            open_encoder(str(adapter), device="cpu")
        save_file(before, adapter / WEIGHTS)


def test_an_adapter_on_an_adapter_is_refused(clip_adapter):
    _, adapter = clip_adapter
    said = AdapterFile.model_validate_json((adapter / ADAPTER).read_text())
    base = replace(said.base, name=str(adapter))
    (adapter / ADAPTER).write_text(AdapterFile(base=base).model_dump_json())
    with pytest.raises(ModelError, match="adapted itself"):
        open_encoder(str(adapter), device="cpu")


def _stirred(lora: TextLora) -> TextLora:
    torch.manual_seed(3)
    with torch.no_grad():
        for up in lora.up:
            up.normal_(std=0.05)
    return lora


def _write_adapter(folder: Path, name: str, loaded) -> Path:
    lora = _stirred(TextLora(loaded.model, 3))
    weights = {PICTURE_DELTA: 0.1 * torch.randn(loaded.dimension, loaded.dimension)}
    for matrix, (up, down) in lora.factors().items():
        weights |= {f"{matrix}.up": up.detach(), f"{matrix}.down": down.detach()}
    folder.mkdir()
    save_file(weights, folder / WEIGHTS)
    spec = open_encoder(name, device="cpu").spec
    (folder / ADAPTER).write_text(AdapterFile(base=spec).model_dump_json())
    return folder


def _write_hf_folder(root: Path) -> Path:
    """A BERT text tower, small, as OpenCLIP's models with a Hugging Face tower have it."""
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    BertConfig(vocab_size=64, max_position_embeddings=64, pad_token_id=folders.END, **sizes).save_pretrained(root)
    text = {
        "hf_model_name": str(root),
        "hf_tokenizer_name": "tokenizer-in-this-folder",
        "hf_model_pretrained": False,
        "hf_pooler_type": "mean_pooler",
        "hf_proj_type": "mlp",
        "context_length": 40,
    }
    return folders.write_folder(root / "model", {**folders.CLIP_CFG, "text_cfg": text}, folders.PREPROCESS)
