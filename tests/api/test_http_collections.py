"""Several collections in one server over HTTP: made, found by name or alias, kept apart, taken away."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from urllib.parse import quote

import httpx
import pytest
from front_door import ODD_IDS, Cli
from served import serving
from tint_shop import document, open_tints, problem_of, served_tints, tint_service, tinted

from shelfsight.api.service.aliases import Aliases
from shelfsight.api.service.collections import Collections
from shelfsight.api.service.names import name_of
from shelfsight.api.service.opening import Served, read_named
from shelfsight.api.service.root import Root
from shelfsight.api.service.service import Service
from shelfsight.core.errors import Conflict, NotFound, UsageError
from shelfsight.core.settings import Settings

Shop = tuple[Service, httpx.Client]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """``shoes`` is served all the time and is the default; ``hats`` lies in the folder."""
    with open_tints(tmp_path / "hats.collection", create=True) as hats:
        hats.upsert([tinted("hat", "blue"), tinted("same", "blue")])
    with served_tints(tmp_path, "shoes", default="shoes") as served:
        served[0].collections.engine("shoes").upsert([tinted("shoe", "red"), tinted("same", "red")])
        yield served


def found(client: httpx.Client, prefix: str, query: str = "red", k: int = 10) -> list[str]:
    response = client.post(f"{prefix}/search", json={"query": query, "k": k})
    assert response.status_code == 200, response.text
    return [hit["id"] for hit in response.json()["hits"]]


def test_two_collections_do_not_see_each_other(shop: Shop) -> None:
    client = shop[1]
    assert found(client, "/v1") == found(client, "/v1/collections/shoes") == ["same", "shoe"]
    assert found(client, "/v1/collections/hats") == ["hat", "same"]
    assert client.get("/v1/collections/hats/items/hat").json()["id"] == "hat"
    problem_of(client.get("/v1/collections/hats/items/shoe"), 404, "not_found")
    problem_of(client.get("/v1/items/hat"), 404, "not_found")
    pictures = [client.get(f"/v1{prefix}/items/same/picture").content for prefix in ("", "/collections/hats")]
    assert pictures[0] != pictures[1]
    client.put("/v1/collections/hats/items/new", json=document("new", "lime"))
    assert client.get("/v1/facets").json()["total"] == 2
    assert client.get("/v1/collections/hats/facets").json()["total"] == 3
    client.delete("/v1/items/same")
    assert client.get("/v1/collections/hats/items/same").status_code == 200


def test_k_beyond_the_collection_returns_what_there_is(shop: Shop) -> None:
    assert found(shop[1], "/v1/collections/hats", "blue", k=500) == ["hat", "same"]


def test_ids_that_tempt_a_url_in_a_named_collection(shop: Shop) -> None:
    service, client = shop
    service.collections.engine("hats").upsert([tinted(id, "lime") for id in ODD_IDS])
    for id in ODD_IDS:
        path = f"/v1/collections/hats/items/{quote(id, safe='')}"
        assert client.get(path).json()["id"] == id
        assert client.get(f"{path}/thumbnail").headers["content-type"] == "image/jpeg"
        near = client.get(f"{path}/similar", params={"k": 4}).json()["hits"]
        assert {hit["id"] for hit in near} == set(ODD_IDS) - {id}
        problem_of(client.get(f"/v1/items/{quote(id, safe='')}"), 404)


def test_collections_are_listed_and_described(shop: Shop) -> None:
    client = shop[1]
    client.put("/v1/aliases/summer", json={"collection": "hats"})
    assert client.get("/v1/collections").json() == {
        "collections": [
            {"name": "hats", "aliases": ["summer"], "default": False, "removable": True},
            {"name": "shoes", "aliases": [], "default": True, "removable": False},
        ]
    }
    client.patch("/v1/collections/hats/items", json={"items": [{"id": "hat", "metadata": {"price": 5}}]})
    for name in ("hats", "summer"):
        about = client.get(f"/v1/collections/{name}").json()
        assert (about["name"], about["items"], about["pictures"], about["store"]) == ("hats", 2, 2, "exact")
        assert about["encoder"]["name"] == "tints"
        assert about["encoder"]["dimension"] == 3
        assert about["index"] is None, "the exact store has none"
        assert about["fields"] == {"price": "number"}


def test_a_collection_is_made_filled_and_taken_away(shop: Shop, tmp_path: Path) -> None:
    service, client = shop
    made = client.put("/v1/collections/belts", json={"encoder": "tints", "store": "exact"})
    assert (made.status_code, made.json()["items"], made.json()["name"]) == (201, 0, "belts")
    again = client.put("/v1/collections/belts", json={"encoder": "tints", "store": "exact"})
    assert again.status_code == 200
    report = client.post("/v1/collections/belts/items", json={"items": [document("belt", "red")]}).json()
    assert (report["indexed"], report["items"]) == (1, 1)
    assert found(client, "/v1/collections/belts") == ["belt"]

    with service.collections.engine("belts").lease("a test"):
        problem_of(client.delete("/v1/collections/belts"), 409, "lease_held")
    assert client.delete("/v1/collections/belts").json() == {"deleted": "belts"}
    problem_of(client.get("/v1/collections/belts"), 404, "not_found")
    problem_of(client.post("/v1/collections/belts/search", json={"query": "red"}), 404, "not_found")
    problem_of(client.delete("/v1/collections/belts"), 404, "not_found")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hats.collection", "shoes"]
    (tmp_path / ".removed-0123").mkdir()

    client.put("/v1/collections/belts", json={"encoder": "tints", "store": "exact"})
    assert found(client, "/v1/collections/belts") == []
    assert client.delete("/v1/collections/belts").status_code == 200
    assert not (tmp_path / ".removed-0123").exists(), "what a process left that was killed"


def test_an_encoder_that_a_collection_has_may_be_named(tmp_path: Path) -> None:
    with served_tints(tmp_path) as (_, client):
        problem_of(client.put("/v1/collections/one", json={"encoder": "tints"}), 422, "usage")
        open_tints(tmp_path / "old", create=True).close()
        assert client.put("/v1/collections/one", json={"encoder": "tints"}).status_code == 201


def test_making_what_is_there_leaves_it_as_it_is(shop: Shop, tmp_path: Path) -> None:
    service, client = shop
    before = service.collections.engine("hats")
    assert client.put("/v1/collections/hats", json={"encoder": "tints", "store": "exact"}).status_code == 200
    assert service.collections.engine("hats") is before
    other = {"encoder": "tints", "store": "faiss"}
    for asked, code in (({"encoder": "embedded"}, "encoder_mismatch"), (other, "conflict")):
        refused = problem_of(client.put("/v1/collections/hats", json=asked), 409, code)
        assert "hats.collection" in refused["detail"]
        assert str(tmp_path) not in refused["detail"]


def test_asking_for_what_is_not_there_leaves_nothing_behind(tmp_path: Path) -> None:
    root = Root(tmp_path, open_tints)
    names = [*(f"none-{number}" for number in range(50)), "x" * 5000, "../x"]
    assert [root.engine(name) for name in names] == [None] * len(names)
    assert not root._locks


def test_one_damaged_collection_does_not_hide_the_others(shop: Shop, tmp_path: Path) -> None:
    client = shop[1]
    pointer = tmp_path / "odd.collection" / "versions" / "current.json"
    pointer.parent.mkdir(parents=True)
    pointer.write_text("{")
    assert [each["name"] for each in client.get("/v1/collections").json()["collections"]] == ["hats", "odd", "shoes"]
    problem_of(client.get("/v1/collections/odd"), 500, "corrupt_collection")
    assert client.put("/v1/collections/belts", json={"encoder": "tints"}).status_code == 201
    up = re.findall(r'shelfsight_collection_up{collection="(\w+)"} (\d)', client.get("/metrics").text)
    assert up == [("belts", "1"), ("hats", "1"), ("odd", "0"), ("shoes", "1")]


def test_what_is_open_is_told_while_more_is_opened(tmp_path: Path) -> None:
    for number in range(40):
        open_tints(tmp_path / f"c{number}", create=True).close()
    root, over, wrong = Root(tmp_path, open_tints), Event(), []

    def look() -> None:
        while not over.is_set():
            try:
                root.opened()
            except RuntimeError as error:
                wrong.append(error)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        thread = Thread(target=look)
        thread.start()
        for number in range(40):
            root.engine(f"c{number}")
    finally:
        over.set()
        thread.join()
        sys.setswitchinterval(before)
        root.close()
    assert not wrong


def test_names_that_are_none(shop: Shop, tmp_path: Path) -> None:
    client = shop[1]
    before = sorted(tmp_path.rglob("*"))
    for name in ("Shoes", "a.b", "-a", "_a", "a" * 65, "a%2Fb", "%2e%2e", "é", "a b"):
        for response in (
            client.put(f"/v1/collections/{name}", json={}),
            client.delete(f"/v1/collections/{name}"),
            client.get(f"/v1/collections/{name}"),
            client.post(f"/v1/collections/{name}/search", json={"query": "red"}),
            client.put(f"/v1/aliases/{name}", json={"collection": "hats"}),
            client.put("/v1/aliases/fine", json={"collection": name}),
        ):
            assert response.status_code in (404, 405, 422), response.text
            problem_of(response, response.status_code)
    assert [path for path in sorted(tmp_path.rglob("*")) if "server" not in path.parts] == before


def test_collections_that_are_not_made(shop: Shop, tmp_path: Path) -> None:
    """No name opens a folder of this machine, asks a server or begins a download."""
    encoders = ("/etc", "../model", "local-dir:/srv", "hf-hub:nobody/nothing", "openai:x@http://127.0.0.1/", "")
    bodies = [*({"encoder": encoder} for encoder in encoders), {"store": "paper"}, {"path": "/srv/x"}, []]
    for body in bodies:
        problem_of(shop[1].put("/v1/collections/new", json=body), 422)
    assert not (tmp_path / "new.collection").exists()


def test_what_is_not_taken_away(shop: Shop, tmp_path: Path) -> None:
    client = shop[1]
    assert "named when the server" in problem_of(client.delete("/v1/collections/shoes"), 409, "conflict")["detail"]
    client.put("/v1/aliases/summer", json={"collection": "hats"})
    assert "summer" in problem_of(client.delete("/v1/collections/hats"), 409, "conflict")["detail"]
    problem_of(client.delete("/v1/collections/summer"), 409, "conflict")
    problem_of(client.put("/v1/collections/summer", json={}), 409, "conflict")
    problem_of(client.put("/v1/collections/shoes", json={}), 409, "conflict")
    (tmp_path / "linked").symlink_to(tmp_path / "hats.collection")
    assert "link" in problem_of(client.delete("/v1/collections/linked"), 409, "conflict")["detail"]
    assert found(client, "/v1/collections/linked", "blue") == ["hat", "same"]


def test_what_is_open_by_another_name_is_not_taken_away(tmp_path: Path) -> None:
    hats = open_tints(tmp_path / "hats.collection", create=True)
    with Collections({"caps": hats}, "caps", root=Root(tmp_path, open_tints)) as collections:
        with pytest.raises(Conflict, match="named when the server"):
            collections.remove("hats")
        assert [(each.name, each.removable) for each in collections.listed()] == [("caps", False), ("hats", False)]
        assert hats.count() == 0


def test_aliases(shop: Shop) -> None:
    client = shop[1]
    problem_of(client.get("/v1/collections/summer"), 404)
    assert client.put("/v1/aliases/summer", json={"collection": "hats"}).json() == {
        "alias": "summer",
        "collection": "hats",
        "before": None,
    }
    assert found(client, "/v1/collections/summer", "blue") == ["hat", "same"]
    assert client.put("/v1/aliases/summer", json={"collection": "shoes"}).json()["before"] == "hats"
    assert found(client, "/v1/collections/summer") == ["same", "shoe"]
    assert client.get("/v1/aliases").json() == {"aliases": [{"alias": "summer", "collection": "shoes"}]}

    problem_of(client.put("/v1/aliases/summer", json={"collection": "nowhere"}), 404, "not_found")
    problem_of(client.put("/v1/aliases/other", json={"collection": "summer"}), 422, "usage")
    problem_of(client.put("/v1/aliases/hats", json={"collection": "shoes"}), 409, "conflict")
    problem_of(client.put("/v1/aliases/summer", json={}), 422, "usage")
    assert client.get("/v1/aliases").json() == {"aliases": [{"alias": "summer", "collection": "shoes"}]}

    assert client.delete("/v1/aliases/summer").json() == {"alias": "summer", "before": "shoes"}
    problem_of(client.delete("/v1/aliases/summer"), 404, "not_found")
    problem_of(client.get("/v1/collections/summer"), 404, "not_found")


def test_the_default_may_be_an_alias(tmp_path: Path) -> None:
    with served_tints(tmp_path, default="shop") as (service, client):
        assert client.get("/readyz").json()["status"] == "ready"
        problem_of(client.post("/v1/search", json={"query": "red"}), 404, "not_found")
        for name, colour in (("one", "red"), ("two", "blue")):
            service.collections.create(name, encoder="embedded", store="exact")
            service.collections.engine(name).upsert([tinted(name, colour)])
        for name in ("one", "two"):
            client.put("/v1/aliases/shop", json={"collection": name})
            assert found(client, "/v1") == [name]
            assert [
                each["name"] for each in client.get("/v1/collections").json()["collections"] if each["default"]
            ] == [name]
            problem_of(client.delete(f"/v1/collections/{name}"), 409)


def test_an_alias_is_switched_under_searches(shop: Shop) -> None:
    """Every answer is wholly one collection's, and whoever asks after a switch was answered gets the new one's."""
    client = shop[1]
    expected = {"shoes": ["same", "shoe"], "hats": ["hat", "same"]}
    client.put("/v1/aliases/live", json={"collection": "shoes"})
    asked: dict[str, int] = dict.fromkeys(expected, 0)
    wrong: list[object] = []
    over = Event()

    def search() -> None:
        with httpx.Client(base_url=client.base_url, timeout=30) as mine:
            while not over.is_set():
                response = mine.post("/v1/collections/live/search", json={"query": "red"})
                ids = [hit["id"] for hit in response.json().get("hits", ())]
                name = next((name for name, known in expected.items() if known == ids), None)
                if name is None:
                    wrong.append((response.status_code, response.text))
                    return
                asked[name] += 1

    threads = [Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(20):
        name = ("hats", "shoes")[number % 2]
        client.put("/v1/aliases/live", json={"collection": name})
        assert found(client, "/v1/collections/live") == expected[name]
    over.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert min(asked.values()) > 0


def test_other_processes_of_a_server_see_changes_at_once(tmp_path: Path) -> None:
    """Two services of one folder, as two workers have them."""
    with tint_service(tmp_path) as one, tint_service(tmp_path) as other:
        for name, colour in (("red", "red"), ("blue", "blue")):
            engine, _ = one.collections.create(name, encoder="embedded", store="exact")
            engine.upsert([tinted(colour, colour)])
        assert other.collections.names() == ["blue", "red"]
        for name in ("red", "blue", "red"):
            one.collections.point("live", name)
            assert other.collections.resolve("live") == name
            assert [hit.id for hit in other.collections.engine("live").search("lime").hits] == [name]
        one.collections.unpoint("live")
        with pytest.raises(NotFound):
            other.collections.engine("live")

        left = other.collections.engine("red")
        one.collections.remove("red")
        with pytest.raises(NotFound):
            other.collections.engine("red")
        engine, new = one.collections.create("red", encoder="embedded", store="exact")
        assert new
        engine.upsert([tinted("another", "red")])
        assert [hit.id for hit in other.collections.engine("red").search("red").hits] == ["another"]
        assert [hit.id for hit in left.search("red").hits] == ["red"], "who has it in hand is answered"


def test_aliases_outlive_the_server(tmp_path: Path) -> None:
    with tint_service(tmp_path) as service:
        service.collections.create("red", encoder="embedded", store="exact")
        service.collections.point("live", "red")
        state = service.state
    assert json.loads((state / "aliases.json").read_text()) == {"live": "red"}
    assert state.stat().st_mode & 0o777 == 0o700
    with tint_service(tmp_path) as service:
        assert service.collections.resolve("live") == "red"
        assert service.collections.names() == ["red"]


def test_who_asks_for_an_alias_waits_for_no_change(tmp_path: Path) -> None:
    """A change may take as long as its collection takes to be opened."""
    aliases, told = Aliases(tmp_path), list[object]()
    with aliases.changing():
        (tmp_path / "aliases.json").write_text('{"live": "red"}')  # as another process leaves it
        thread = Thread(target=lambda: told.append(aliases.all()), daemon=True)
        thread.start()
        thread.join(10)
        assert told == [{"live": "red"}]


def test_aliases_that_make_no_sense(tmp_path: Path) -> None:
    with served_tints(tmp_path, "shoes", default="shoes") as (service, client):
        service.state.mkdir(exist_ok=True)
        for content in ("{", "[]", '{"live": 1}', '{"../x": "red"}', '{"live": "../red"}'):
            (service.state / "aliases.json").write_text(content)
            found = problem_of(client.post("/v1/search", json={"query": "red"}), 500, "corrupt_collection")
            assert str(tmp_path) not in found["detail"]
        (service.state / "aliases.json").write_text("{}")
        assert client.post("/v1/search", json={"query": "red"}).status_code == 200


def test_a_server_without_a_folder_makes_no_collections(tmp_path: Path) -> None:
    with open_tints(tmp_path / "My Shop.collection", create=True) as engine, serving(Service.of(engine)) as url:
        assert httpx.get(f"{url}/v1/collections").json()["collections"][0]["name"] == "my-shop"
        assert httpx.get(f"{url}/v1/collections/my-shop").json()["items"] == 0
        problem_of(httpx.put(f"{url}/v1/collections/new", json={}), 409, "conflict")
        problem_of(httpx.delete(f"{url}/v1/collections/new"), 404, "not_found")


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    collections = Collections({}, "x", root=Root(tmp_path / "nowhere", open_tints))
    with serving(Service(settings=Settings(), collections=collections)) as url:
        assert str(tmp_path) not in problem_of(httpx.get(f"{url}/v1/collections"), 503, "store")["detail"]


@pytest.mark.parametrize(
    ("text", "name", "path"),
    [
        ("A.collection", "a", "A.collection"),
        ("shops/My Shop.collection", "my-shop", "shops/My Shop.collection"),
        ("shoes=B.collection", "shoes", "B.collection"),
        ("shoes=a=b", "shoes", "a=b"),
        ("Odd=b", "odd-b", "Odd=b"),
        ("...", "collection", "..."),
    ],
)
def test_what_serve_is_told(text: str, name: str, path: str) -> None:
    assert read_named(text) == (name, Path(path))
    assert name_of(Path("x" * 99)) == "x" * 64


def test_a_directory_with_an_equals_sign_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a=b").mkdir()
    monkeypatch.chdir(tmp_path)
    assert read_named("a=b") == ("a-b", Path("a=b"))


def test_what_cannot_be_served(tmp_path: Path, cli: Cli) -> None:
    with pytest.raises(UsageError, match="two collections are called 'a'"):
        Served(settings=Settings(), collections=(("a", tmp_path), ("a", tmp_path / "b")))
    with pytest.raises(UsageError, match="one collection"):
        Served(settings=Settings(), root=tmp_path, rules=tmp_path / "rules.toml")
    assert cli("serve").code == 2
    assert cli("serve", "-c", f"X={tmp_path}").code == 2
    assert cli("serve", "--root", tmp_path / "nowhere").code == 2
    assert cli("serve", "--root", tmp_path, "--default", "nowhere").code == 2
