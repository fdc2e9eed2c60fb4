"""Names, keys and limits: what a client is opened with."""

import pytest
from openai_server import OpenAIServer
from PIL import Image

from shelfsight.core.errors import ModelError, UsageError
from shelfsight.models import open_vlm
from shelfsight.models.vlms.remote.address import parse_address
from shelfsight.models.vlms.remote.keys import key_for
from shelfsight.models.vlms.remote.settings import RemoteSettings

OPENAI = "openai:gpt-4o@https://api.openai.com/v1"
GEMINI = "openai:gemini-2.0-flash@https://generativelanguage.googleapis.com/v1beta/openai/"


@pytest.mark.parametrize(
    ("name", "model", "base", "host"),
    [
        (OPENAI, "gpt-4o", "https://api.openai.com/v1", "api.openai.com"),
        (
            "openai:Qwen/Qwen2.5-VL-7B-Instruct@http://localhost:8000/v1",
            "Qwen/Qwen2.5-VL-7B-Instruct",
            "http://localhost:8000/v1",
            "localhost",
        ),
        ("openai:qwen2.5vl:7b@http://[::1]:11434/v1/", "qwen2.5vl:7b", "http://[::1]:11434/v1", "::1"),
        ("openai:a@b/c@main@HTTPS://API.Example.com", "a@b/c@main", "HTTPS://API.Example.com", "api.example.com"),
    ],
)
def test_a_name_is_a_model_and_a_url(name: str, model: str, base: str, host: str) -> None:
    address = parse_address(name)
    assert (address.model, address.base, address.host) == (model, base, host)
    assert parse_address(address.name) == address


@pytest.mark.parametrize(
    "name",
    [
        "openai:",
        "openai:gpt-4o",
        "openai:@https://api.openai.com/v1",
        "openai:gpt-4o@ftp://example.com/v1",
        "openai:gpt-4o@file:///etc/passwd",
        "openai:gpt-4o@example.com/v1",
        "openai:gpt-4o@https://",
        "openai:gpt-4o@http:///v1",
        "openai:gpt-4o@http://example.com:no/v1",
        "openai:gpt-4o@http://example.com:99999/v1",
        "openai:gpt-4o@http://[::1/v1",
        "openai:gpt-4o@http://exa mple.com/v1",
        "openai:gpt-4o@http://example.com/v1\r\nX-Evil: 1",
    ],
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ModelError, match="remote vision-language model"):
        open_vlm(name)


@pytest.mark.parametrize(
    "url", ["https://me:hunter2@host/v1", "https://host/v1?key=hunter2", "https://host/v1#hunter2"]
)
def test_a_url_with_a_secret_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ModelError) as refused:
        open_vlm(f"openai:m@{url}")
    assert "hunter2" not in f"{refused.value} {refused.value.hint}"


def test_keys_go_to_their_own_hosts_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    monkeypatch.setenv("GEMINI_API_KEY", "sk-gemini")

    def sent(name: str) -> str | None:
        key = key_for(parse_address(name))
        return key and key.get_secret_value()

    assert sent(OPENAI) == "sk-openai"
    assert sent(GEMINI) == "sk-gemini"
    for host in ("localhost:8000", "api.openai.com.example.com", "xapi.openai.com", "example.com/api.openai.com"):
        assert sent(f"openai:gpt-4o@https://{host}/v1") is None
    monkeypatch.setenv("SHELFSIGHT_VLM_API_KEY", " sk-mine\n")
    assert sent("openai:m@http://localhost:8000/v1") == "sk-mine"
    assert sent(OPENAI) == "sk-mine"


def test_a_key_is_not_sent_in_the_clear_to_those_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    with pytest.raises(ModelError, match="https only"):
        open_vlm("openai:gpt-4o@http://api.openai.com/v1")


def test_a_missing_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="wants a key") as missing:
        open_vlm(OPENAI)
    assert missing.value.hint is not None
    assert "OPENAI_API_KEY" in missing.value.hint
    monkeypatch.setenv("OPENAI_API_KEY", "")
    with pytest.raises(ModelError, match="wants a key"):
        open_vlm(OPENAI)


@pytest.mark.parametrize("key", ["sk-secret\x01", "sk-sec\nret", "sk-sécret"])
def test_a_broken_key_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("SHELFSIGHT_VLM_API_KEY", key)
    with pytest.raises(ModelError, match="SHELFSIGHT_VLM_API_KEY") as refused:
        open_vlm("openai:m@http://localhost:1/v1")
    assert "sk-s" not in str(refused.value)


def test_a_server_gets_the_key_meant_for_it(
    scripted: OpenAIServer, red: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    open_vlm(scripted.name()).score([(red, "red?")])
    monkeypatch.setenv("SHELFSIGHT_VLM_API_KEY", "sk-mine")
    open_vlm(scripted.name()).score([(red, "red?")])
    assert [seen.get("authorization") for seen in scripted.headers] == [None, "Bearer sk-mine"]


def test_limits_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFSIGHT_VLM_CONCURRENCY", "9")
    monkeypatch.setenv("SHELFSIGHT_VLM_SECONDS", "7.5")
    settings = RemoteSettings.from_environment()
    assert (settings.concurrency, settings.seconds) == (9, 7.5)
    for bad in ("0", "many", "-1"):
        monkeypatch.setenv("SHELFSIGHT_VLM_CONCURRENCY", bad)
        with pytest.raises(UsageError, match="SHELFSIGHT_VLM_CONCURRENCY"):
            open_vlm("openai:m@http://localhost:1/v1")


def test_a_client_says_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFSIGHT_VLM_API_KEY", "sk-mine")
    model = open_vlm("openai:org/m@http://localhost:1/v1/")
    assert model.name == "openai:org/m@http://localhost:1/v1"
    assert repr(model) == "RemoteVlm('openai:org/m@http://localhost:1/v1')"
    assert model.generates
    assert not model.graded
