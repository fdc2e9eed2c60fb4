"""Where in a picture a text is seen: patches that add up, a grid over the picture, and a peak on what is named."""

import json
from dataclasses import asdict
from importlib.util import find_spec
from itertools import islice
from types import SimpleNamespace

import numpy as np
import openclip_folders as folders
import pytest
import torch
from PIL import Image, ImageDraw
from safetensors.torch import save_file

from shelfsight.catalog.demo import render_catalogue
from shelfsight.core.protocols import Localiser
from shelfsight.core.vectors import normalise
from shelfsight.models import open_encoder
from shelfsight.models.encoders.adapted import ADAPTER, PICTURE_DELTA, WEIGHTS
from shelfsight.models.encoders.fit import over_picture, picture_in_input
from shelfsight.models.encoders.heat import NEUTRAL, occlusion, reloaded
from shelfsight.models.encoders.loading import load
from shelfsight.models.encoders.openclip import open_openclip
from shelfsight.models.encoders.patches import drift_of, patch_tower
from shelfsight.models.encoders.pixels import Prepare
from shelfsight.models.encoders.runtimes.cuda_runtime import CudaRuntime
from shelfsight.models.encoders.runtimes.towers import PictureTower

HALF = 256


@pytest.fixture(scope="module")
def embedded():
    return open_encoder("embedded", device="cpu")


def tower_of(name):
    loaded = load(str(name), torch.device("cpu"))
    return PictureTower(loaded.model, loaded.mean, loaded.std).eval(), loaded


def pixels_of(loaded, picture, side=None):
    size = loaded.sides if side is None else (side, side)
    return torch.from_numpy(Prepare({**loaded.preprocess, "size": size})(picture)[None])


def unpooled_score(tower, pixels):
    with torch.no_grad():
        return tower(pixels)[0].numpy()


@pytest.mark.parametrize("name", ["embedded", "timm"])
@pytest.mark.parametrize("finer", [True, False])
def test_the_vectors_of_patches_add_up_to_the_pictures(folder_of, pictures, name, finer):
    tower, loaded = tower_of(folder_of.get(name, name))
    patches = patch_tower(tower, loaded.sides, finer=finer)
    assert patches.sides == (loaded.sides if not finer else tuple(2 * side // 32 * 32 + 1 for side in loaded.sides))
    for picture in pictures[:3]:
        pixels = pixels_of(loaded, picture, patches.sides[0])
        vectors = patches(pixels).numpy()
        assert vectors.ndim == 3
        assert vectors.shape[0] * vectors.shape[1] > 8
        np.testing.assert_allclose(vectors.mean((0, 1)), unpooled_score(tower, pixels), rtol=1e-3, atol=1e-4)


def test_the_heat_of_a_text_adds_up_to_its_score(embedded, pictures):
    """Of a square picture, before the grid is stretched over it: the mean of the similarities is the score."""
    tower, loaded = tower_of("embedded")
    picture = pictures[0].resize((161, 161))
    texts = ["red running shoe", "blue bag"]
    patches = patch_tower(tower, loaded.sides, finer=False)
    similarities = embedded._heat.vectors(patches, picture) @ embedded.encode_texts(texts).T
    vector = unpooled_score(tower, pixels_of(loaded, picture))
    cosines = embedded.encode_pixels(embedded.prepare(picture)[None]) @ embedded.encode_texts(texts).T
    np.testing.assert_allclose(similarities.mean((0, 1)) / np.linalg.norm(vector), cosines[0], atol=1e-4)


def test_the_heat_is_that_of_the_patches_less_what_any_picture_shows(embedded):
    picture = Image.new("RGB", (321, 321), "white")
    ImageDraw.Draw(picture).rectangle((200, 40, 300, 140), fill=(200, 20, 30))
    tower, loaded = tower_of("embedded")
    vectors = patch_tower(tower, loaded.sides)(pixels_of(loaded, picture, 321)).numpy()
    direction = embedded.encode_texts(["red"])[0] - embedded.encode_texts(NEUTRAL).mean(axis=0)
    expected = over_picture(
        (vectors @ direction)[None], picture.size, (321, 321), loaded.preprocess, drift=embedded._heat._patches().drift
    )
    heat = embedded.heat(picture, ["red"])
    assert heat.shape == (1, 24, 24)
    assert heat.dtype == np.float32
    np.testing.assert_allclose(heat, expected, atol=1e-3 * np.ptp(expected))
    y, x = np.unravel_index(heat[0].argmax(), (24, 24))
    assert (200 < (x + 0.5) / 24 * 321 < 300, 40 < (y + 0.5) / 24 * 321 < 140) == (True, True)


def test_a_vision_transformers_patches_see_themselves_only(folder_of, pictures):
    """The last attention, with every other token out of sight, is its value and output projections (MaskCLIP)."""
    tower, loaded = tower_of(folder_of["clip"])
    patches = patch_tower(tower, loaded.sides)
    assert patches.sides == loaded.sides
    pixels = pixels_of(loaded, pictures[0])
    visual = tower.model.visual
    *earlier, last = visual.transformer.resblocks
    with torch.no_grad():
        x = visual._embeds(tower.standardise(pixels))
        for block in earlier:
            x = block(x)
        width = x.shape[-1]
        weight, bias = last.attn.in_proj_weight[2 * width :], last.attn.in_proj_bias[2 * width :]
        x = x + last.attn.out_proj(last.ln_1(x) @ weight.T + bias)
        x = x + last.mlp(last.ln_2(x))
        expected = (visual.ln_post(x) @ visual.proj)[0, 1:].reshape(4, 4, -1)
    np.testing.assert_allclose(patches(pixels).numpy(), expected.numpy(), atol=1e-5)


def test_attention_pooling_of_one_patch_is_its_own(folder_of, pictures):
    tower, loaded = tower_of(folder_of["siglip"])
    vectors = patch_tower(tower, loaded.sides)(pixels_of(loaded, pictures[0]))
    assert vectors.shape == (10, 10, loaded.dimension)
    assert vectors.isfinite().all()
    assert vectors.std(dim=(0, 1)).min() > 0


def test_every_encoder_localises(encoder_of, pictures):
    for encoder in encoder_of.values():
        assert isinstance(encoder, Localiser)
        for picture in pictures:
            heat = encoder.heat(picture, ["red shoe", "a bag", "photo"])
            assert heat.shape[0] == 3
            assert max(heat.shape[1:]) == 24
            assert np.isfinite(heat).all()


def test_a_batch_of_texts_is_its_members(embedded, pictures):
    texts = ["red", "running shoe", "blue bag"]
    together = embedded.heat(pictures[5], texts)
    alone = np.concatenate([embedded.heat(pictures[5], [text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_where_the_runtime_has_no_tower_it_is_loaded(embedded, pictures):
    tower = reloaded("embedded")
    pixels = torch.from_numpy(embedded.prepare(pictures[0])[None])
    cosines = normalise(unpooled_score(tower, pixels)[None]) @ embedded.encode_pixels(pixels.numpy()).T
    assert cosines.min() > 0.9999


@pytest.mark.skipif(find_spec("openvino") is None, reason="needs OpenVINO")
@pytest.mark.parametrize("runtime", ["auto", "openvino"])
def test_the_heat_does_not_depend_on_the_runtime(folder_of, encoder_of, pictures, runtime):
    other = open_openclip(str(folder_of["timm"]), device="cpu", runtime=runtime)
    for picture in pictures[1:3]:
        heat = encoder_of["timm"].heat(picture, ["red shoe"])
        np.testing.assert_allclose(other.heat(picture, ["red shoe"]), heat, atol=1e-2 * np.ptp(heat))


@pytest.mark.parametrize("kind", ["clip", "timm"])
def test_weights_that_were_cast_for_a_gpu_have_patches_too(folder_of, pictures, kind):
    tower, loaded = tower_of(folder_of[kind])
    pixels = pixels_of(loaded, pictures[0])
    exact = patch_tower(tower, loaded.sides, finer=False)(pixels)
    runtime = CudaRuntime(loaded, torch.device("cpu"))
    for part in tower.model.visual.modules():
        if isinstance(part, torch.nn.Linear | torch.nn.Conv2d):
            part.to(torch.bfloat16)
    cast = patch_tower(runtime.picture_tower, loaded.sides, finer=False)(pixels)
    assert cast.dtype is torch.float32
    np.testing.assert_allclose(cast, exact, atol=0.05 * exact.abs().max().item())


def test_an_adapted_encoder_turns_the_patches(encoder_of, tmp_path, pictures):
    base = encoder_of["timm"]
    delta = 0.3 * torch.randn(32, 32, generator=torch.Generator().manual_seed(1))
    (tmp_path / ADAPTER).write_text(json.dumps({"base": asdict(base.spec)}))
    save_file({PICTURE_DELTA: delta}, tmp_path / WEIGHTS)
    adapted = open_encoder(str(tmp_path), device="cpu")
    assert isinstance(adapted, Localiser)
    turned = (torch.eye(32) + delta).numpy()
    patches = base._heat._patches()
    expected = base._heat.vectors(patches, pictures[0]) @ turned
    np.testing.assert_allclose(adapted._heat.vectors(patches, pictures[0]), expected, rtol=1e-4, atol=1e-5)
    assert not np.allclose(adapted.heat(pictures[0], ["a bag"]), base.heat(pictures[0], ["a bag"]))


# --- the grid over the picture --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["longest", "shortest", "squash"])
@pytest.mark.parametrize("size", [(64, 64), (640, 120), (97, 301), (500, 3), (2000, 5)])
def test_a_picture_lies_in_the_input_where_the_network_finds_it(mode, size):
    """A picture that is dark in a middle half, through the true preprocessing: its edges are where they should be."""
    preprocess = {**folders.PREPROCESS, "size": 96, "resize_mode": mode, "fill_color": 255}
    seen = Prepare(preprocess)(Image.new("RGB", size))[0] < 128
    squeezed = size if max(size) <= 96 * min(size) else (96, 1)
    (top, bottom), (left, right) = picture_in_input(squeezed, (96, 96), mode)
    for (low, high), found in (((top, bottom), seen.any(axis=1)), ((left, right), seen.any(axis=0))):
        where = np.flatnonzero(found)
        assert where[0] == pytest.approx(max(low, 0), abs=1.01)
        assert where[-1] + 1 == pytest.approx(min(high, 96), abs=1.01)


@pytest.mark.parametrize(
    ("mode", "size"),
    [("longest", (300, 100)), ("longest", (100, 300)), ("squash", (300, 100)), ("shortest", (120, 100))],
)
@pytest.mark.parametrize(("side", "cells"), [(97, 25), (96, 12)])
def test_a_spot_is_found_where_it_is(mode, size, side, cells):
    """A grid made from the true preprocessing of a spot, as a network with either spacing of cells would see it."""
    width, height = size
    spot = (0.7 * width, 0.3 * height)
    picture = Image.new("RGB", size, "black")
    ImageDraw.Draw(picture).rectangle((spot[0] - 12, spot[1] - 12, spot[0] + 12, spot[1] + 12), fill="white")
    preprocess = {**folders.PREPROCESS, "size": side, "resize_mode": mode, "fill_color": 0}
    pixels = Prepare(preprocess)(picture)[0].astype(np.float32)
    grid = pixels[::4, ::4] if side % 2 else pixels.reshape(cells, side // cells, cells, side // cells).mean((1, 3))
    assert grid.shape == (cells, cells)
    heat = over_picture(grid[None], size, (side, side), preprocess)[0]
    assert heat.shape == (round(24 * height / max(size)), round(24 * width / max(size)))
    y, x = (np.average(np.arange(length) + 0.5, weights=heat.sum(axis=1 - axis)) / length
            for axis, length in enumerate(heat.shape))  # fmt: skip
    assert (x, y) == (pytest.approx(0.7, abs=0.03), pytest.approx(0.3, abs=0.04))


@pytest.mark.parametrize("shift", [(0, 0), (1, 0), (0, 1), (-1, 1)])
def test_a_grid_that_drifts_is_found_out_and_put_right(shift):
    """Cells of 32 pixels, of which each shows its neighbour's mean colour."""

    def patches(pixels):
        means = pixels.float().reshape(3, 10, 32, 10, 32).mean((2, 4))
        return means.roll(shift, (1, 2)).permute(1, 2, 0)

    drift = drift_of(patches, (320, 320))
    assert drift == pytest.approx(shift, abs=0.03)
    pixels = torch.zeros(1, 3, 320, 320, dtype=torch.uint8)
    pixels[..., 96:128, 192:224] = 255
    grid = patches(pixels)[..., 0].numpy()
    heat = over_picture(grid[None], (500, 500), (320, 320), {"resize_mode": "longest"}, drift=drift)[0]
    y, x = np.unravel_index(heat.argmax(), heat.shape)
    assert ((x + 0.5) / 24, (y + 0.5) / 24) == (pytest.approx(0.65, abs=0.03), pytest.approx(0.35, abs=0.03))


def test_of_a_grid_that_never_changes_no_drift_is_known():
    assert drift_of(lambda _: torch.zeros(4, 4, 3), (64, 64)) == (0, 0)


def test_the_embedded_tower_sees_a_disc_where_it_is(embedded):
    """To a twentieth of the picture on average; at first sight it appears half a cell too far right and too low."""
    places = np.random.default_rng(0).uniform(0.25, 0.75, (12, 2))
    found = []
    for x, y in places:
        picture = Image.new("RGB", (400, 400), (245, 245, 245))
        ImageDraw.Draw(picture).ellipse((400 * x - 60, 400 * y - 60, 400 * x + 60, 400 * y + 60), fill=(200, 30, 30))
        heat = embedded.heat(picture, ["red"])[0]
        hot = np.argwhere(heat >= 0.5 * heat.max()).mean(axis=0)
        found.append((hot[::-1] + 0.5) / 24)
    assert np.abs(np.mean(found - places, axis=0)).max() < 0.05


def test_what_is_cropped_away_has_the_least_heat():
    grid = np.arange(1, 17, dtype=np.float32).reshape(1, 4, 4)
    heat = over_picture(grid, (200, 100), (64, 64), {"resize_mode": "shortest"})[0]
    assert heat.shape == (12, 24)
    assert (heat[:, :6] == heat[:, 6:18].min()).all()
    assert (heat[:, 18:] == heat[:, 6:18].min()).all()


# --- greying out ----------------------------------------------------------------------------------------------------


class BrightnessEncoder:
    """A picture is how red and how green its pixels are, beside a constant."""

    spec = SimpleNamespace(image_size=32)

    def prepare(self, picture):
        return np.asarray(picture.resize((32, 32), Image.Resampling.BOX)).transpose(2, 0, 1)

    def encode_pixels(self, pixels_bchw):
        means = pixels_bchw.mean(axis=(2, 3)) / 255
        return np.concatenate([means[:, :2], np.ones((len(means), 1))], axis=1).astype(np.float32)


def test_greying_out_finds_what_counts():
    picture = Image.new("RGB", (300, 120), (127, 127, 127))
    ImageDraw.Draw(picture).rectangle((200, 60, 249, 79), fill=(255, 127, 127))
    ImageDraw.Draw(picture).rectangle((0, 0, 49, 19), fill=(127, 255, 127))
    directions = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
    heat = occlusion(BrightnessEncoder(), picture, directions)
    assert heat.shape == (2, 6, 6)
    assert np.unravel_index(heat[0].argmax(), (6, 6)) == (3, 4)
    assert np.unravel_index(heat[1].argmax(), (6, 6)) == (0, 0)
    # A cell shares two windows with its neighbour, one with the next but one: what it says fades so.
    np.testing.assert_allclose(heat[0, 3, 2:] / heat[0, 3, 4], [0, 0.5, 1, 0.5], atol=0.05)


# --- pointing -------------------------------------------------------------------------------------------------------


def composed(left, right, horizontal):
    picture = Image.new("RGB", (2 * HALF, HALF) if horizontal else (HALF, 2 * HALF), "white")
    picture.paste(left.picture.resize((HALF, HALF)), (0, 0))
    picture.paste(right.picture.resize((HALF, HALF)), (HALF, 0) if horizontal else (0, HALF))
    return picture


NAMED = ("kind", "colour")


@pytest.fixture(scope="module")
def pointed(embedded):
    """Of 40 pictures of two products each, of two kinds and two colours, side by side or one above the other: for each
    of ``NAMED``, whether the peak lies in the half of the product that is named."""
    items = [item for item in render_catalogue(seed=11, count=26) if item.background == "plain"]
    both = ((one, other) for step in (1, 2, 3, 4) for one, other in zip(items, items[step:], strict=False))
    differ = ((one, other) for one, other in both if one.kind != other.kind and one.colour != other.colour)
    found = {name: [] for name in NAMED}
    for number, products in enumerate(islice(differ, 40)):
        horizontal = number % 2 == 0
        texts = [getattr(product, name) for name in NAMED for product in products]
        heat_nhw = embedded.heat(composed(*products, horizontal), texts)
        for place, heat in enumerate(heat_nhw):
            y, x = np.unravel_index(heat.argmax(), heat.shape)
            share = (x + 0.5) / heat.shape[1] if horizontal else (y + 0.5) / heat.shape[0]
            found[NAMED[place // 2]].append((share > 0.5) == bool(place % 2))
    return found


@pytest.mark.parametrize("named", NAMED)
def test_the_peak_lies_on_the_product_that_is_named(pointed, named):
    """Measured here: 100% by kind, 99% by colour; see ``NEUTRAL`` for more pairs. Chance is one half."""
    assert len(pointed[named]) == 80
    assert np.mean(pointed[named]) >= 0.93
