"""Names, digests and errors of encoders."""

import hashlib
import json
import shutil

import openclip_folders as folders
import pytest

from shelfsight.core.errors import ModelError
from shelfsight.models import open_encoder
from shelfsight.models.encoders import names
from shelfsight.models.encoders.digests import weights_digest

REGISTRY = names.Registry(
    tags={
        "ViT-B-32": ["openai", "laion2b_s34b_b79k"],
        "ViT-B-16": ["openai"],
        "ViT-B-16-SigLIP": ["webli"],
        "mt5-base-ViT-B-32": [],
    }
)


def test_a_folder_is_named_by_its_absolute_path(folder_of, monkeypatch):
    folder = folder_of["clip"]
    monkeypatch.chdir(folder.parent)
    plain = names.parse_name("./clip", REGISTRY)
    assert plain == names.parse_name("local-dir:clip", REGISTRY) == names.parse_name(str(folder), REGISTRY)
    assert (plain.name, plain.model) == (str(folder.resolve()), f"local-dir:{folder.resolve()}")


def test_built_in_and_hub_names():
    source = names.parse_name("ViT-B-32/laion2b_s34b_b79k", REGISTRY)
    assert (source.model, source.tag, source.folder) == ("ViT-B-32", "laion2b_s34b_b79k", None)
    hub = names.parse_name("hf-hub:timm/ViT-B-16-SigLIP", REGISTRY)
    assert (hub.model, hub.tag) == ("hf-hub:timm/ViT-B-16-SigLIP", None)


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("ViT-B-32", "needs the tag of its weights", "ViT-B-32/openai, ViT-B-32/laion2b_s34b_b79k"),
        ("ViT-B/32", "needs the tag of its weights", "ViT-B-32/openai"),
        ("ViT-B-32/laion", "ViT-B-32 has no weights called 'laion'", "ViT-B-32/laion2b_s34b_b79k"),
        ("vit-b-16-siglipp/webli", "there is no encoder", "ViT-B-16-SigLIP/webli"),
        ("mt5-base-ViT-B-32", "needs the tag", "OpenCLIP knows no weights for mt5-base-ViT-B-32"),
        ("zzz", "there is no encoder 'zzz'", "'embedded'"),
        (" ", "is empty", "'embedded'"),
        ("hf-hub:clip", "is not a hub name", "hf-hub:organisation/model"),
        ("./nowhere", "does not exist", "OpenCLIP model folder"),
        ("/nowhere/at/all", "does not exist", "OpenCLIP model folder"),
    ],
)
def test_wrong_names_are_told_apart(name, message, hint):
    with pytest.raises(ModelError) as caught:
        names.parse_name(name, REGISTRY)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize("name", ["~no-such-user/model", "a" * 5000, "local-dir:" + "a" * 5000, "local-dir:a\0b"])
def test_names_that_can_be_no_path(name):
    with pytest.raises(ModelError, match=r"can be no folder|does not exist"):
        names.parse_name(name, REGISTRY)


def test_the_real_registry_suggests_real_names():
    with pytest.raises(ModelError, match="there is no encoder") as caught:
        open_encoder("ViT-B-33/openai")
    assert "ViT-B-32/openai" in (caught.value.hint or "")
    with pytest.raises(ModelError, match="needs the tag") as caught:
        open_encoder("ViT-B-32")
    assert "ViT-B-32/laion2b_s34b_b79k" in (caught.value.hint or "")


def test_a_folder_that_is_no_openclip_folder(tmp_path):
    with pytest.raises(ModelError, match=r"has no open_clip_config\.json"):
        open_encoder(str(tmp_path))


def test_a_folder_without_weights(tmp_path, folder_of):
    folder = shutil.copytree(folder_of["clip"], tmp_path / "bare")
    (folder / "open_clip_model.safetensors").unlink()
    with pytest.raises(ModelError, match="has no weights"):
        open_encoder(str(folder))


@pytest.mark.parametrize("damage", ["config", "weights", "other"])
def test_a_damaged_folder(tmp_path, folder_of, damage):
    folder = shutil.copytree(folder_of["timm"], tmp_path / "damaged")
    if damage == "config":
        (folder / "open_clip_config.json").write_text("{")
    elif damage == "weights":
        (folder / "open_clip_model.safetensors").write_bytes(b"not a tensor file")
    else:
        shutil.copy(folder_of["siglip"] / "open_clip_model.safetensors", folder)
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        open_encoder(str(folder))
    assert str(folder) in caught.value.message


def test_a_device_that_is_not_there(folder_of):
    for device in ("cuda:7", "abacus"):
        with pytest.raises(ModelError, match=f"there is no device '{device}'"):
            open_encoder(str(folder_of["clip"]), device=device)


def test_revision_is_the_digest_of_the_weight_file(folder_of, encoder_of):
    expected = hashlib.sha256((folder_of["clip"] / "open_clip_model.safetensors").read_bytes()).hexdigest()
    assert encoder_of["clip"].spec.revision == expected


def test_a_blob_of_the_hub_cache_is_known_by_its_name(tmp_path):
    blob = tmp_path / "blobs" / ("0" * 64)
    blob.parent.mkdir()
    blob.write_bytes(b"anything")
    link = tmp_path / "open_clip_model.safetensors"
    link.symlink_to(blob)
    assert weights_digest(link) == "0" * 64
    assert weights_digest(blob) == hashlib.sha256(b"anything").hexdigest()


def test_spec_of_a_folder(encoder_of, folder_of):
    spec = encoder_of["siglip"].spec
    assert (spec.name, spec.dimension, spec.image_size) == (str(folder_of["siglip"].resolve()), 64, 160)


def test_fingerprint_follows_preprocessing_and_tokenizer(tmp_path, folder_of, encoder_of):
    def fingerprint_with(change) -> str:
        folder = shutil.copytree(folder_of["timm"], tmp_path / change.__name__)
        config = json.loads((folder / "open_clip_config.json").read_text())
        change(config)
        (folder / "open_clip_config.json").write_text(json.dumps(config))
        return open_encoder(str(folder), device="cpu").spec.fingerprint

    def nothing(config):
        pass

    def other_mean(config):
        config["preprocess_cfg"]["mean"] = [0.5, 0.5, 0.5]

    def other_resize(config):
        config["preprocess_cfg"]["resize_mode"] = "squash"

    def other_cleaning(config):
        config["model_cfg"]["text_cfg"]["tokenizer_kwargs"] = {"clean": "whitespace"}

    base = encoder_of["timm"].spec.fingerprint
    assert fingerprint_with(nothing) == base
    others = {fingerprint_with(change) for change in (other_mean, other_resize, other_cleaning)}
    assert len(others) == 3
    assert base not in others


def test_another_seed_is_another_revision(tmp_path, encoder_of):
    folder = folders.write_folder(tmp_path / "other", folders.TIMM_CFG, folders.PREPROCESS, seed=8)
    other = open_encoder(str(folder), device="cpu").spec
    assert other.revision != encoder_of["timm"].spec.revision
    assert other.fingerprint == encoder_of["timm"].spec.fingerprint
