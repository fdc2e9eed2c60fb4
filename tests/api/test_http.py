"""HTTP through a real server: answers equal the engine's, errors are problem documents, nothing leaks."""

import base64
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from conforming import conforming
from front_door import ODD_IDS
from PIL import Image
from served import served

from shelfsight import Engine, open_engine
from shelfsight.api.documents import page_document
from shelfsight.core.protocols import Change, EncoderSpec, Fingerprints, StoredItem, StoredPicture
from shelfsight.stores import create_store

Shop = tuple[Engine, httpx.Client]


def hits(page: Any) -> list[tuple[str, float]]:
    """(id, score) pairs of a page, whether it came over HTTP or not."""
    document = page if isinstance(page, dict) else page_document(page)
    return [(hit["id"], hit["score"]) for hit in document["hits"]]


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document = response.json()
    assert document["status"] == status
    assert document["code"]
    assert document["detail"]
    assert "Traceback" not in response.text
    return dict(document)


@pytest.mark.parametrize("name", ["query", "text"])
def test_search_in_json_equals_the_engine(shop: Shop, name: str) -> None:
    engine, client = shop
    body = {name: "a red floral dress", "k": 7, "offset": 2, "filter": "price < 120", "facets": ["kind"]}
    response = client.post("/v1/search", json=body)
    expected = engine.search("a red floral dress", k=7, offset=2, filter="price < 120", facets=["kind"])
    assert response.status_code == 200
    assert hits(response.json()) == hits(expected)
    assert response.json()["facets"] == {"kind": dict(expected.facets["kind"])}
    assert response.json()["total"] == expected.total


def test_search_by_picture_equals_the_engine(shop: Shop, demo_folder: Path) -> None:
    engine, client = shop
    picture = (demo_folder / "images" / "demo-00007.jpg").read_bytes()
    expected = hits(engine.search("in blue", image=picture, image_weight=0.7, k=5))
    fields = {"query": "in blue", "image_weight": "0.7", "k": "5"}
    uploaded = client.post("/v1/search", data=fields, files={"image": ("any name.gif", picture)})
    assert hits(uploaded.json()) == expected
    body = {"query": "in blue", "image_weight": 0.7, "k": 5, "image": base64.b64encode(picture).decode()}
    assert hits(client.post("/v1/search", json=body).json()) == expected
    alone = client.post("/v1/search", files={"image": picture}, data={"k": "1"}).json()
    assert alone["hits"][0]["id"] == "demo-00007"


def test_minus_terms(shop: Shop) -> None:
    engine, client = shop
    expected = hits(engine.search("dress", negative=["floral", "striped"]))
    assert hits(client.post("/v1/search", json={"query": "dress -floral -striped"}).json()) == expected
    assert (
        hits(client.post("/v1/search", json={"query": "dress", "negative": ["floral", "striped"]}).json()) == expected
    )
    form = client.post("/v1/search", data={"query": "dress", "negative": ["floral", "striped"]}, files={"image": b""})
    problem(form, 422)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "empty"),
        ({"query": "  "}, "empty"),
        ({"query": "x", "k": 0}, "k is 0"),
        ({"query": "x", "k": 10_000}, "k is 10000"),
        ({"query": "x", "k": "many"}, "k:"),
        ({"query": "x", "offset": -1}, "offset"),
        ({"query": "x", "image_weight": 1.5}, "image_weight"),
        ({"query": "x", "filter": "nowhere == 1"}, "nowhere"),
        ({"query": "x", "facets": ["nowhere"]}, "nowhere"),
        ({"query": "x", "rerank": "perhaps"}, "rerank"),
        ({"query": "x", "unknown": 1}, "unknown"),
        ({"query": ["x"]}, "query"),
        ({"image": "no base64!"}, "base64"),
        ([1, 2], "body"),
    ],
)
def test_bad_searches_are_422(shop: Shop, body: Any, said: str) -> None:
    assert said in problem(shop[1].post("/v1/search", json=body), 422)["detail"]


def test_bad_filter_says_where(shop: Shop) -> None:
    found = problem(shop[1].post("/v1/search", json={"query": "x", "filter": "price < "}), 422)
    assert (found["code"], found["position"]) == ("bad_filter", 8)


def test_a_file_that_is_no_picture(shop: Shop) -> None:
    found = problem(shop[1].post("/v1/search", files={"image": ("x.png", b"<html>no picture</html>")}), 422)
    assert (found["code"], found["reason"]) == ("bad_picture", "not_a_picture")


def test_bodies_that_are_no_search(shop: Shop) -> None:
    _, client = shop
    problem(client.post("/v1/search", content=b"{", headers={"content-type": "application/json"}), 422)
    problem(client.post("/v1/search", content=b"[" * 100_000, headers={"content-type": "application/json"}), 422)
    problem(client.post("/v1/search", content=b"query=x", headers={"content-type": "text/plain"}), 415)
    problem(client.post("/v1/search", content=b"x", headers={"content-type": "multipart/form-data"}), 400)
    problem(client.post("/v1/search", files={"other": b"x"}), 422)
    form = b'--b\r\nContent-Disposition: form-data; name="query"\r\n\r\nx\r\n--b--\r\n'
    undefined = {"content-type": "multipart/form-data; boundary=b; charset=undefined"}
    problem(client.post("/v1/search", content=form, headers=undefined), 422)
    problem(client.get("/v1/search"), 405)
    problem(client.get("/v1/nowhere"), 404)


def test_a_request_is_bounded_before_it_is_read(demo_collection: Path) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(1000):
            sent.append(1)
            yield b" " * 10_000

    sent: list[int] = []
    with open_engine(demo_collection) as engine, served(engine, max_request=50_000) as url:
        declared = httpx.post(f"{url}/v1/search", files={"image": b"x" * 60_000})
        assert "50,000" in problem(declared, 413)["detail"]
        try:
            chunked = httpx.post(f"{url}/v1/search", content=endless(), headers={"content-type": "application/json"})
        except httpx.TransportError:
            pass  # the server answered and hung up while we were still sending
        else:
            problem(chunked, 413)
        assert len(sent) < 1000


def test_items(shop: Shop) -> None:
    engine, client = shop
    stored = engine.get("demo-00003")
    item = client.get("/v1/items/demo-00003").json()
    assert item == {
        "id": "demo-00003",
        "title": stored.title,
        "metadata": dict(stored.metadata),
        "pictures": [{"index": 0, "name": "images/demo-00003.jpg"}],
    }
    for rest in ("", "/picture", "/thumbnail", "/similar", "/pictures/0"):
        assert problem(client.get(f"/v1/items/nowhere{rest}"), 404)["code"] == "not_found"
    problem(client.get("/v1/items/demo-00003/pictures/1"), 404)
    problem(client.get("/v1/items/demo-00003/pictures/-1"), 404)
    problem(client.get("/v1/items/demo-00003/pictures/x"), 422)


def test_pictures(shop: Shop, demo_folder: Path) -> None:
    _, client = shop
    original = (demo_folder / "images" / "demo-00003.jpg").read_bytes()
    for path in ("picture", "pictures/0"):
        response = client.get(f"/v1/items/demo-00003/{path}")
        assert (response.content, response.headers["content-type"]) == (original, "image/jpeg")
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in response.headers["content-security-policy"]
    again = client.get("/v1/items/demo-00003/picture", headers={"if-none-match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(("side", "expected"), [(16, 16), (320, 320), (2048, 512)])
def test_thumbnails_fit(shop: Shop, side: int, expected: int) -> None:
    response = shop[1].get("/v1/items/demo-00003/thumbnail", params={"side": side})
    with Image.open(io.BytesIO(response.content)) as picture:
        assert max(picture.size) == expected
        assert picture.format == "JPEG"
    problem(shop[1].get("/v1/items/demo-00003/thumbnail", params={"side": 2049}), 422)
    problem(shop[1].get("/v1/items/demo-00003/thumbnail", params={"side": 15}), 422)


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/v1/items", "/v1/items/demo-00003", "/v1/items/demo-00003/picture", "/v1/items/nowhere"]
)
def test_head_is_get_without_the_body(shop: Shop, path: str) -> None:
    head, get = shop[1].head(path), shop[1].get(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["content-type"] == get.headers["content-type"]


def test_similar_equals_the_engine_and_leaves_the_item_out(shop: Shop) -> None:
    engine, client = shop
    response = client.get("/v1/items/demo-00003/similar", params={"k": 5, "filter": "price > 20", "facets": "colour"})
    expected = engine.similar("demo-00003", k=5, filter="price > 20", facets=["colour"])
    assert hits(response.json()) == hits(expected)
    assert "demo-00003" not in dict(hits(expected))
    assert response.json()["facets"]["colour"] == dict(expected.facets["colour"])


def test_names_give_no_folders_away(demo_folder: Path, tmp_path: Path) -> None:
    picture = demo_folder / "images" / "demo-00003.jpg"
    (tmp_path / "catalog.jsonl").write_text(json.dumps({"id": "a", "image": str(picture)}) + "\n")
    with open_engine(tmp_path / "c", create=True) as engine:
        engine.index(tmp_path / "catalog.jsonl")
        assert engine.get("a").pictures[0].name == str(picture)
        with served(engine) as url:
            found = httpx.post(f"{url}/v1/search", json={"query": "x"})
            assert found.json()["hits"][0]["picture"] == "demo-00003.jpg"
            for response in (found, httpx.get(f"{url}/v1/items"), httpx.get(f"{url}/v1/items/a")):
                assert str(demo_folder) not in response.text


def test_looking_around(shop: Shop) -> None:
    _, client = shop
    pages = [client.get("/v1/items", params={"k": 40, "offset": offset}).json() for offset in (0, 40, 80)]
    ids = [hit["id"] for page in pages for hit in page["hits"]]
    assert sorted(ids) == [f"demo-{number:05}" for number in range(96)]
    assert "score" not in pages[0]["hits"][0]
    kinds = client.get("/v1/facets", params={"field": "kind"}).json()["facets"]["kind"]
    for kind, count in kinds.items():
        page = client.get("/v1/items", params={"filter": f'kind == "{kind}"'}).json()
        assert page["total"] == count


def test_facets_worth_showing(shop: Shop) -> None:
    document = shop[1].get("/v1/facets").json()
    assert set(document["facets"]) == {"brand", "category", "kind", "colour", "pattern", "material"}
    assert document["fields"]["price"] == "number"
    assert document["total"] == 96
    assert all(sum(counts.values()) == 96 for counts in document["facets"].values())


def test_ids_that_tempt_a_url(odd_collection: Path, odd_folder: Path) -> None:
    with open_engine(odd_collection) as engine, served(engine) as url, conforming(url) as client:
        for id in ODD_IDS:
            encoded = quote(id, safe="")
            assert client.get(f"/v1/items/{encoded}").json()["id"] == id
            assert client.get(f"/v1/items/{encoded}/picture").content == (odd_folder / id).read_bytes()
            assert client.get(f"/v1/items/{encoded}/thumbnail").headers["content-type"] == "image/jpeg"
            others = client.get(f"/v1/items/{encoded}/similar").json()["hits"]
            assert {hit["id"] for hit in others} == set(ODD_IDS) - {id}
        plain = client.get("/v1/items/shoes/red%20boot.jpg/picture")
        assert plain.content == (odd_folder / ODD_IDS[0]).read_bytes()
        for outside in ("../../etc/passwd", "/etc/passwd", "shoes/../shoes/red boot.jpg"):
            problem(client.get(f"/v1/items/{quote(outside, safe='')}/picture"), 404)


def test_every_answer_is_safe_for_a_browser(shop: Shop) -> None:
    for path in ("/", "/docs", "/page/main.js", "/v1/items/demo-00003", "/v1/nowhere", "/openapi.json", "/healthz"):
        headers = shop[1].get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["cache-control"] == "private, no-cache"
        assert "server" not in headers


def test_reference_covers_every_operation(shop: Shop) -> None:
    document = shop[1].get("/openapi.json").json()
    operations = {(method, path) for path, methods in document["paths"].items() for method in methods}
    of_a_collection = {
        ("post", "search"),
        ("get", "parse"),
        ("get", "facets"),
        ("post", "embed"),
        ("get", "items"),
        ("post", "items"),
        ("patch", "items"),
        ("post", "items/delete"),
        ("get", "items/{id}"),
        ("put", "items/{id}"),
        ("delete", "items/{id}"),
        ("post", "items/{id}/ask"),
        ("get", "items/{id}/picture"),
        ("get", "items/{id}/pictures/{index}"),
        ("get", "items/{id}/pictures/{index}/thumbnail"),
        ("get", "items/{id}/similar"),
        ("get", "items/{id}/thumbnail"),
    }
    of_the_server = {
        ("get", "/v1/collections"),
        ("get", "/v1/collections/{collection}"),
        ("put", "/v1/collections/{collection}"),
        ("delete", "/v1/collections/{collection}"),
        ("get", "/v1/aliases"),
        ("put", "/v1/aliases/{alias}"),
        ("delete", "/v1/aliases/{alias}"),
        ("get", "/healthz"),
        ("get", "/readyz"),
    }
    assert operations >= of_the_server | {(method, f"/v1/{path}") for method, path in of_a_collection}
    named = "/v1/collections/{collection}/"
    twice = {(method, path.removeprefix(named)) for method, path in operations if path.startswith(named)}
    assert twice >= of_a_collection
    assert operations >= {(method, f"/v1/{path}") for method, path in twice}
    assert set(document["paths"]["/v1/search"]["post"]["requestBody"]["content"]) == {
        "application/json",
        "multipart/form-data",
    }
    ids = [about["operationId"] for methods in document["paths"].values() for about in methods.values()]
    assert len(ids) == len(set(ids))
    assert {"search", "search_of_collection", "get_item", "upsert_items_of_collection", "put_alias"} <= set(ids)
    asked = document["paths"]["/v1/collections/{collection}/items/{id}"]["get"]["parameters"]
    assert {each["name"] for each in asked if each["in"] == "path"} == {"collection", "id"}


def test_ready_after_a_real_query(shop: Shop) -> None:
    _, client = shop
    client.post("/v1/search", json={"query": "x"})
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["items"]) == (200, 96)
    assert client.get("/healthz").json() == {"status": "alive"}


@pytest.fixture
def without_encoder(tmp_path: Path) -> Path:
    """A collection whose encoder is nowhere to be found, with one picture that is a turned JPEG with EXIF."""
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turned a quarter
    exif[0x010E] = "where I live"
    Image.new("RGB", (80, 40), "teal").save(tmp_path / "turned.jpg", exif=exif)
    spec = EncoderSpec(name="/nowhere/model", revision="r", fingerprint="f", dimension=4, image_size=8)
    store = create_store(tmp_path / "c", kind="exact", encoder=spec)
    import numpy as np

    picture = StoredPicture(name=str(tmp_path / "turned.jpg"), path=str(tmp_path / "turned.jpg"))
    prints = Fingerprints(pictures="p", metadata="m")
    item = StoredItem(id="a", title=None, metadata={}, pictures=(picture,), fingerprints=prints)
    store.commit([Change(item=item, vectors=np.eye(1, 4, dtype=np.float32))])
    store.close()
    return tmp_path / "c"


def test_not_ready_without_the_encoder_but_items_are_served(without_encoder: Path) -> None:
    with open_engine(without_encoder) as engine, served(engine) as url, conforming(url) as client:
        assert client.get("/healthz").status_code == 200
        reply = client.get("/readyz")
        assert reply.status_code == 503
        assert reply.json()["code"] in ("starting", "model")
        assert problem(client.post("/v1/search", json={"query": "x"}), 503)["code"] == "model"
        assert client.get("/v1/items/a").json()["pictures"] == [{"index": 0, "name": "turned.jpg"}]
        thumbnail = client.get("/v1/items/a/thumbnail").content
        with Image.open(io.BytesIO(thumbnail)) as picture:
            assert picture.size == (40, 80)
            assert not picture.getexif()
        assert b"where I live" not in thumbnail


def test_a_picture_whose_file_is_gone(without_encoder: Path) -> None:
    (without_encoder.parent / "turned.jpg").unlink()
    with open_engine(without_encoder) as engine, served(engine) as url:
        for path in ("picture", "thumbnail"):
            found = problem(httpx.get(f"{url}/v1/items/a/{path}"), 404)
            assert "'turned.jpg'" in found["detail"]
            assert str(without_encoder.parent) not in found["detail"]


def test_a_closed_collection_is_a_problem_not_a_crash(demo_collection: Path) -> None:
    with open_engine(demo_collection) as engine, served(engine) as url:
        engine.close()
        for path in ("/v1/items/demo-00003", "/v1/facets", "/v1/items"):
            response = httpx.get(f"{url}{path}")
            assert response.status_code >= 500
            problem(response, response.status_code)


def test_a_damaged_collection_is_told_without_its_place(demo_collection: Path, tmp_path: Path) -> None:
    copy = tmp_path / "c"
    shutil.copytree(demo_collection, copy)
    for segment in (copy / "segments").iterdir():
        segment.unlink()
    with open_engine(copy) as engine, served(engine) as url, conforming(url) as client:
        reply = client.get("/v1/items/demo-00007")
        assert problem(reply, 500)["code"] == "corrupt_collection"
        assert str(tmp_path) not in reply.text
        assert str(tmp_path) not in client.get("/readyz").text
