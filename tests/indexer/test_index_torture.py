"""Every bad or odd picture through the whole write path: indexed right, or reported with its reason."""

from contextlib import closing

import numpy as np
import pytest
from shops import PatchEncoder, Shop, settings, vector_of
from torture import TortureCase, make_torture_set

from shelfsight.core.pictures import decode
from shelfsight.core.settings import PictureLimits
from shelfsight.core.types import Picture
from shelfsight.indexer import index
from shelfsight.models import open_encoder
from shelfsight.stores import create_store


@pytest.fixture
def cases(tmp_path) -> list[TortureCase]:
    return make_torture_set(tmp_path / "torture")


def test_every_item_is_right_or_has_its_reason(cases, shop: Shop, store):
    assert len(cases) >= 40
    for number, case in enumerate(cases):
        shop.add(f"{number:03}", Picture(name=case.name, path=case.path))
    shop.add("last", shop.file("good.png", 1))
    encoder = PatchEncoder()
    report = index(shop, encoder=encoder, store=store, settings=settings())
    bad = {f"{n:03}": case.expected for n, case in enumerate(cases) if case.expected is not None}
    assert {failure.id: failure.reason for failure in report.failures} == bad
    assert (report.failed, report.indexed) == (len(bad), len(cases) - len(bad) + 1)
    snapshot = store.snapshot()
    for number, case in enumerate(cases):
        if case.expected is None:
            picture = decode(case.path.read_bytes(), limits=PictureLimits(), target=encoder.spec.image_size)
            expected = encoder.encode_pixels(encoder.prepare(picture)[None])
            np.testing.assert_allclose(snapshot.vectors(f"{number:03}"), expected, atol=1e-6, err_msg=case.name)


def test_bad_pictures_beside_a_good_one(cases, shop: Shop, store):
    """The same set, each beside a good picture: every item is in, with what was usable."""
    good = shop.file("good.png", 1)
    for number, case in enumerate(cases):
        shop.add(f"{number:03}", Picture(name=case.name, path=case.path), good)
    report = index(shop, encoder=PatchEncoder(), store=store, settings=settings())
    assert (report.indexed, report.failed) == (len(cases), 0)
    assert {failure.picture for failure in report.failures} == {c.name for c in cases if c.expected is not None}
    again = index(shop, encoder=PatchEncoder(), store=store, settings=settings())
    assert (again.unchanged, again.encoded) == (len(cases), 0)
    key = [(failure.id, failure.reason) for failure in report.failures]
    assert [(failure.id, failure.reason) for failure in again.failures] == key
    snapshot = store.snapshot()
    for number, case in enumerate(cases):
        vectors = snapshot.vectors(f"{number:03}")
        assert len(vectors) == (2 if case.expected is None else 1)
        np.testing.assert_allclose(vectors[-1], vector_of(good.path.read_bytes()), atol=1e-6)


def test_the_set_through_the_embedded_encoder(cases, shop: Shop, tmp_path):
    """Shapes and sizes that a network's own steps may not stand: the job goes on, and a new one has nothing to do."""
    encoder = open_encoder("embedded", device="cpu")
    for number, case in enumerate(cases):
        shop.add(f"{number:03}", Picture(name=case.name, path=case.path))
    bad = sum(case.expected is not None for case in cases)
    with closing(create_store(tmp_path / "real.collection", kind="exact", encoder=encoder.spec)) as store:
        report = index(shop, encoder=encoder, store=store, settings=settings())
        assert (report.indexed, report.failed) == (len(cases) - bad, bad)
        again = index(shop, encoder=encoder, store=store, settings=settings())
    assert (again.unchanged, again.failed, again.encoded) == (len(cases) - bad, bad, 0)
