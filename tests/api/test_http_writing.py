"""Items written over HTTP: in bulk and one by one, what cannot be used, and what was seen before it was replaced."""

import base64
import io
import json
import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from front_door import ODD_IDS
from picture_server import served_pictures
from PIL import Image
from tint_shop import document, png, problem_of, served_tints
from tiny_encoder import TintEncoder

from shelfsight import Engine
from shelfsight.core.settings import FetchSettings, ServerSettings
from shelfsight.stores import open_store

Shop = tuple[Engine, httpx.Client]
ITEMS = "/v1/items"
LINES = {"content-type": "application/x-ndjson"}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """An empty collection behind a server."""
    with served_tints(tmp_path, "shop", default="shop") as (service, client):
        yield service.collections.engine(), client


def reasons(report: dict[str, Any]) -> dict[str, str]:
    """place -> reason."""
    return {each["place"]: each["reason"] for each in report["failures"]}


def counts(report: dict[str, Any]) -> dict[str, int]:
    names = ("items", "indexed", "unchanged", "updated", "failed", "encoded")
    return {name: report[name] for name in names if report[name]}


def lines(*documents: object) -> bytes:
    return "".join(json.dumps(each) + "\n" for each in documents).encode()


def test_what_was_answered_is_found_and_on_disk(shop: Shop) -> None:
    engine, client = shop
    sent = [document("a", "red", price=10), document("b", "blue", price=20)]
    report = client.post(ITEMS, json={"items": sent})
    assert report.status_code == 200
    assert counts(report.json()) == {"items": 2, "indexed": 2, "encoded": 2}
    with closing(open_store(engine.path)) as on_disk:
        assert on_disk.snapshot().items(["a"])["a"].metadata == {"price": 10}
    hits = client.post("/v1/search", json={"query": "blue"}).json()["hits"]
    assert [(hit["id"], hit["score"]) for hit in hits] == [("b", 1.0), ("a", pytest.approx(0, abs=1e-5))]

    assert counts(client.post(ITEMS, json={"items": sent}).json()) == {"items": 2, "unchanged": 2}
    sent[0]["metadata"]["price"] = 5
    sent[1] = document("b", "lime", price=20)
    report = client.post(ITEMS, json={"items": sent}).json()
    assert counts(report) == {"items": 2, "indexed": 1, "updated": 1, "encoded": 1}
    assert client.get(f"{ITEMS}/a").json()["metadata"] == {"price": 5}
    assert client.post("/v1/search", json={"query": "lime", "k": 1}).json()["hits"][0]["id"] == "b"


BAD_ITEMS: list[tuple[object, str, str | None]] = [
    (17, "bad_row", None),
    ({"id": "x1"}, "bad_row", "x1"),
    ({"pictures": [{"data": "eA=="}]}, "empty_id", None),
    ({"id": "", "pictures": [{"data": "eA=="}]}, "empty_id", None),
    ({"id": True, "pictures": [{"data": "eA=="}]}, "bad_row", None),
    ({"id": "x" * 5000, "pictures": [{"data": "eA=="}]}, "text_too_long", None),
    ({"id": "a\0", "pictures": [{"data": "eA=="}]}, "bad_value", None),
    ({"id": "x2", "pictures": []}, "no_picture", "x2"),
    ({"id": "x3", "pictures": [{}]}, "bad_value", "x3"),
    ({"id": "x4", "pictures": [{"data": "no base64!"}]}, "bad_value", "x4"),
    ({"id": "x5", "pictures": [{"data": ""}]}, "empty_file", "x5"),
    ({"id": "x6", "pictures": [{"data": "eA=="}]}, "not_a_picture", "x6"),
    ({"id": "x7", "pictures": [{"data": "eA==", "upload": "y"}]}, "bad_value", "x7"),
    ({"id": "x8", "pictures": [{"upload": "y"}]}, "missing_file", "x8"),
    ({"id": "x9", "pictures": [{"path": "/etc/passwd"}]}, "bad_row", "x9"),
    ({"id": "x10", "pictures": [{"url": "file:///etc/passwd"}]}, "address_refused", "x10"),
    ({"id": "x11", "pictures": [{"url": "/etc/passwd"}]}, "address_refused", "x11"),
    ({"id": "x12", "pictures": [{"url": "http://127.0.0.1:9/x.png"}]}, "address_refused", "x12"),
    ({"id": "x13", "pictures": [{"data": "eA=="}], "price": 3}, "bad_row", "x13"),
    ({**document("x14", "red"), "metadata": {"price": "cheap"}}, "bad_value", "x14"),
    ({**document("x15", "red"), "metadata": {"n": 2**80}}, "bad_value", "x15"),
    ({**document("x16", "red"), "metadata": {"title": "no"}}, "bad_value", "x16"),
    ({**document("x17", "red"), "metadata": {"note": "x" * 100_001}}, "text_too_long", "x17"),
    ({**document("x18", "red"), "title": ["no"]}, "bad_row", "x18"),
]


def test_an_item_that_cannot_be_used_is_reported_and_the_others_go_in(shop: Shop) -> None:
    client = shop[1]
    sent = [
        document("first", "red"),
        *(each for each, _, _ in BAD_ITEMS),
        document("first", "blue"),
        document("z", "red"),
    ]
    report = client.post(ITEMS, json={"items": sent}).json()
    expected = {f"items[{place}]": reason for place, (_, reason, _) in enumerate(BAD_ITEMS, 1)}
    assert reasons(report) == {**expected, f"items[{len(BAD_ITEMS) + 1}]": "duplicate_id"}
    ids = {each["place"]: each["id"] for each in report["failures"]}
    assert all(ids[f"items[{place}]"] == id for place, (_, _, id) in enumerate(BAD_ITEMS, 1))
    assert counts(report) == {"items": 2, "indexed": 2, "encoded": 2, "failed": len(BAD_ITEMS) + 1}
    assert client.post("/v1/search", json={"query": "red"}).json()["total"] == 2
    by_line = client.post(ITEMS, content=lines(*sent), headers=LINES).json()
    assert {place.replace("line ", ""): reason for place, reason in reasons(by_line).items()} == {
        str(place + 1): reason for place, (_, reason, _) in enumerate(BAD_ITEMS, 1)
    } | {str(len(BAD_ITEMS) + 2): "duplicate_id"}


def test_one_bad_picture_of_several_is_left_out_and_reported(shop: Shop) -> None:
    client = shop[1]
    item = document("a", "red")
    item["pictures"] += [{"data": base64.b64encode(b"no picture").decode(), "name": "bad.png"}, {"data": "?"}]
    report = client.post(ITEMS, json={"items": [item]}).json()
    assert counts(report) == {"items": 1, "indexed": 1, "encoded": 1}
    assert {each["reason"] for each in report["failures"]} == {"not_a_picture", "bad_value"}
    assert [each["name"] for each in client.get(f"{ITEMS}/a").json()["pictures"]] == ["a#0"]


def test_pictures_that_are_uploaded(shop: Shop) -> None:
    client = shop[1]
    wanted = [
        {"id": "a", "pictures": [{"upload": "../../etc/red.png"}, {"upload": "blue.png", "name": "back"}]},
        {"id": "b", "pictures": [{"upload": "nowhere.png"}]},
    ]
    files = [("files", ("../../etc/red.png", png("red"))), ("other", ("blue.png", png("blue")))]
    report = client.post(ITEMS, data={"items": json.dumps(wanted)}, files=files).json()
    assert (counts(report), reasons(report)) == (
        {"items": 1, "indexed": 1, "failed": 1, "encoded": 2},
        {"items[1]": "missing_file"},
    )
    assert [each["name"] for each in client.get(f"{ITEMS}/a").json()["pictures"]] == ["../../etc/red.png", "back"]
    shown = Image.open(io.BytesIO(client.get(f"{ITEMS}/a/pictures/1").content)).convert("RGB").getpixel((3, 3))
    assert isinstance(shown, tuple)
    assert shown[2] > 200 > 50 > shown[0]
    put = client.put(f"{ITEMS}/c", data={"item": '{"pictures": [{"upload": "x"}]}'}, files={"f": ("x", png("lime"))})
    assert (put.status_code, put.json()["id"]) == (201, "c")


def test_lines_as_many_as_there_are(shop: Shop) -> None:
    """More than are put in at a time, in pieces that end anywhere, with blank lines and lines that are none."""
    engine, client = shop
    sent = [document(f"i{n:03}", ("red", "blue", "lime")[n % 3], n=n) for n in range(300)]
    body = b"\r\n\n".join([lines(*sent).rstrip(), b"{", b"\xff", b'{"id": NaN}', lines(sent[0], sent[299]).rstrip()])

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(body), 4099):
            yield body[start : start + 4099]

    report = client.post(ITEMS, content=pieces(), headers={"content-type": "application/jsonl; charset=utf-8"}).json()
    assert counts(report) == {"items": 300, "indexed": 300, "failed": 5, "encoded": 300}
    assert reasons(report) == {
        "line 302": "bad_row",
        "line 304": "bad_row",
        "line 306": "bad_row",
        "line 308": "duplicate_id",
        "line 309": "duplicate_id",
    }
    assert engine.count() == 300
    page = client.get(ITEMS, params={"sort": "-n", "k": 2}).json()
    assert [hit["id"] for hit in page["hits"]] == ["i299", "i298"]


def test_bodies_that_hold_no_items(tmp_path: Path) -> None:
    settings = ServerSettings(max_request=20_000)
    with served_tints(tmp_path, "shop", default="shop", server=settings) as (service, client):
        for method in ("POST", "PATCH"):
            for body in ([], {}, {"items": []}, {"items": 3}, {"items": [1] * 1001}, {"items": [1], "more": 1}, "x"):
                problem_of(client.request(method, ITEMS, json=body), 422, "usage")
            problem_of(client.request(method, ITEMS, content=b"{", headers={"content-type": "application/json"}), 422)
            problem_of(
                client.request(method, ITEMS, content=b"[" * 9999, headers={"content-type": "application/json"}), 422
            )
            problem_of(client.request(method, ITEMS, content=b"x", headers={"content-type": "text/csv"}), 415)
            problem_of(client.request(method, ITEMS, json={"items": ["x" * 30_000]}), 413)
        problem_of(client.post(ITEMS, data={"other": "x"}, files={"f": b"x"}), 422)
        problem_of(client.post(ITEMS, data={"items": "["}, files={"f": b"x"}), 422)
        same = [("f", ("x", b"1")), ("f", ("x", b"2"))]
        problem_of(client.post(ITEMS, data={"items": "[]"}, files=same), 422)
        problem_of(client.post(ITEMS, content=b"x", headers={"content-type": "multipart/form-data"}), 400)
        small = [document(f"i{n}", "red") for n in range(140)]
        problem_of(client.post(ITEMS, content=lines(*small, "x" * 30_000), headers=LINES), 413)
        assert service.collections.engine().count() in (0, 128), "what came before the long line may be in, whole"
        assert client.post(ITEMS, content=b"", headers=LINES).json()["items"] == service.collections.engine().count()


def test_pictures_that_are_fetched(tmp_path: Path) -> None:
    with served_pictures() as pictures:
        settings = FetchSettings(private_hosts=(pictures.host,))
        with served_tints(tmp_path, "shop", default="shop", fetch=settings) as (_, client):
            blue, gone = pictures.put("/blue.png", png("blue")), f"http://{pictures.host}/gone.png"
            sent = [{"id": "a", "pictures": [{"url": blue}]}, {"id": "b", "pictures": [{"url": gone}]}]
            report = client.post(ITEMS, json={"items": sent}).json()
            assert (counts(report), reasons(report)) == (
                {"items": 1, "indexed": 1, "failed": 1, "encoded": 1},
                {"items[1]": "fetch_failed"},
            )
            assert client.post("/v1/search", json={"query": "blue"}).json()["hits"][0]["score"] == 1.0
            assert pictures.host not in client.get(f"{ITEMS}/a").text
            problem = problem_of(client.put(f"{ITEMS}/b", json={"pictures": [{"url": gone}]}), 422, "bad_picture")
            assert problem["reason"] == "fetch_failed"


def test_a_full_disk_says_what_is_in(small_disk: Path) -> None:
    """Of the lines that came before it was full; and it is the truth."""
    chance = random.Random(0)
    noise = [base64.b64encode(_noise(chance)).decode() for _ in range(8)]
    sent = lines(*({"id": f"i{n}", "pictures": [{"data": noise[n % 8]}]} for n in range(800)))
    with served_tints(small_disk, "shop", default="shop") as (service, client):
        found = problem_of(client.post(ITEMS, content=sent, headers=LINES), 507, "store_full")
        assert str(small_disk) not in json.dumps(found)
        assert 0 < found["report"]["indexed"] < 800
        assert service.collections.engine().count() == found["report"]["indexed"]


def _noise(chance: random.Random) -> bytes:
    file = io.BytesIO()
    Image.frombytes("RGB", (40, 40), chance.randbytes(4800)).save(file, "PNG")
    return file.getvalue()


def test_changes_of_fields(shop: Shop) -> None:
    engine, client = shop
    client.post(ITEMS, json={"items": [document(id, "red", price=10, stock=1) for id in "abc"]})
    encoder = engine.encoder
    assert isinstance(encoder, TintEncoder)
    before = encoder.encoded
    changes = [
        {"id": "a", "metadata": {"price": "9,50 €", "stock": None}},
        {"id": "b", "title": None},
        {"id": "nobody", "metadata": {"price": 1}},
        {"id": "c", "metadata": {"price": "cheap"}},
        {"id": "c", "pictures": []},
        {"metadata": {"price": 1}},
        {"id": "a", "title": "New", "metadata": {"tags": ["x"], "sale": True}},
    ]
    report = client.patch(ITEMS, json={"items": changes}).json()
    assert {name: report[name] for name in ("rows", "updated", "failed")} == {"rows": 7, "updated": 2, "failed": 4}
    assert reasons(report) == {
        "items[2]": "unknown_id",
        "items[3]": "bad_value",
        "items[4]": "bad_row",
        "items[5]": "empty_id",
    }
    found = {id: client.get(f"{ITEMS}/{id}").json() for id in "abc"}
    assert found["a"]["metadata"] == {"price": 9.5, "tags": ["x"], "sale": True}
    assert (found["a"]["title"], found["b"]["title"], found["c"]["title"]) == ("New", None, "A red thing")
    assert found["c"]["metadata"] == {"price": 10, "stock": 1}
    by_line = client.patch(
        ITEMS, content=lines(*({"id": id, "metadata": {"stock": 7}} for id in "abcd")), headers=LINES
    )
    assert (by_line.json()["updated"], reasons(by_line.json())) == (3, {"line 4": "unknown_id"})
    assert client.get("/v1/facets", params={"filter": "stock == 7", "field": "stock"}).json()["total"] == 3
    assert encoder.encoded == before


def test_items_taken_out(shop: Shop) -> None:
    client = shop[1]
    client.post(ITEMS, json={"items": [document(f"i{n}", "red", n=n) for n in range(10)]})
    away = f"{ITEMS}/delete"
    assert client.post(away, json={"ids": ["i0", "i1", "i1", "nobody"]}).json() == {
        "deleted": 2,
        "items": 8,
        "absent": 1,
    }
    assert client.post(away, json={"filter": "n >= 7"}).json() == {"deleted": 3, "items": 5}
    for body in ({}, {"ids": ["i2"], "filter": "n > 0"}, {"filter": ""}, {"filter": " "}, {"ids": "i2"}, {"ids": [2]}):
        problem_of(client.post(away, json=body), 422)
    assert problem_of(client.post(away, json={"filter": "n >"}), 422, "bad_filter")["position"] == 3
    problem_of(client.post(away, json={"filter": "weight > 1"}), 422, "unknown_field")
    assert client.post(away, json={"ids": []}).json() == {"deleted": 0, "items": 5, "absent": 0}
    assert client.delete(f"{ITEMS}/i2").json() == {"deleted": 1, "items": 4}
    problem_of(client.delete(f"{ITEMS}/i2"), 404, "not_found")
    problem_of(client.get(f"{ITEMS}/i2"), 404, "not_found")


def test_one_item_under_any_id(shop: Shop) -> None:
    client = shop[1]
    item = document("", "red", price=1)
    del item["id"]
    for id in (*ODD_IDS, "delete", "1", "x" * 1000, "../../etc/passwd", "ü/ö"):
        path = f"{ITEMS}/{quote(id, safe='')}"
        made = client.put(path, json=item)
        assert (made.status_code, made.json()["id"]) == (201, id)
        assert made.headers["etag"] == client.get(path).headers["etag"]
        assert made.json() == client.get(path).json()
        again = client.put(path, json={**item, "id": id})
        assert (again.status_code, again.headers["etag"]) == (200, made.headers["etag"])
        problem_of(client.put(path, json={**item, "id": "another"}), 422, "usage")
        assert client.delete(path).json() == {"deleted": 1, "items": 0}


def test_one_item_that_cannot_be_used(shop: Shop) -> None:
    client = shop[1]
    client.put(f"{ITEMS}/a", json=document("a", "red"))
    bad = base64.b64encode(b"no picture").decode()
    failed = problem_of(client.put(f"{ITEMS}/a", json={"pictures": [{"data": bad}]}), 422, "bad_picture")
    assert failed["reason"] == "not_a_picture"
    assert problem_of(client.put(f"{ITEMS}/a", json={"pictures": []}), 422)["reason"] == "no_picture"
    problem_of(client.put(f"{ITEMS}/a", json={**document("a", "red"), "metadata": {"price": "cheap"}}), 422, "usage")
    problem_of(client.put(f"{ITEMS}/a", json=[]), 422, "usage")
    problem_of(client.put(f"{ITEMS}/%20a", json={"pictures": [{"data": bad}]}), 422)
    problem_of(client.put(f"{ITEMS}/%00", json=document("\0", "red")), 400)
    problem_of(client.put(f"{ITEMS}/a", content=b"x", headers={"content-type": "text/plain"}), 415)
    item = document("a", "blue")
    item["pictures"].append({"data": bad, "name": "second"})
    put = client.put(f"{ITEMS}/a", json=item).json()
    assert [(each["reason"], each["picture"]) for each in put["failures"]] == [("not_a_picture", "second")]
    assert client.post("/v1/search", json={"query": "blue"}).json()["hits"][0]["score"] == 1.0


def test_an_etag_changes_with_the_item(shop: Shop) -> None:
    engine, client = shop
    tags = [client.put(f"{ITEMS}/a", json=document("a", "red", price=1)).headers["etag"]]
    path = f"{ITEMS}/a"

    def tag() -> str:
        response = client.get(path)
        again = client.get(path, headers={"if-none-match": f'"other", W/{response.headers["etag"]}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", response.headers["etag"])
        assert client.get(path, headers={"if-none-match": '"other"'}).status_code == 200
        assert client.get(path, headers={"if-none-match": "*"}).status_code == 304
        return response.headers["etag"]

    assert tag() == tags[0]
    client.put(f"{ITEMS}/b", json=document("b", "blue"))
    assert tag() == tags[0], "another item changed"
    for change in (
        lambda: client.patch(ITEMS, json={"items": [{"id": "a", "metadata": {"price": 2}}]}),
        lambda: client.patch(ITEMS, json={"items": [{"id": "a", "title": "T"}]}),
        lambda: client.put(path, json=document("a", "blue", price=2)),
        lambda: engine.update({"a": {"price": 3}}),
    ):
        change()
        tags.append(tag())
    assert len(set(tags)) == len(tags)


def test_a_write_to_what_has_changed_is_refused(shop: Shop) -> None:
    client = shop[1]
    path = f"{ITEMS}/a"
    seen = client.put(path, json=document("a", "red"), headers={"if-none-match": "*"}).headers["etag"]
    problem_of(client.put(path, json=document("a", "blue"), headers={"if-none-match": "*"}), 412, "changed")
    now = client.put(path, json=document("a", "blue"), headers={"if-match": f'"x", {seen}'}).headers["etag"]
    for given in (seen, f"W/{now}", '"x"', ""):
        problem_of(client.put(path, json=document("a", "lime"), headers={"if-match": given}), 412, "changed")
        problem_of(client.delete(path, headers={"if-match": given}), 412, "changed")
    assert client.post("/v1/search", json={"query": "blue"}).json()["hits"][0]["score"] == 1.0
    assert client.delete(path, headers={"if-match": "*"}).status_code == 200
    problem_of(client.put(path, json=document("a", "red"), headers={"if-match": "*"}), 412, "changed")
    problem_of(client.delete(path, headers={"if-match": now}), 412, "changed")
    problem_of(client.get(path), 404)


def test_of_many_who_saw_the_same_one_writes(shop: Shop) -> None:
    client = shop[1]
    path = f"{ITEMS}/a"
    seen = client.put(path, json=document("a", "red", by=-1)).headers["etag"]
    answers: dict[int, int] = {}

    def write(number: int) -> None:
        headers = {"if-match": seen}
        answers[number] = client.put(path, json=document("a", "red", by=number), headers=headers).status_code

    threads = [Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers.values()) == [200, 412, 412, 412, 412, 412]
    winner = next(number for number, status in answers.items() if status == 200)
    assert client.get(path).json()["metadata"] == {"by": winner}
