"""Asking about an item's picture: in Python, on the command line and over HTTP, with models that obey and that fail."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from front_door import Cli
from PIL import Image
from raw_http import request
from served import served, serving
from square_vlms import COLOURS, ChattyVlm, FailingVlm, NonsenseVlm, SquareVlm, StuckVlm

from shelfsight import Engine, ModelError, NotFound, PictureError, ShelfsightError, UsageError, open_engine
from shelfsight.api.asking import Asker, conversation
from shelfsight.api.looking import VlmOpener
from shelfsight.api.service.keys import Order
from shelfsight.api.service.service import Service
from shelfsight.api.service.spending import Looks, Spending
from shelfsight.core.dialogue import Answer, Conversation, Stop, Turn
from shelfsight.core.settings import ServerSettings, Settings
from shelfsight.core.vision import VisionLanguageModel

BEFORE = (Turn(question="What is it?", answer="A square."),)


@pytest.fixture(scope="module")
def squares(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of plain squares, one of them with a second picture whose file is gone; not to be changed."""
    folder = tmp_path_factory.mktemp("squares")
    for name, colour in COLOURS.items():
        Image.new("RGB", (64, 64), colour).save(folder / f"{name}.png")
    Image.new("RGB", (8, 8)).save(folder / "gone.png")
    pictures = {name: [f"{name}.png"] for name in COLOURS} | {"two/sides": ["red.png", "blue.png", "gone.png"]}
    rows = [{"id": id, "image": names} for id, names in pictures.items()]
    (folder / "catalog.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with open_engine(folder / "c", create=True) as engine:
        assert engine.index(folder / "catalog.jsonl").failed == 0
    (folder / "gone.png").unlink()
    return folder / "c"


Opened = Callable[[str | VisionLanguageModel], Engine]


@pytest.fixture
def opened(squares: Path) -> Iterator[Opened]:
    """Opens the squares with a vision-language model."""
    engines: list[Engine] = []

    def open_with(vlm: str | VisionLanguageModel) -> Engine:
        engines.append(open_engine(squares, vlm=vlm))
        return engines[-1]

    yield open_with
    for engine in engines:
        engine.close()


def test_what_a_picture_shows(opened: Opened) -> None:
    engine = opened(SquareVlm())
    assert engine.ask("green", "Which colour?") == Answer("It is green.", Stop.END)
    assert engine.ask("two/sides", "Which colour?") == Answer("It is red.", Stop.END)
    assert engine.ask("two/sides", "Which colour?", picture=1) == Answer("It is blue.", Stop.END)
    assert engine.ask("white") == Answer("a white square", Stop.END)
    assert engine.ask("white", " \n") == Answer("a white square", Stop.END)
    assert engine.ask("red", "Which colour?", max_tokens=2) == Answer("It is", Stop.MAX_TOKENS)
    assert engine.ask("red", "Really?", turns=BEFORE) == Answer("Still red.", Stop.END)


def test_pieces_come_as_they_are_said(opened: Opened) -> None:
    heard: list[str] = []
    answer = opened(SquareVlm()).ask("red", "Which colour?", on_text=heard.append)
    assert heard == ["It", " is", " red."]
    assert "".join(heard) == answer.text


def test_a_listener_ends_the_call_with_its_own_error(opened: Opened) -> None:
    def enough(_piece: str) -> None:
        raise BrokenPipeError("nobody reads")

    with pytest.raises(BrokenPipeError, match="nobody reads"):
        opened(SquareVlm()).ask("red", "Which colour?", on_text=enough)


@pytest.mark.parametrize(
    ("kind", "id", "arguments"),
    [
        (NotFound, "nowhere", {}),
        (NotFound, "red", {"picture": 1}),
        (NotFound, "red", {"picture": -1}),
        (NotFound, "two/sides", {"picture": 2}),
        (UsageError, "red", {"question": "x" * 1001}),
        (UsageError, "red", {"question": "half \ud800"}),
        (UsageError, "red", {"turns": BEFORE * 21}),
        (UsageError, "red", {"turns": (Turn(question="x" * 1001, answer=""),)}),
        (UsageError, "red", {"turns": (Turn(question="", answer="x" * 4001),)}),
        (UsageError, "red", {"max_tokens": 0}),
        (UsageError, "red", {"max_tokens": 513}),
        (UsageError, "red", {"seconds": 0.0}),
        (UsageError, "red", {"seconds": float("nan")}),
        (UsageError, "red", {"seconds": float("inf")}),
    ],
)
def test_what_cannot_be_asked(opened: Opened, kind: type[Exception], id: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(kind):
        opened(SquareVlm()).ask(id, **{"question": "?", **arguments})


@pytest.mark.parametrize(
    ("vlm", "said"),
    [
        (FailingVlm(), "killed"),
        (FailingVlm(RuntimeError("CUDA error")), "RuntimeError: CUDA error"),
        (FailingVlm(MemoryError()), "MemoryError"),
        (NonsenseVlm(), "no answer"),
        ("no-such-model", "no-such-model"),
        ("/nowhere/model", "/nowhere/model"),
    ],
)
def test_a_model_that_fails_is_a_model_error(opened: Opened, vlm: str | VisionLanguageModel, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        opened(vlm).ask("red", "Which colour?")


def test_a_model_may_refuse_what_it_cannot_do(opened: Opened) -> None:
    with pytest.raises(UsageError, match="writes nothing"):
        opened(FailingVlm(UsageError("this model writes nothing"))).ask("red", "Which colour?")


def test_who_asks_does_not_wait_for_a_model_that_is_stuck() -> None:
    picture, stuck = Image.new("RGB", (8, 8)), StuckVlm()
    asker = Asker(at_once=2, grace=0.05)
    begun = time.monotonic()
    for _ in range(2):
        with pytest.raises(ModelError, match="did not answer in"):
            asker.ask(stuck, picture, conversation("?", ()), max_tokens=4, seconds=0.05)
    with pytest.raises(ModelError, match="too many questions"):
        asker.ask(stuck, picture, conversation("?", ()), max_tokens=4, seconds=0.05)
    assert time.monotonic() - begun < 5
    stuck.released.set()
    assert asker.ask(stuck, picture, Conversation(), max_tokens=4, seconds=5).stop is Stop.TIME


def test_a_model_is_opened_once_and_a_failure_is_told_to_all() -> None:
    opener = VlmOpener("no-such-model", None)
    with ThreadPoolExecutor(4) as pool:
        raised = list(pool.map(lambda _: _error_of(opener.open), range(8)))
    assert len({id(error) for error in raised}) == 1
    assert isinstance(raised[0], ModelError)
    ready = SquareVlm()
    assert VlmOpener(ready, None).open() is ready
    assert VlmOpener(ready, None).name == "squares"


def _error_of(call: Callable[[], object]) -> ShelfsightError | None:
    try:
        call()
    except ShelfsightError as error:
        return error
    return None


@pytest.fixture(scope="module")
def url(squares: Path) -> Iterator[str]:
    """A server of the squares, with a model that sees their colours."""
    with open_engine(squares, vlm=SquareVlm()) as engine, served(engine) as url:
        yield url


def post(url: str, id: str, body: Any, **headers: str) -> httpx.Response:
    return httpx.post(f"{url}/v1/items/{id}/ask", json=body, headers=headers, timeout=60)


def test_over_http(url: str) -> None:
    answer = post(url, "green", {"question": "Which colour?"}).json()
    assert answer.pop("milliseconds") >= 0
    assert answer == {"answer": "It is green.", "stop": "end", "model": "squares"}
    assert post(url, "two%2Fsides", {"question": "?", "picture": 1}).json()["answer"] == "It is blue."
    assert post(url, "two/sides", {}).json()["answer"] == "a red square"
    before = [{"question": "What is it?", "answer": "A square."}]
    assert post(url, "red", {"question": "Really?", "turns": before}).json()["answer"] == "Still red."
    assert post(url, "red", {"question": "?", "max_tokens": 1}).json()["stop"] == "max_tokens"


def test_over_http_as_it_comes(url: str) -> None:
    response = post(url, "red", {"question": "Which colour?"}, accept="text/event-stream")
    assert response.headers["content-type"].startswith("text/event-stream")
    events = [_event(block) for block in response.text.strip().split("\n\n")]
    assert events[:-1] == [("text", {"text": piece}) for piece in ("It", " is", " red.")]
    name, answer = events[-1]
    assert (name, answer["answer"], answer["stop"]) == ("answer", "It is red.", "end")
    missing = post(url, "nowhere", {"question": "?"}, accept="text/event-stream")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


def test_over_http_who_hangs_up_ends_the_answer(opened: Opened) -> None:
    chatty = ChattyVlm()
    with served(opened(chatty)) as url:
        body = {"question": "?", "max_tokens": 512}
        headers = {"accept": "text/event-stream"}
        with httpx.stream("POST", f"{url}/v1/items/red/ask", json=body, headers=headers, timeout=60) as response:
            assert next(response.iter_lines()) == "event: text"
            assert not chatty.interrupted.is_set()
        assert chatty.interrupted.wait(20)


class _Waiting(ChattyVlm):
    """Begins to talk when the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.began, self.going_on = Event(), Event()

    def generate(self, *given: Any, **limits: Any) -> list[Answer]:
        self.began.set()
        assert self.going_on.wait(20)
        return super().generate(*given, **limits)


def test_over_http_who_hangs_up_before_the_first_word_ends_the_answer(opened: Opened) -> None:
    waiting = _Waiting()
    with served(opened(waiting)) as url:
        body = json.dumps({"question": "?", "max_tokens": 512})
        head = ("Content-Type: application/json", "Accept: text/event-stream", f"Content-Length: {len(body)}")
        with socket.create_connection((httpx.URL(url).host, httpx.URL(url).port or 80)) as connection:
            connection.sendall(request("POST /v1/items/red/ask HTTP/1.1", *head, body=body.encode()))
            assert waiting.began.wait(20)
        assert httpx.get(f"{url}/healthz").is_success, "it knows by now that nobody is there"
        waiting.going_on.set()
        assert waiting.interrupted.wait(15), "512 words take 25 seconds"


class _Settling(Spending):
    """Says when a look was settled."""

    def __init__(self, state: Path) -> None:
        super().__init__(state)
        self.settled = Event()

    @contextmanager
    def looking(self, key: str, planned: int, limit: int | None) -> Iterator[Looks]:
        try:
            with super().looking(key, planned, limit) as looks:
                yield looks
        finally:
            self.settled.set()


def test_over_http_who_hangs_up_has_had_a_look(opened: Opened, tmp_path: Path) -> None:
    chatty = ChattyVlm()
    service = Service.of(opened(chatty), Settings(server=ServerSettings(state=tmp_path)))
    spending = service.access.spending = _Settling(tmp_path)
    key, token = service.access.keys.create(Order(name="page", looks_per_day=1))
    headers = {"accept": "text/event-stream", "x-api-key": token}
    with serving(service) as url:
        place, body = f"{url}/v1/items/red/ask", {"question": "?", "max_tokens": 512}
        with httpx.stream("POST", place, json=body, headers=headers, timeout=60) as response:
            assert next(response.iter_lines()) == "event: text"
        assert spending.settled.wait(20)
        assert spending.made_on(key.id, datetime.now(UTC).date()) == 1
        assert httpx.post(place, json=body, headers=headers).status_code == 429


def _event(block: str) -> tuple[str, Any]:
    name, data = block.split("\n")
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"question": "x" * 1001}, 422),
        ({"question": 1}, 422),
        ({"question": "x", "turns": [{"question": "?", "answer": "!"}] * 21}, 422),
        ({"question": "x", "turns": [{"question": "?"}]}, 422),
        ({"question": "x", "turns": "before"}, 422),
        ({"question": "x", "max_tokens": 0}, 422),
        ({"question": "x", "max_tokens": 10**6}, 422),
        ({"question": "x", "picture": 7}, 404),
        ({"question": "x", "seconds": 1}, 422),
        ([], 422),
    ],
)
def test_over_http_what_cannot_be_asked(url: str, body: Any, status: int) -> None:
    for accept in ("application/json", "text/event-stream"):
        response = post(url, "red", body, accept=accept)
        assert response.status_code == status, response.text
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["detail"]


def test_over_http_other_bodies_are_refused(url: str) -> None:
    path = f"{url}/v1/items/red/ask"
    assert httpx.post(path, content=b"question=x").status_code == 415
    assert httpx.post(path, content=b"{", headers={"content-type": "application/json"}).status_code == 422
    large = b'{"question": "' + b"x" * 1_100_000 + b'"}'
    assert httpx.post(path, content=large, headers={"content-type": "application/json"}).status_code == 413
    assert httpx.get(path).headers["allow"] == "POST"


@pytest.mark.parametrize(
    "vlm", [FailingVlm(), FailingVlm(RuntimeError("x")), NonsenseVlm(), "no-such-model", "/nowhere/secret/model"]
)
def test_over_http_a_model_that_fails_is_503(opened: Opened, vlm: str | VisionLanguageModel) -> None:
    with served(opened(vlm)) as url:
        for accept in ("application/json", "text/event-stream"):
            response = post(url, "red", {"question": "Which colour?"}, accept=accept)
            assert (response.status_code, response.json()["code"]) == (503, "model")
            assert "/nowhere/secret" not in response.text
            assert "Traceback" not in response.text


def test_over_http_a_picture_that_is_gone_gives_no_folder_away(url: str, squares: Path) -> None:
    response = post(url, "two%2Fsides", {"question": "?", "picture": 2})
    assert response.status_code == 404
    assert str(squares.parent) not in response.text


def test_on_the_command_line(cli: Cli, squares: Path) -> None:
    """The model that fails to open; those that answer are asked in the tests of the embedded one."""
    result = cli("ask", "red", "Which colour?", "-c", squares, "--vlm", "no-such-model", "--json")
    assert (result.code, result.out) == (1, "")
    assert "no-such-model" in result.err
    assert cli("ask", "nowhere", "?", "-c", squares).code == 2
    assert cli("ask", "red", "?", "-c", squares, "--turn", "no equals sign").code == 2
    assert cli("ask", "red", "-c", squares / "nowhere").code == 2


def test_a_picture_that_cannot_be_decoded(tmp_path: Path) -> None:
    picture = tmp_path / "pictures" / "a.png"
    picture.parent.mkdir()
    Image.new("RGB", (8, 8)).save(picture)
    with open_engine(tmp_path / "c", create=True, vlm=SquareVlm()) as engine:
        engine.index(picture.parent)
        picture.write_bytes(b"no picture")
        with pytest.raises(PictureError):
            engine.ask("a.png", "What is it?")
