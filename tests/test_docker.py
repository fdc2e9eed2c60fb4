"""What docker/ promises, as far as it can be told without Docker."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from shelfsight.api.cli import cli

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
INSTRUCTION = re.compile(r"^([A-Z]+)\s+(.*)$")


def instructions() -> list[tuple[str, str]]:
    text = (FOLDER / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    found = [INSTRUCTION.match(line) for line in text.splitlines()]
    return [(match[1], match[2].strip()) for match in found if match]


def parsed(command: list[str]) -> tuple[str, dict[str, Any]]:
    """The subcommand and the options that click reads out of ``shelfsight ...``."""
    assert command[0] == "shelfsight"
    name, *arguments = command[1:]
    return name, cli.commands[name].make_context(name, arguments).params


def test_the_services_and_what_they_wait_for() -> None:
    assert set(SERVICES) == {"etcd", "minio", "milvus", "api"}
    waits = {name: service.get("depends_on", {}) for name, service in SERVICES.items()}
    healthy = {"condition": "service_healthy"}
    assert waits == {"etcd": {}, "minio": {}, "milvus": {"etcd": healthy, "minio": healthy}, "api": {"milvus": healthy}}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_pinned_watched_and_restarted(name: str) -> None:
    service = SERVICES[name]
    _, _, tag = service["image"].rpartition(":")
    assert re.search(r"\d+\.\d+\.\d+|\d{4}-\d\d-\d\d", tag), service["image"]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert {"interval", "timeout", "retries"} <= service["healthcheck"].keys()
    assert service["restart"] == "unless-stopped"


def test_only_the_api_can_be_reached_and_only_from_this_machine() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {"api": ["127.0.0.1:8000:8000"]}
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert {name: service["networks"] for name, service in SERVICES.items()} == {
        "etcd": ["inside"],
        "minio": ["inside"],
        "milvus": ["inside"],
        "api": ["inside", "outside"],
    }


def test_what_is_kept_is_in_named_volumes() -> None:
    used = {volume.partition(":")[0] for service in SERVICES.values() for volume in service["volumes"]}
    assert {volume for volume in used if not volume.startswith("$")} == set(COMPOSE["volumes"])


def test_passwords_are_given_from_outside() -> None:
    text = (FOLDER / "compose.yaml").read_text("utf-8")
    assert "minioadmin" not in text
    assert SERVICES["minio"]["environment"]["MINIO_ROOT_PASSWORD"].startswith("${MINIO_ROOT_PASSWORD:?")
    assert (
        SERVICES["milvus"]["environment"]["MINIO_SECRET_ACCESS_KEY"]
        == (SERVICES["minio"]["environment"]["MINIO_ROOT_PASSWORD"])
    )
    assert SERVICES["api"]["environment"]["SHELFSIGHT_MILVUS_TOKEN"] == "${SHELFSIGHT_MILVUS_TOKEN:-}"


def test_the_api_may_do_little() -> None:
    api = SERVICES["api"]
    assert api["user"] == "10001"
    assert (api["read_only"], api["cap_drop"]) == (True, ["ALL"])
    assert "/catalogue:ro" in api["volumes"][1]
    assert (FOLDER / ".." / api["build"]["dockerfile"]).resolve().is_file()


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    ignored = (FOLDER / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    kept = {line[1:] for line in ignored if line.startswith("!")}
    copied = [source for name, rest in instructions() if name == "COPY" for source in rest.split()[:-1]]
    assert copied
    for source in copied:
        assert (ROOT / source).exists(), source
        assert source.removeprefix("./") in kept


def test_the_image_runs_as_nobody_in_particular_and_its_base_is_pinned() -> None:
    found = instructions()
    ((_, base),) = [each for each in found if each[0] == "FROM"]
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", base)
    names = [name for name, _ in found]
    assert dict(found)["USER"] == "10001"
    assert names.index("USER") > max(i for i, name in enumerate(names) if name == "RUN")
    assert "HEALTHCHECK" in names


def test_the_extras_that_are_installed_exist() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    (extras,) = re.findall(r'"\.\[([\w,]+)\]"', (FOLDER / "Dockerfile").read_text("utf-8"))
    for extra in extras.split(","):
        assert re.search(rf"^{extra} = \[", project, re.MULTILINE)


def test_the_commands_are_ones_that_shelfsight_knows() -> None:
    (image,) = [yaml.safe_load(rest) for name, rest in instructions() if name == "CMD"]
    assert image == SERVICES["api"]["command"]
    name, options = parsed(image)
    assert name == "serve"
    assert (options["host"], options["port"], options["collection"]) == ("0.0.0.0", 8000, Path("/data/shop.collection"))


def test_the_commands_of_the_readme() -> None:
    text = (FOLDER / "README.md").read_text("utf-8").replace("\\\n", " ")
    lines = [
        line[line.index("shelfsight index") :]
        for line in text.splitlines()
        if line.startswith("    ") and "shelfsight index" in line
    ]
    assert len(lines) == 2
    found = [parsed(shlex.split(line)) for line in lines]
    assert [name for name, _ in found] == ["index", "index"]
    assert found[0][1]["milvus_uri"] == "http://milvus:19530"
    assert found[0][1]["store"] == "milvus"
    assert found[1][1]["milvus_collection"] == "shop_collection"
