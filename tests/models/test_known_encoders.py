"""What the descriptors say, against OpenCLIP, the hub's own cache layout and the weights in the package."""

import os
import sys
from pathlib import Path
from subprocess import run

import pytest
from huggingface_hub.file_download import repo_folder_name
from openclip_counts import parameters_of

import shelfsight.models as models
from shelfsight.core.errors import NotFound
from shelfsight.models import describe, descriptors
from shelfsight.models.encoders.names import EMBEDDED, Registry, parse_name
from shelfsight.models.known.descriptor import SMALL
from shelfsight.models.known.own import own_descriptor
from shelfsight.models.known.presence import WEIGHT_FILES
from shelfsight.models.torchvision_compat import ensure_torchvision

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TAGGED = [one for one in descriptors() if one.name.startswith(("ViT", "Mobile", "xlm", "nllb"))]
BUILT = [one for one in descriptors() if one.architecture is not None]


@pytest.fixture(scope="module")
def open_clip():
    ensure_torchvision()
    import open_clip

    return open_clip


@pytest.fixture(scope="module")
def registry(open_clip) -> Registry:
    return Registry(tags={name: open_clip.list_pretrained_tags_by_model(name) for name in open_clip.list_models()})


def test_there_is_a_choice_of_every_kind():
    assert len(descriptors()) >= 14
    assert len({one.name for one in descriptors()}) == len(descriptors())
    for kind in ("general", "fashion", "products", "multilingual", "small"):
        assert len(descriptors(kind)) >= 2, kind
        assert all(kind in one.kinds for one in descriptors(kind))
    assert {one.name for one in descriptors("small")} == {o.name for o in descriptors() if o.parameters <= SMALL}


def test_from_small_to_large():
    sizes = [one.parameters for one in descriptors()]
    assert sizes == sorted(sizes)
    assert descriptors()[0].name == EMBEDDED


@pytest.mark.parametrize("name", [one.name for one in descriptors()])
def test_every_name_is_one_that_open_encoder_takes(name, registry):
    assert parse_name(name, registry).name == name


@pytest.mark.parametrize("one", TAGGED, ids=lambda one: one.name)
def test_tags_are_where_openclip_takes_them_from(one, open_clip):
    architecture, _, tag = one.name.rpartition("/")
    assert one.architecture == architecture
    assert open_clip.pretrained.get_pretrained_cfg(architecture, tag)["hf_hub"] == f"{one.hub}/"


def test_hub_names_are_their_repositories():
    hub = [one for one in descriptors() if one.name.startswith("hf-hub:")]
    assert hub
    assert all(one.name == f"hf-hub:{one.hub}" for one in hub)
    assert len(hub) + len(TAGGED) + 1 == len(descriptors())


@pytest.mark.parametrize("one", BUILT, ids=lambda one: one.name)
def test_facts_are_those_of_the_architecture(one, open_clip):
    config = open_clip.get_model_config(one.architecture)
    assert one.dimension == config["embed_dim"]
    assert one.context_length == config["text_cfg"].get("context_length", 77)
    image_size, image, total = parameters_of(one.architecture)
    assert one.image_size == image_size
    assert (one.image_parameters, one.parameters) == (image, total)
    assert one.text_parameters == total - image


@pytest.mark.parametrize("one", [one for one in descriptors() if one.hub], ids=lambda one: one.name)
def test_downloads_are_float32(one):
    assert one.download_mb == pytest.approx(one.parameters * 4 / 1e6, rel=0.002)


def test_weight_files_are_those_openclip_looks_for(open_clip):
    pretrained = open_clip.pretrained
    assert (pretrained.HF_SAFE_WEIGHTS_NAME, pretrained.HF_WEIGHTS_NAME) == WEIGHT_FILES


@pytest.mark.parametrize("one", descriptors(), ids=lambda one: one.name)
def test_figures_have_sources_and_licences_say_what_they_allow(one):
    assert one.figures
    assert all(figure.source.startswith("https://") or one.name == EMBEDDED for figure in one.figures)
    assert len({(figure.task, figure.metric) for figure in one.figures}) == len(one.figures)
    assert one.licence_source.startswith("https://") or one.name == EMBEDDED
    forbidden = "research" in one.licence.casefold() or "-nc" in one.licence.casefold()
    assert one.commercial_use is not forbidden
    assert forbidden is ("forbids" in one.purpose)
    assert one.text_parameters is None or one.text_parameters > 0


def test_the_embedded_descriptor_is_the_embedded_encoder():
    from shelfsight.models.encoders.loading import load, pick_device
    from shelfsight.models.encoders.precision import parameters

    one, loaded = describe(EMBEDDED), load(EMBEDDED, pick_device("cpu"))
    assert (one.dimension, one.context_length) == (loaded.dimension, loaded.model.context_length)
    assert one.parameters == parameters(loaded.model)
    assert one.image_parameters == parameters(loaded.model.visual)
    assert one.download_mb == pytest.approx(loaded.weights.stat().st_size / 1e6, abs=0.05)
    size = loaded.preprocess["size"]
    assert one.image_size == (size if isinstance(size, int) else size[0])


def test_the_embedded_figures_are_those_of_its_model_card():
    card = (Path(models.__file__).parent / "embedded" / "encoder" / "README.md").read_text(encoding="utf-8")
    figures = own_descriptor().figures
    assert {"recall@10", "precision@10"} <= {figure.metric for figure in figures}
    for figure in figures:
        assert "benchmarks.quality" in figure.source
        line = next(line for line in card.splitlines() if line.startswith(f"| {figure.task} |"))
        assert f"{figure.value:g}" in line


def test_describe_knows_names_whatever_their_case():
    assert describe("VIT-B-32/LAION2B_S34B_B79K") is describe("ViT-B-32/laion2b_s34b_b79k")


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("marqo-fashionSiglp", "hf-hub:Marqo/marqo-fashionSigLIP"),
        ("Marqo/marqo-fashionSigLIP", "hf-hub:Marqo/marqo-fashionSigLIP"),
        ("ViT-B-32", "ViT-B-32/laion2b_s34b_b79k"),
        ("embeded", "embedded"),
    ],
)
def test_unknown_names_get_near_ones(asked, near):
    with pytest.raises(NotFound) as caught:
        describe(asked)
    assert near in caught.value.hint
    assert repr(asked) in caught.value.message


@pytest.mark.parametrize("asked", ["", " ", "qqqq", "\x00", "x" * 10_000])
def test_senseless_names_are_not_found(asked):
    with pytest.raises(NotFound) as caught:
        describe(asked)
    assert "Near names" not in caught.value.hint


def put_in_hub_cache(hub: Path, repository: str, file: str, *, finished: bool = True) -> Path:
    """A weight file as the hub's client leaves it: a blob, and a link to it in a snapshot once it is whole."""
    folder = hub / repo_folder_name(repo_id=repository, repo_type="model")
    blob = folder / "blobs" / ("b" * 64 if finished else "b" * 64 + ".incomplete")
    link = folder / "snapshots" / COMMIT / file
    for path in (blob, link, folder / "refs" / "main"):
        path.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(b"weights")
    (folder / "refs" / "main").write_text(COMMIT)
    if finished:
        link.symlink_to(os.path.relpath(blob, link.parent))
    return link


LOOK = """
import socket, sys
def refuse(*arguments): raise AssertionError("the network was asked")
socket.socket.connect = socket.getaddrinfo = refuse
from shelfsight.models import descriptors, weights_here
from shelfsight.models.known.presence import weights_path
here = [one for one in descriptors() if weights_here(one)]
print(*(one.name for one in here), sep="\\n")
print(*(weights_path(one) for one in here if one.hub), sep="\\n")
assert not {"torch", "open_clip", "transformers"} & set(sys.modules)
"""


def look(**environment: str) -> list[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    done = run([sys.executable, "-c", LOOK], env=clean | environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("variable", ["HF_HOME", "HF_HUB_CACHE"])
def test_weights_are_found_where_the_hub_keeps_them(tmp_path, variable):
    hub = tmp_path / "hub" if variable == "HF_HOME" else tmp_path
    safe = put_in_hub_cache(hub, "laion/CLIP-ViT-B-32-laion2B-s34B-b79K", WEIGHT_FILES[0])
    old = put_in_hub_cache(hub, "Marqo/marqo-fashionSigLIP", WEIGHT_FILES[1])
    put_in_hub_cache(hub, "timm/ViT-B-16-SigLIP", WEIGHT_FILES[0], finished=False)
    put_in_hub_cache(hub, "timm/ViT-B-16-SigLIP2", "open_clip_config.json")
    put_in_hub_cache(hub, "apple/DFN2B-CLIP-ViT-B-16", WEIGHT_FILES[0]).resolve().unlink()
    assert look(**{variable: str(tmp_path)}) == [
        "embedded",
        "ViT-B-32/laion2b_s34b_b79k",
        "hf-hub:Marqo/marqo-fashionSigLIP",
        str(safe),
        str(old),
    ]


def test_no_cache_is_no_weights(tmp_path):
    (tmp_path / "file").write_text("")
    assert look(HF_HOME=str(tmp_path / "nowhere")) == ["embedded"]
    assert look(HF_HUB_CACHE=str(tmp_path / "file")) == ["embedded"]
