"""Clients without anybody's keys, and a server whose model says what it is told to."""

from collections.abc import Iterator

import pytest
from openai_server import OpenAIServer, Scripted, served_openai
from PIL import Image


@pytest.fixture(autouse=True)
def _nobodys_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SHELFSIGHT_VLM_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "SHELFSIGHT_VLM_CONCURRENCY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def scripted() -> Iterator[OpenAIServer]:
    with served_openai(Scripted()) as server:
        yield server


@pytest.fixture
def red() -> Image.Image:
    return Image.new("RGB", (40, 30), "red")
