"""Vectors over HTTP, against the embedded encoder and against vectors worked out by hand."""

import base64
from pathlib import Path

import httpx
import numpy as np
import pytest
from tint_shop import png, problem_of, served_tints

from shelfsight import Engine

Shop = tuple[Engine, httpx.Client]


def test_vectors_are_those_that_searches_use(shop: Shop, demo_folder: Path) -> None:
    engine, client = shop
    picture = (demo_folder / "images" / "demo-00007.jpg").read_bytes()
    body = {"texts": ["a red dress", "-floral"], "pictures": [base64.b64encode(picture).decode()]}
    answer = client.post("/v1/embed", json=body).json()
    spec = engine.encoder.spec
    assert answer["encoder"] == {"name": "embedded", "revision": spec.revision, "dimension": spec.dimension}
    np.testing.assert_allclose(answer["texts"], engine.encoder.encode_texts(["a red dress", "-floral"]), atol=1e-6)
    text, shown = np.array(answer["texts"][0]), np.array(answer["pictures"][0])
    found = {hit.id: hit.score for hit in engine.search("a red dress", k=96).hits}
    assert found["demo-00007"] == pytest.approx(float(text @ shown), abs=2e-3)
    assert np.linalg.norm(shown) == pytest.approx(1, abs=1e-5)

    packed = client.post("/v1/embed", json={**body, "encoding": "base64"}).json()
    row = np.frombuffer(base64.b64decode(packed["texts"][1]), "<f4")
    np.testing.assert_array_equal(row, np.array(answer["texts"][1], dtype=np.float32))
    uploaded = client.post("/v1/embed", data={"texts": ["a red dress"]}, files=[("pictures", picture)]).json()
    np.testing.assert_allclose(uploaded["pictures"], answer["pictures"], atol=1e-6)
    np.testing.assert_allclose(uploaded["texts"], answer["texts"][:1], atol=1e-6)


def test_order_and_many_at_once(tmp_path: Path) -> None:
    with served_tints(tmp_path, "shop", default="shop") as (_, client):
        colours = ["red", "lime", "blue"] * 15
        files = [("pictures", (f"{n}", png(colour))) for n, colour in enumerate(colours)]
        answer = client.post("/v1/embed", data={"texts": colours}, files=files).json()
        expected = [np.eye(3)[("red", "lime", "blue").index(colour)] for colour in colours]
        np.testing.assert_allclose(answer["texts"], expected, atol=1e-5)
        np.testing.assert_allclose(answer["pictures"], expected, atol=1e-5)
        assert client.post("/v1/collections/shop/embed", json={"texts": ["red"]}).json()["texts"] == [
            answer["texts"][0]
        ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "give texts or pictures"),
        ({"texts": []}, "give texts or pictures"),
        ({"texts": "red"}, "texts"),
        ({"texts": ["red"] * 257}, "texts"),
        ({"texts": ["red", "x" * 10_001]}, "text 1"),
        ({"pictures": ["?"]}, "pictures.0"),
        ({"pictures": ["eA=="]}, "picture 0"),
        ({"texts": ["red"], "encoding": "hex"}, "encoding"),
        ({"texts": ["red"], "model": "other"}, "model"),
    ],
)
def test_what_cannot_be_embedded(shop: Shop, body: object, said: str) -> None:
    assert said in problem_of(shop[1].post("/v1/embed", json=body), 422)["detail"]


def test_half_a_character_cannot_be_embedded(shop: Shop) -> None:
    body = b'{"texts": ["red", "\\ud800"]}'
    found = problem_of(shop[1].post("/v1/embed", content=body, headers={"content-type": "application/json"}), 422)
    assert "text 1" in found["detail"]


def test_forms_that_cannot_be_embedded(shop: Shop) -> None:
    client = shop[1]
    problem_of(client.post("/v1/embed", files={"image": png("red")}), 422, "usage")
    problem_of(client.post("/v1/embed", data={"pictures": "eA=="}, files={"pictures": png("red")}), 422, "usage")
    problem_of(client.post("/v1/embed", data={"more": "1"}, files={"pictures": png("red")}), 422, "usage")
    problem_of(client.post("/v1/embed", content=b"red"), 415)
    found = problem_of(
        client.post("/v1/embed", files=[("pictures", b""), ("pictures", png("red"))]), 422, "bad_picture"
    )
    assert found["reason"] == "empty_file"
