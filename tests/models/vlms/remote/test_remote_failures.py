"""Servers that fail, stall, lie and babble: clear errors, in time, and no key in any of them."""

import gc
import gzip
import logging
import math
import socket
import threading
import time
import traceback
from collections.abc import Callable
from email.utils import formatdate

import httpx
import pytest
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from openai_server import OpenAIServer, Scripted, event, refusal
from PIL import Image
from unruly_server import drip, served_unruly

from shelfsight.core.dialogue import Answer, Stop
from shelfsight.core.errors import ModelError
from shelfsight.models import open_vlm
from shelfsight.models.vlms.remote.settings import RemoteSettings
from shelfsight.models.vlms.remote.vlm import open_remote

KEY = "sk-thisisasecret"
QUICK = RemoteSettings(first_pause=0.01, seconds=5, silent_seconds=5)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: "
STREAM = HEAD + b"text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
YES = event({"content": "Yes"}).encode()


def _chunk(content: bytes) -> bytes:
    return f"{len(content):x}\r\n".encode() + content + b"\r\n"


def _failing(script: list[Response], server: OpenAIServer, red: Image.Image) -> ModelError:
    """What comes of a score when the server answers so; the number of requests shows in ``server.bodies``."""
    server.script.clear()
    server.script += script
    server.bodies.clear()
    with pytest.raises(ModelError) as failed:
        open_remote(server.name(), QUICK).score([(red, "red?")])
    assert str(failed.value).startswith("vision-language model openai:")
    return failed.value


def test_what_passes_is_tried_again(scripted: OpenAIServer, red: Image.Image) -> None:
    scripted.script += [refusal(500, "sorry"), refusal(503, "busy"), refusal(429, "slow down")]
    score = open_remote(scripted.name(), QUICK).score([(red, "red?")])
    assert score.tolist() == pytest.approx([1 / (1 + math.exp(-1.0))])
    assert len(scripted.bodies) == 4
    assert all(body == scripted.bodies[0] for body in scripted.bodies)


@pytest.mark.parametrize(("status", "said"), [(500, "fails"), (429, "too often"), (503, "fails"), (408, "fails")])
def test_what_stays_is_told_after_a_few_attempts(
    scripted: OpenAIServer, red: Image.Image, status: int, said: str
) -> None:
    error = _failing([refusal(status, "no luck") for _ in range(9)], scripted, red)
    assert f"{said} (HTTP {status}): no luck" in str(error)
    assert len(scripted.bodies) == 4


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (refusal(400, "what is a picture?"), "refuses the request (HTTP 400): what is a picture?"),
        (refusal(401, "wrong"), "refuses the key"),
        (refusal(403, "no"), "refuses the key"),
        (refusal(404, "no model tiny"), "is not there (HTTP 404): no model tiny"),
        (JSONResponse({"detail": [{"loc": ["body"], "msg": "bad"}]}, 422), "(HTTP 422): "),
        (JSONResponse([{"error": {"code": 400, "message": "bad picture"}}], 400), "(HTTP 400): bad picture"),
        (refusal(501, "not made"), "HTTP 501"),
        (RedirectResponse("http://example.com/v1/chat/completions"), "redirects (HTTP 307)"),
        (HTMLResponse("<!doctype html><p>Welcome"), "answers with a web page"),
        (HTMLResponse("<html>Not here", 404), "(HTTP 404): a web page"),
        (Response("{oops", media_type="application/json"), "no JSON"),
        (Response("[" * 200_000, media_type="application/json"), "no JSON"),
        (Response(b"\xff\xfe\x00", media_type="application/json"), "no JSON"),
        (Response(""), "no JSON"),
        (JSONResponse([1]), "does not answer as a chat-completions server"),
        (JSONResponse({"hello": "world"}), "does not answer as a chat-completions server"),
        (JSONResponse({"choices": [{"message": {"content": 7}}]}), "does not answer as a chat-completions server"),
        (JSONResponse({"choices": [{"message": "yes"}]}), "does not answer as a chat-completions server"),
        (JSONResponse({"error": {"message": "out of memory"}}), "failed while it answered: out of memory"),
        (Response(gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"}), "compressed"),
    ],
)
def test_what_cannot_change_is_told_at_once(
    scripted: OpenAIServer, red: Image.Image, response: Response, said: str
) -> None:
    error = _failing([response], scripted, red)
    assert said in str(error)
    assert len(str(error)) < 400
    assert len(scripted.bodies) == 1


def test_a_wrong_key_is_not_repeated(scripted: OpenAIServer, red: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFSIGHT_VLM_API_KEY", KEY)
    scripted.key = "another"
    error = _failing([], scripted, red)
    assert error.hint is not None
    assert "SHELFSIGHT_VLM_API_KEY" in error.hint
    assert len(scripted.bodies) == 1


@pytest.mark.parametrize(
    "response",
    [
        refusal(400, f"Authorization: Bearer {KEY}"),
        refusal(401, f"Incorrect API key provided: {KEY}"),
        refusal(418, f"Bearer {KEY}"),
        JSONResponse({"error": {"message": f"bad Bearer {KEY}"}}),
        JSONResponse({"error": f"bad Bearer {KEY}"}),
        HTMLResponse(f"<html>{KEY}"),
        Response(f"{KEY}"),
        None,
    ],
)
def test_a_key_is_in_no_error_and_no_log(
    scripted: OpenAIServer,
    red: Image.Image,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    response: Response | None,
) -> None:
    monkeypatch.setenv("SHELFSIGHT_VLM_API_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    script = [response] if response else [refusal(500, f"Bearer {KEY}") for _ in range(4)]
    error = _failing(script, scripted, red)
    assert scripted.headers[0]["authorization"] == f"Bearer {KEY}"
    told = "".join(traceback.TracebackException.from_exception(error).format())
    for text in (told, str(error.hint), repr(error), repr(vars(error)), caplog.text):
        assert KEY not in text


def test_a_server_that_is_not_there(red: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFSIGHT_VLM_API_KEY", KEY)
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
    for host in (f"127.0.0.1:{port}", f"localhost:{port}"):
        with pytest.raises(ModelError, match="cannot be reached") as failed:
            open_remote(f"openai:m@http://{host}/v1", QUICK).score([(red, "red?")])
        assert failed.value.hint is not None
        error: BaseException | None = failed.value
        while error is not None:  # the library's error would hold the request and its key
            assert not isinstance(error, httpx.HTTPError)
            error = error.__cause__ or error.__context__


def test_a_server_may_ask_for_a_pause(scripted: OpenAIServer, red: Image.Image) -> None:
    scripted.script.append(refusal(429, "slow down", {"Retry-After": "1"}))
    begun = time.monotonic()
    open_remote(scripted.name(), QUICK).score([(red, "red?")])
    assert 1.0 <= time.monotonic() - begun < 4.0
    assert len(scripted.bodies) == 2


@pytest.mark.parametrize("after", ["3600", formatdate(time.time() + 3600, usegmt=True)], ids=["seconds", "a time"])
def test_a_pause_too_long_is_an_error(scripted: OpenAIServer, red: Image.Image, after: str) -> None:
    error = _failing([refusal(429, "come back later", {"Retry-After": after})], scripted, red)
    assert "come back later" in str(error)
    assert len(scripted.bodies) == 1


@pytest.mark.parametrize("after", ["soon", "-5", "nan", formatdate(0, usegmt=True)])
def test_a_pause_that_means_nothing_is_none(scripted: OpenAIServer, red: Image.Image, after: str) -> None:
    scripted.script.append(refusal(503, "busy", {"Retry-After": after}))
    assert open_remote(scripted.name(), QUICK).score([(red, "red?")]).shape == (1,)


def _hang(connection: socket.socket, _: int) -> None:
    drip(connection, b"", 1)


def _drip_head(connection: socket.socket, _: int) -> None:
    drip(connection, b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 10_000, 0.02)


def _drip_body(connection: socket.socket, _: int) -> None:
    drip(connection, HEAD + b"application/json\r\nContent-Length: 9999\r\n\r\n" + b" " * 9999, 0.02)


@pytest.mark.parametrize("handle", [_hang, _drip_head, _drip_body])
def test_no_pair_takes_longer_than_it_may(handle: Callable[[socket.socket, int], None], red: Image.Image) -> None:
    with served_unruly(handle) as server:
        model = open_remote(server.name(), RemoteSettings(seconds=0.5))
        begun = time.monotonic()
        with pytest.raises(ModelError, match=r"did not answer within 0\.5 s"):
            model.score([(red, "red?")])
        assert time.monotonic() - begun < 2.0
        with pytest.raises(ModelError, match=r"did not answer within 0\.5 s"):
            model.generate([(red, "red?")], max_tokens=5)
        assert server.requests == 2


def test_silence_is_told_apart(red: Image.Image) -> None:
    with served_unruly(_hang) as server:
        model = open_remote(server.name(), RemoteSettings(silent_seconds=0.3))
        with pytest.raises(ModelError, match=r"was silent for 0\.3 s"):
            model.score([(red, "red?")])
        assert server.requests == 1


@pytest.mark.parametrize("handle", [_hang, _drip_head])
def test_an_answer_that_does_not_begin_in_time_is_empty(
    handle: Callable[[socket.socket, int], None], red: Image.Image
) -> None:
    with served_unruly(handle) as server:
        begun = time.monotonic()
        answers = open_vlm(server.name()).generate([(red, "a"), (red, "b")], max_tokens=5, seconds=0.4)
        assert 0.4 <= time.monotonic() - begun < 2.0
        assert answers == [Answer("", Stop.TIME)] * 2


def test_a_slow_answer_is_cut_where_time_is_up(scripted: OpenAIServer, red: Image.Image) -> None:
    assert isinstance(scripted.brain, Scripted)
    scripted.brain.text, scripted.pause = "red shoe " * 200, 0.05
    said: list[str] = []
    begun = time.monotonic()
    model = open_vlm(scripted.name())
    (answer,) = model.generate([(red, "")], max_tokens=9, seconds=0.8, on_text=lambda _, piece: said.append(piece))
    assert 0.8 <= time.monotonic() - begun < 2.0
    assert answer.stop is Stop.TIME
    assert 3 <= len(answer.text) < 200
    assert ("red shoe " * 200).startswith(answer.text)
    assert "".join(said) == answer.text


def test_those_that_wait_for_their_turn_have_a_deadline_too(scripted: OpenAIServer, red: Image.Image) -> None:
    scripted.delay = 0.5
    model = open_remote(scripted.name(), RemoteSettings(concurrency=1))
    answers = model.generate([(red, "")] * 3, max_tokens=9, seconds=0.8)
    assert sorted(answer.stop for answer in answers) == [Stop.END, Stop.TIME, Stop.TIME]
    assert len(scripted.bodies) == 2


def test_a_closed_connection_is_tried_again(red: Image.Image) -> None:
    reply = b'{"choices": [{"message": {"content": "Yes"}, "finish_reason": "stop"}]}'

    def twice(connection: socket.socket, number: int) -> None:
        if number == 2:
            connection.sendall(HEAD + b"application/json\r\nContent-Length: 500\r\n\r\n" + reply)  # and no more
        if number > 2:
            connection.sendall(HEAD + f"application/json\r\nContent-Length: {len(reply)}\r\n\r\n".encode() + reply)

    with served_unruly(twice) as server:
        assert open_remote(server.name(), QUICK).generate([(red, "")], max_tokens=5)[0].text == "Yes"
        assert server.requests == 3
    with served_unruly(lambda *_: None) as server:
        with pytest.raises(ModelError, match="cannot be reached"):
            open_remote(server.name(), QUICK).score([(red, "red?")])
        assert server.requests == 4


@pytest.mark.parametrize("end", [b"", b"0\r\n\r\n"])
def test_a_stream_that_breaks_off_is_an_error(red: Image.Image, end: bytes) -> None:
    with served_unruly(lambda connection, _: connection.sendall(STREAM + _chunk(YES) + end)) as server:
        said: list[str] = []
        with pytest.raises(ModelError, match="broke off"):
            open_remote(server.name(), QUICK).generate(
                [(red, "")], max_tokens=5, on_text=lambda _, piece: said.append(piece)
            )
        assert said == ["Yes"]
        assert server.requests == 1  # what was said cannot be taken back


def test_an_error_inside_a_stream_is_told(scripted: OpenAIServer, red: Image.Image) -> None:
    stream = event({"content": "a"}) + 'data: {"error": "CUDA out of memory"}\n\n'
    scripted.script.append(Response(stream, media_type="text/event-stream"))
    with pytest.raises(ModelError, match="failed while it answered: CUDA out of memory"):
        open_vlm(scripted.name()).generate([(red, "")], max_tokens=5, seconds=9)


@pytest.mark.parametrize(
    "head", [HEAD + b"application/json\r\n\r\n[", HEAD + b"text/event-stream\r\n\r\n", b"HTTP/1.1 400 No\r\n\r\n"]
)
def test_a_reply_without_end_is_cut_off(red: Image.Image, head: bytes) -> None:
    sent = 0

    def babble(connection: socket.socket, _: int) -> None:
        nonlocal sent
        connection.sendall(head)
        while True:
            sent += connection.send(b": babble " * 10_000)

    refused = pytest.raises(ModelError, match=r"more than 100000 bytes|refuses the request")
    with served_unruly(babble) as server, refused:
        open_remote(server.name(), RemoteSettings(most_bytes=100_000)).generate([(red, "")], max_tokens=5)
    assert sent < 20_000_000


def test_one_failure_ends_the_call(scripted: OpenAIServer, red: Image.Image) -> None:
    scripted.delay = 0.2
    scripted.script.append(refusal(400, "bad picture"))
    with pytest.raises(ModelError, match="bad picture"):
        open_remote(scripted.name(), RemoteSettings(concurrency=2)).score([(red, "red?")] * 40)
    assert len(scripted.bodies) <= 4


def test_a_failed_call_leaves_the_model_usable(scripted: OpenAIServer, red: Image.Image) -> None:
    model = open_remote(scripted.name(), QUICK)
    scripted.script += [refusal(500, "down") for _ in range(4)]
    with pytest.raises(ModelError):
        model.score([(red, "red?")])
    assert model.score([(red, "red?")]).shape == (1,)


def test_a_forgotten_client_ends_its_thread(scripted: OpenAIServer, red: Image.Image) -> None:
    before = set(threading.enumerate())
    model = open_vlm(scripted.name())
    model.score([(red, "red?")])
    (begun,) = [thread for thread in set(threading.enumerate()) - before if thread.name == "shelfsight-remote-vlm"]
    del model
    gc.collect()
    begun.join(timeout=5)
    assert not begun.is_alive()


def test_a_closed_client_says_so(scripted: OpenAIServer, red: Image.Image) -> None:
    model = open_remote(scripted.name(), QUICK)
    model.score([(red, "red?")])
    model.close()
    model.close()
    with pytest.raises(ModelError, match="was closed"):
        model.score([(red, "red?")])
