"""The demo catalogue: the same every time, true to its own words, and published whole."""

import csv
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shelfsight.catalog.demo import DemoItem, render_catalogue, write_catalogue
from shelfsight.catalog.demo.assortment import SEASON, spec
from shelfsight.catalog.demo.canvas import Pose, curve, ellipse, mirrored, rasterise, ribbon, rounded
from shelfsight.catalog.demo.fabric import Print, printed
from shelfsight.catalog.demo.items import item
from shelfsight.catalog.demo.light import blur, soften
from shelfsight.catalog.demo.publish import queries
from shelfsight.catalog.demo.vocabulary import BRANDS, COLOURS, KINDS
from shelfsight.core.errors import UsageError

SEED, FEW = 4, 60


@pytest.fixture(scope="module")
def few() -> list[DemoItem]:
    return list(render_catalogue(SEED, FEW))


@pytest.fixture(scope="module")
def one_of_each() -> dict[str, DemoItem]:
    """The first plain item of every kind."""
    chosen: dict[str, int] = {}
    for index in range(SEASON):
        words = spec(SEED, index)
        if words.pattern == "plain":
            chosen.setdefault(words.kind.name, index)
    return {kind: item(SEED, index) for kind, index in chosen.items()}


def _lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* (D65) of sRGB values 0..255, (..., 3)."""
    channel = np.asarray(rgb, np.float64) / 255
    linear = np.where(channel > 0.04045, ((channel + 0.055) / 1.055) ** 2.4, channel / 12.92)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ to_xyz.T / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def _named(product: DemoItem) -> str:
    """The colour word nearest to the median pixel of the product's body; lightness, which varies, counts less."""
    seen = np.median(np.asarray(product.picture)[product.body > 0.95], axis=0)
    distance = (_lab(seen) - _lab(np.array(list(COLOURS.values())))) * [0.6, 1, 1]
    return list(COLOURS)[int(np.linalg.norm(distance, axis=1).argmin())]


class TestSameEveryTime:
    def test_same_seed_same_pixels_and_words(self, few: list[DemoItem]) -> None:
        for before, again in zip(few[:12], render_catalogue(SEED, 12), strict=True):
            assert before.picture.tobytes() == again.picture.tobytes()
            assert (before.id, before.title, before.price) == (again.id, again.title, again.price)

    def test_an_item_does_not_depend_on_how_many_there_are(self, few: list[DemoItem]) -> None:
        assert item(SEED, FEW - 1).picture.tobytes() == few[-1].picture.tobytes()

    def test_other_seeds_are_other_shops(self, few: list[DemoItem]) -> None:
        others = list(render_catalogue(SEED + 1, 8))
        assert all(a.picture.tobytes() != b.picture.tobytes() for a, b in zip(few[:8], others, strict=True))
        assert [a.title for a in few[:8]] != [b.title for b in others]

    def test_no_two_items_look_the_same(self, few: list[DemoItem]) -> None:
        assert len({product.picture.tobytes() for product in few}) == FEW


class TestAssortment:
    def test_every_kind_has_its_share_of_a_season(self) -> None:
        counts = Counter(spec(0, index).kind.name for index in range(SEASON))
        assert SEASON == 720
        assert len(counts) >= 14
        assert set(counts.values()) == {SEASON // len(KINDS)}

    def test_seasons_differ(self) -> None:
        first = [(spec(0, i).kind.name, spec(0, i).colour) for i in range(SEASON)]
        second = [(spec(0, SEASON + i).kind.name, spec(0, SEASON + i).colour) for i in range(SEASON)]
        assert Counter(first) != Counter(second)

    def test_words_are_of_the_vocabulary_and_in_the_title(self) -> None:
        for words in (spec(seed, index) for seed in (0, 1) for index in range(SEASON)):
            kind = words.kind
            assert words.colour in kind.colours
            assert words.pattern in kind.patterns
            assert words.brand in BRANDS[kind.trade]
            assert words.title.startswith(words.brand)
            assert words.title.endswith(f", {words.colour}")
            assert (words.pattern in words.title) is (words.pattern != "plain")
            assert kind.price[0] <= words.price <= kind.price[1] + 1
            assert all(choice in kind.forms[name] for name, choice in words.form.items())

    def test_titles_name_the_kind(self) -> None:
        for words in (spec(0, index) for index in range(SEASON)):
            assert words.kind.name in words.title

    def test_things_that_cannot_be_printed_are_plain(self) -> None:
        for words in (spec(seed, index) for seed in (0, 1) for index in range(SEASON)):
            if words.form.get("style") in ("pendant lamp", "desk lamp", "wooden chair", "beanie hat"):
                assert words.pattern == "plain"
            if words.kind.name in ("sofa", "handbag") and words.material == "leather":
                assert words.pattern == "plain"
            if words.material == "denim":
                assert words.colour in ("blue", "navy blue", "black", "grey", "white")

    def test_many_phrases_have_five_answers(self) -> None:
        season = [spec(0, index) for index in range(SEASON)]
        kinds = Counter((words.colour, words.kind.name) for words in season)
        prints = Counter((words.colour, words.pattern, words.kind.name) for words in season if words.pattern != "plain")
        assert sum(count >= 5 for count in kinds.values()) >= 80
        assert sum(count >= 5 for count in prints.values()) >= 20


class TestTrueToThePicture:
    def test_pictures_are_rgb_and_512(self, few: list[DemoItem]) -> None:
        assert {(product.picture.mode, product.picture.size) for product in few} == {("RGB", (512, 512))}

    def test_the_product_is_big_enough_and_whole(self, one_of_each: dict[str, DemoItem]) -> None:
        assert set(one_of_each) == set(KINDS)
        for kind, product in one_of_each.items():
            assert (product.body > 0.5).mean() > 0.02, kind
            assert (product.body[:, 0] < 0.5).all(), kind
            assert (product.body[:, -1] < 0.5).all(), kind

    def test_plain_products_have_the_colour_they_name(self, one_of_each: dict[str, DemoItem]) -> None:
        assert {kind: _named(p) for kind, p in one_of_each.items()} == {k: p.colour for k, p in one_of_each.items()}

    def test_nearly_all_products_have_the_colour_they_name(self, few: list[DemoItem]) -> None:
        wrong = [product.title for product in few if _named(product) != product.colour]
        assert len(wrong) <= FEW * 0.05, wrong

    def test_prints_show(self, few: list[DemoItem]) -> None:
        """A printed product varies more in its body than a plain one of the same colour family would."""
        spread = {"plain": [], "printed": []}  # type: dict[str, list[float]]
        for product in few:
            pixels = _lab(np.asarray(product.picture)[product.body > 0.95])
            spread["plain" if product.pattern == "plain" else "printed"].append(float(pixels.std(axis=0).sum()))
        assert np.median(spread["printed"]) > 1.8 * np.median(spread["plain"])

    def test_cluttered_places_are_busier_than_studios(self, few: list[DemoItem]) -> None:
        def border(product: DemoItem) -> float:
            frame = np.asarray(product.picture.convert("L"), np.float64)
            return float(np.concatenate([frame[:40].ravel(), frame[:, :30].ravel(), frame[:, -30:].ravel()]).std())

        plain, cluttered = ([border(p) for p in few if p.background == name] for name in ("plain", "cluttered"))
        assert len(cluttered) >= FEW * 0.25
        assert len(plain) >= FEW * 0.25
        assert np.median(cluttered) > 2 * np.median(plain)


def _phrases(seed: int, count: int) -> list[str]:
    """Colour + kind of each item, and colour + pattern + kind of the printed ones."""
    season = [spec(seed, index) for index in range(count)]
    prints = [f"{w.colour} {w.pattern} {w.kind.name}" for w in season if w.pattern != "plain"]
    return [f"{w.colour} {w.kind.name}" for w in season] + prints


def test_queries_name_exactly_the_items_that_answer_them(few: list[DemoItem]) -> None:
    items = [
        replace(few[0], id=str(index), kind=words.kind.name, colour=words.colour, pattern=words.pattern)
        for index, words in ((index, spec(SEED, index)) for index in range(SEASON))
    ]
    expected: dict[str, list[str]] = {}
    for colour in COLOURS:
        for kind in KINDS:
            for pattern in ("", "striped", "checked", "polka dot", "floral"):
                ids = [i.id for i in items if (i.colour, i.kind) == (colour, kind) and pattern in ("", i.pattern)]
                if len(ids) >= 5:
                    expected[" ".join(f"{colour} {pattern} {kind}".split())] = ids
    assert len(expected) > 100
    assert queries(items) == expected


class TestFiles:
    def test_catalogue_is_written_and_readable(self, tmp_path: Path, few: list[DemoItem]) -> None:
        steps: list[tuple[int, int]] = []
        table = write_catalogue(tmp_path / "shop", SEED, 30, lambda done, count: steps.append((done, count)))
        assert steps == [(n, 30) for n in range(1, 31)]
        assert table == tmp_path / "shop" / "catalog.csv"
        with table.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert [row["id"] for row in rows] == [product.id for product in few[:30]]
        for row, product in zip(rows, few, strict=False):
            assert float(row["price"]) == pytest.approx(product.price)
            assert {
                name: row[name] for name in ("title", "brand", "category", "kind", "colour", "pattern", "material")
            } == {
                name: getattr(product, name)
                for name in ("title", "brand", "category", "kind", "colour", "pattern", "material")
            }
            with Image.open(table.parent / row["image"]) as picture:
                assert (picture.format, picture.size) == ("JPEG", (512, 512))
                difference = np.abs(np.asarray(picture, np.int16) - np.asarray(product.picture, np.int16))
            assert difference.mean() < 4

    def test_queries_are_written(self, tmp_path: Path) -> None:
        seed = next(seed for seed in range(1000) if max(Counter(_phrases(seed, 48)).values()) >= 5)
        folder = write_catalogue(tmp_path / "shop", seed, 48).parent
        lines = [json.loads(line) for line in (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
        assert {line["query"] for line in lines} == {p for p, n in Counter(_phrases(seed, 48)).items() if n >= 5}

    def test_a_complete_catalogue_is_used_again(self, tmp_path: Path) -> None:
        table = write_catalogue(tmp_path / "shop", SEED, 3)
        before = {path: path.stat().st_mtime_ns for path in table.parent.rglob("*")}
        steps: list[int] = []
        assert write_catalogue(tmp_path / "shop", SEED, 3, lambda done, _: steps.append(done)) == table
        assert {path: path.stat().st_mtime_ns for path in table.parent.rglob("*")} == before
        assert steps == []

    def test_another_count_replaces_it_and_nothing_else(self, tmp_path: Path) -> None:
        shop = write_catalogue(tmp_path / "shop", SEED, 2).parent
        (shop / "collection").mkdir()
        (shop / "collection" / "items").write_text("indexed")
        table = write_catalogue(shop, SEED, 3)
        assert len(list((shop / "images").iterdir())) == 3
        assert len(table.read_text(encoding="utf-8").splitlines()) == 4
        assert (shop / "collection" / "items").read_text() == "indexed"
        assert [path.name for path in tmp_path.iterdir()] == ["shop"]

    def test_an_interrupted_replacement_is_done_again(self, tmp_path: Path) -> None:
        shop = write_catalogue(tmp_path / "shop", SEED, 2).parent
        (shop / "demo.json").write_text('{"version": 0}')
        (shop / "catalog.csv").unlink()
        assert len(write_catalogue(shop, SEED, 2).read_text(encoding="utf-8").splitlines()) == 3

    def test_an_interrupted_run_leaves_nothing_that_looks_complete(self, tmp_path: Path) -> None:
        class StopError(Exception):
            pass

        def stop(done: int, _count: int) -> None:
            if done == 2:
                raise StopError

        with pytest.raises(StopError):
            write_catalogue(tmp_path / "shop", SEED, 4, stop)
        assert list(tmp_path.iterdir()) == []
        assert len(list((write_catalogue(tmp_path / "shop", SEED, 4).parent / "images").iterdir())) == 4

    def test_a_half_written_folder_is_not_taken_for_complete(self, tmp_path: Path) -> None:
        table = write_catalogue(tmp_path / "shop", SEED, 3)
        (table.parent / "demo.json").unlink()
        with pytest.raises(UsageError, match="something else"):
            write_catalogue(tmp_path / "shop", SEED, 3)

    def test_a_folder_with_other_things_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "holiday.txt").write_text("mine")
        with pytest.raises(UsageError):
            write_catalogue(tmp_path, SEED, 2)
        assert (tmp_path / "holiday.txt").read_text() == "mine"


class TestToolkit:
    def test_curve_passes_through_its_knots(self) -> None:
        knots = [(0.0, 0.0), (40.0, 10.0), (50.0, 60.0), (5.0, 55.0)]
        points = curve(knots)
        for knot in knots:
            assert np.hypot(*(points - np.asarray(knot)).T).min() < 1e-4

    def test_a_ring_of_corners_is_a_straight_polygon(self) -> None:
        square = curve([(0, 0, 1), (100, 0, 1), (100, 100, 1), (0, 100, 1)])
        edge = np.minimum.reduce([square[:, 0], square[:, 1], 100 - square[:, 0], 100 - square[:, 1]])
        np.testing.assert_allclose(edge, 0, atol=1e-4)

    def test_mirrored_outline_is_symmetric(self) -> None:
        outline = mirrored([(0, -10), (30, -5, 1), (20, 40)])
        assert {(-k[0], k[1]) for k in outline} == {(k[0], k[1]) for k in outline}

    def test_areas(self) -> None:
        place = Pose().place
        disc = rasterise([place(ellipse(0, 0, 100, 50))])
        assert disc.cover.sum() == pytest.approx(np.pi * 100 * 50, rel=0.01)
        box = rasterise([place(rounded(-60, -40, 60, 40, 0.01))], [place(ellipse(0, 0, 20, 20))])
        assert box.cover.sum() == pytest.approx(120 * 80 - np.pi * 400, rel=0.02)
        band = rasterise([place(ribbon(np.asarray([[-100, 0], [100, 0]], np.float32), 10))])
        assert band.cover.sum() == pytest.approx(2000, rel=0.05)

    def test_pose_and_frame_are_inverse(self) -> None:
        pose = Pose(1.3, 17, 240, 260, flip=True)
        u, v = pose.frame((slice(100, 140), slice(200, 250)))
        x, y = pose.place(np.stack([u.ravel(), v.ravel()], axis=1)).T
        np.testing.assert_allclose(x.reshape(40, 50), np.tile(np.arange(200, 250) + 0.5, (40, 1)), atol=1e-3)
        np.testing.assert_allclose(y.reshape(40, 50), np.tile(np.arange(100, 140)[:, None] + 0.5, (1, 50)), atol=1e-3)

    @pytest.mark.parametrize("radius", [1.5, 6.0, 20.0])
    def test_blurs_keep_the_mass_and_spread_it(self, radius: float) -> None:
        spot = np.zeros((240, 240), np.float32)
        spot[110:130, 110:130] = 1
        soft = blur(spot, radius)
        assert soft.sum() == pytest.approx(400, rel=0.02)
        assert soft.max() < 1.0001
        assert (soft > 0.001).sum() > 400
        assert np.abs(soften(spot, radius).sum() / 400 - 1) < 0.1

    @pytest.mark.parametrize("name", ["striped", "checked", "polka dot", "floral"])
    def test_prints_keep_most_of_the_ground(self, name: str) -> None:
        """The named colour is the ground's; whatever the seed, it is the most common colour of the cloth."""
        base, accent = np.asarray([0.8, 0.1, 0.1]), np.asarray([1.0, 1.0, 1.0])
        v, u = np.mgrid[0:400, 0:400].astype(np.float32)
        for seed in range(24):
            cloth = printed(Print(name, base, accent, accent * 0.7, seed=seed), u, v)
            nearer = np.linalg.norm(cloth - base, axis=2) < np.linalg.norm(cloth - accent, axis=2)
            assert 0.5 < nearer.mean() < 0.97, (name, seed, nearer.mean())
