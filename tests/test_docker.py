"""What docker/ promises, as far as it can be told without Docker."""

import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from shelfsight.api.cli import cli
from shelfsight.api.configuration import load

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docker"
IMAGES = ("Dockerfile", "Dockerfile.gpu")
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
INSTRUCTION = re.compile(r"^([A-Z]+)\s+(.*)$")


def instructions(image: str = "Dockerfile") -> list[tuple[str, str]]:
    text = (FOLDER / image).read_text("utf-8").replace("\\\n", " ")
    found = [INSTRUCTION.match(line) for line in text.splitlines()]
    return [(match[1], match[2].strip()) for match in found if match]


def variables(image: str) -> dict[str, str]:
    """What ENV says."""
    words = [word for name, rest in instructions(image) if name == "ENV" for word in shlex.split(rest)]
    return {name: value for name, _, value in (word.partition("=") for word in words)}


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
    assert api["security_opt"] == ["no-new-privileges:true"]
    assert "/catalogue:ro" in api["volumes"][2]
    assert (FOLDER / ".." / api["build"]["dockerfile"]).resolve().is_file()


@pytest.mark.parametrize("image", IMAGES)
def test_what_the_image_copies_is_there_and_not_ignored(image: str) -> None:
    ignored = (FOLDER / f"{image}.dockerignore").read_text("utf-8").splitlines()
    kept = {line[1:] for line in ignored if line.startswith("!")}
    copied = [source for name, rest in instructions(image) if name == "COPY" for source in rest.split()[:-1]]
    assert copied
    for source in copied:
        assert (ROOT / source).exists(), source
        assert source.removeprefix("./") in kept


@pytest.mark.parametrize("image", IMAGES)
def test_the_image_runs_as_nobody_in_particular_and_its_base_is_pinned(image: str) -> None:
    found = instructions(image)
    ((_, base),) = [each for each in found if each[0] == "FROM"]
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", base)
    names = [name for name, _ in found]
    assert dict(found)["USER"] == "10001"
    assert names.index("USER") > max(i for i, name in enumerate(names) if name == "RUN")
    assert "127.0.0.1:8000/readyz" in dict(found)["HEALTHCHECK"]


@pytest.mark.parametrize("image", IMAGES)
def test_all_that_the_image_writes_is_in_its_volumes(image: str) -> None:
    """The root file system may be read-only."""
    volumes = yaml.safe_load(dict(instructions(image))["VOLUME"])
    assert volumes == ["/data", "/state"]
    said = variables(image)
    for name in ("HF_HOME", "SHELFSIGHT_CACHE", "SHELFSIGHT_SERVER__STATE"):
        assert f"/{Path(said[name]).parts[1]}" in volumes
    (made,) = [rest for name, rest in instructions(image) if name == "RUN" and "useradd" in rest]
    assert "chown shelfsight /data /state" in made
    mounted = {volume.split(":")[1] for volume in SERVICES["api"]["volumes"]}
    assert set(volumes) <= mounted


@pytest.mark.parametrize("image", IMAGES)
def test_what_torch_needs_comes_from_the_package_index(image: str) -> None:
    """PyTorch's own has few versions of it, and constraints.txt names one of each."""
    (torch,) = [rest for name, rest in instructions(image) if name == "RUN" and "torchvision" in rest]
    words = shlex.split(torch)
    assert words[words.index("--index-url") + 1] == "$TORCH_WHEELS"
    assert words[words.index("--extra-index-url") + 1] == "https://pypi.org/simple"


@pytest.mark.parametrize(("image", "kind"), [("Dockerfile", "cpu"), ("Dockerfile.gpu", "gpu")])
def test_the_extras_that_are_installed_exist(image: str, kind: str) -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    (extras,) = re.findall(r'"\.\[([\w,]+)\]"', (FOLDER / image).read_text("utf-8"))
    assert {"cpu", "gpu"} & set(extras.split(",")) == {kind}
    for extra in extras.split(","):
        assert re.search(rf"^{extra} = \[", project, re.MULTILINE)
    wheels = next(rest for name, rest in instructions(image) if name == "ARG")
    assert wheels.endswith("/cpu") == (kind == "cpu")


@pytest.mark.parametrize("image", IMAGES)
def test_the_commands_and_settings_are_ones_that_shelfsight_knows(
    image: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (command,) = [yaml.safe_load(rest) for name, rest in instructions(image) if name == "CMD"]
    assert command == SERVICES["api"]["command"]
    name, options = parsed(command)
    assert (name, options["collections"]) == ("serve", ("/data/shop.collection",))
    monkeypatch.chdir(tmp_path)
    for variable in [each for each in os.environ if each.startswith("SHELFSIGHT_")]:
        monkeypatch.delenv(variable)
    composed = {name: default_of(value) for name, value in SERVICES["api"]["environment"].items()}
    for variable, value in (variables(image) | composed).items():
        monkeypatch.setenv(variable, value)
    settings = load().settings
    assert (settings.server.host, settings.server.port, settings.server.state) == ("0.0.0.0", 8000, Path("/state"))
    assert (settings.server.workers, settings.server.origins) == (1, ())
    assert settings.access.keys == "required"
    assert settings.jobs.roots == (Path("/catalogue"),)
    assert settings.log.format == "json"


def default_of(value: str) -> str:
    """What compose makes of ``${NAME:-value}`` where nobody says NAME."""
    return re.sub(r"\$\{\w+:-(.*?)\}", r"\1", value)


def test_the_gpu_is_laid_over_the_api() -> None:
    over: dict[str, Any] = yaml.safe_load((FOLDER / "compose.gpu.yaml").read_text("utf-8"))
    assert over["services"].keys() == {"api"}
    api = over["services"]["api"]
    assert api["build"]["dockerfile"] == "docker/Dockerfile.gpu"
    (device,) = api["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu"])


def test_the_commands_of_the_readme() -> None:
    text = (FOLDER / "README.md").read_text("utf-8").replace("\\\n", " ")
    found = [
        parsed(shlex.split(line[match.start() :], comments=True))
        for line in text.splitlines()
        if line.startswith("    ") and (match := re.search(r"shelfsight (index|keys|doctor) ", line))
    ]
    indexed = [options for name, options in found if name == "index"]
    assert [name for name, _ in found].count("keys") == 2
    assert [options["milvus_uri"] for options in indexed] == [None, "http://milvus:19530", "http://HOST:19530"]
    assert indexed[1]["store"] == "milvus"
    assert indexed[2]["milvus_collection"] == "shop_collection"


def test_the_readme_names_every_file_and_every_variable() -> None:
    text = (FOLDER / "README.md").read_text("utf-8")
    for file in FOLDER.iterdir():
        assert file.name == "README.md" or file.suffix == ".dockerignore" or f"`{file.name}`" in text, file.name
    compose = (FOLDER / "compose.yaml").read_text("utf-8")
    for variable in re.findall(r"\$\{(\w+)", compose):
        assert f"`{variable}`" in text, variable
