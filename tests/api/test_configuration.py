"""Settings from a file, the environment and options: which counts, where it came from, and what is wrong with it."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from front_door import Cli

from shelfsight.api.configuration import DEFAULT, OTHERS, PREFIX, load, names
from shelfsight.core.errors import NotFound, UsageError
from shelfsight.core.settings import Settings

FILE = """\
# a comment
[server]
port = 9000
origins = ["https://shop.example"]
state = "state"

[search]
depth = 20
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file of settings lies in the working directory."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "etc" / "shop.toml"
    path.parent.mkdir()
    path.write_text(FILE)
    return path


def test_defaults() -> None:
    found = load()
    assert found.settings == Settings()
    assert found.file is None
    assert {found.source(name) for name in names()} == {DEFAULT}


def test_names_are_those_of_every_group() -> None:
    assert {"server.port", "search.vlm", "access.keys", "fetch.private_hosts", "index.batch_size"} <= set(names())
    assert all(name.count(".") == 1 for name in names())
    assert all(field.description for name, field in names().items() if not name.startswith("log.")), "config shows them"


def test_what_comes_later_counts(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFSIGHT_SEARCH__DEPTH", "30")
    monkeypatch.setenv("SHELFSIGHT_SERVER__PORT", "9001")
    own = {"server.port": ("--port", 9003), "server.host": ("--host", None), "fetch.private_hosts": ("--p", ())}
    found = load(file, assigned={"server.port": "9002", "search.explained": "3"}, options=own)
    said = {name: (found.value(name), found.source(name)) for name in names() if found.source(name) != DEFAULT}
    assert said == {
        "server.port": (9003, "--port"),
        "server.origins": (("https://shop.example",), f"{file}:4"),
        "server.state": (file.parent / "state", f"{file}:5"),
        "search.depth": (30, "SHELFSIGHT_SEARCH__DEPTH"),
        "search.explained": (3, "--set"),
    }
    assert found.settings.search.max_k == Settings().search.max_k


def test_the_file_is_found(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shelfsight.toml").write_text("[server]\nport = 1\n")
    assert load().settings.server.port == 1
    monkeypatch.setenv("SHELFSIGHT_CONFIG", str(file))
    assert load().settings.server.port == 9000
    other = tmp_path / "other.toml"
    other.write_text("server.port = 2\n")
    assert load(other).settings.server.port == 2
    assert load(other).source("server.port") == f"{other}:1"
    with pytest.raises(NotFound, match="none"):
        load(tmp_path / "none.toml")
    monkeypatch.setenv("SHELFSIGHT_CONFIG", str(tmp_path / "gone.toml"))
    with pytest.raises(NotFound, match="gone"):
        load()


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("[server]\n\nprot = 1\n", ":3: there is no setting 'server.prot'", "server.port"),
        ("[sever]\nport = 1\n", ":2: there is no setting 'sever.port'", "server.port"),
        ("port = 1\n", ":1: there is no setting 'port'", ""),
        ("server = 1\n", ":1: there is no setting 'server'", ""),
        ("[server]\nport = 70000\n", ":2: server.port is wrong", "0 takes a free one"),
        ('[server]\nport = "x"\n', ":2: server.port is wrong", ""),
        ("[access]\n\n\nkeys = 'never'\n", ":4: access.keys is wrong", "API key"),
        ("[server\n", "cannot be read as TOML", ""),
        ("a = \xff\n", "cannot be read as TOML", ""),
    ],
)
def test_a_wrong_file_is_told_with_its_line(tmp_path: Path, text: str, said: str, hint: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError) as error:
        load(path)
    assert f"{path}" in error.value.message
    assert said in error.value.message
    assert hint in (error.value.hint or "")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("SHELFSIGHT_SERVER__PROT", "1", "there is no setting 'server.prot'"),
        ("SHELFSIGHT_SERVERPORT", "1", "there is no setting 'serverport'"),
        ("SHELFSIGHT_SERVER__PORT__X", "1", "there is no setting 'server.port__x'"),
        ("SHELFSIGHT_SERVER", '{"port": 1}', "there is no setting 'server'"),
        ("SHELFSIGHT_SERVER__PORT", "eighty", "SHELFSIGHT_SERVER__PORT: server.port is wrong"),
        ("SHELFSIGHT_SERVER__ORIGINS", "[1", "SHELFSIGHT_SERVER__ORIGINS: server.origins is wrong"),
    ],
)
def test_a_wrong_variable_is_told_by_its_name(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError) as error:
        load()
    assert said in error.value.message


@pytest.mark.parametrize("variable", OTHERS)
def test_other_variables_are_none_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str) -> None:
    (tmp_path / "empty.toml").write_text("")
    monkeypatch.setenv(variable, str(tmp_path / "empty.toml"))
    assert load().settings == Settings()


def test_every_variable_that_is_read_anywhere_is_known() -> None:
    root = Path(__file__).parents[2] / "shelfsight"
    sources = "".join(file.read_text() for file in root.rglob("*.py"))
    read = {each for each in re.findall(r'"(SHELFSIGHT_[A-Z_]+)"', sources) if "__" not in each and each != PREFIX}
    assert {"SHELFSIGHT_MILVUS_TOKEN", "SHELFSIGHT_CACHE"} <= read
    assert read <= set(OTHERS)
    assert {each for each in OTHERS if each.endswith(("_KEY", "_TOKEN"))} == {each for each in OTHERS if OTHERS[each]}


@pytest.mark.parametrize("service", ["SHELFSIGHT", "SHELFSIGHT_MILVUS", "SHELFSIGHT_SERVER"])
def test_what_kubernetes_says_of_services_is_none_of_ours(monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    said = {
        "SERVICE_HOST": "10.0.0.11",
        "SERVICE_PORT": "8000",
        "SERVICE_PORT_HTTP": "8000",
        "PORT": "tcp://10.0.0.11:8000",
        "PORT_8000_TCP": "tcp://10.0.0.11:8000",
        "PORT_8000_TCP_PROTO": "tcp",
        "PORT_8000_TCP_PORT": "8000",
        "PORT_8000_TCP_ADDR": "10.0.0.11",
    }
    for name, value in said.items():
        monkeypatch.setenv(f"{service}_{name}", value)
    assert load().settings == Settings()
    monkeypatch.setenv(f"{service}_PORT", "8000")
    with pytest.raises(UsageError, match="there is no setting"):
        load()


@pytest.mark.parametrize("value", ["inf", "nan"])
def test_seconds_are_numbers(value: str) -> None:
    with pytest.raises(UsageError, match=r"server\.grace_seconds is wrong"):
        load(assigned={"server.grace_seconds": value})


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('["https://a.example", "https://b.example"]', ("https://a.example", "https://b.example")),
        ("https://a.example, https://b.example", ("https://a.example", "https://b.example")),
        ("https://a.example", ("https://a.example",)),
        ("", ()),
    ],
)
def test_lists(monkeypatch: pytest.MonkeyPatch, text: str, values: tuple[str, ...]) -> None:
    assert load(assigned={"server.origins": text}).settings.server.origins == values
    monkeypatch.setenv("SHELFSIGHT_SERVER__ORIGINS", text)
    assert load().settings.server.origins == values


def test_an_empty_variable_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFSIGHT_SERVER__STATE", "")
    monkeypatch.setenv("SHELFSIGHT_SERVER__PORT", "")
    assert load().settings == Settings()
    assert load().source("server.state") == DEFAULT
    assert load(assigned={"server.port": "1"}).settings.server.port == 1


def test_wrong_options() -> None:
    with pytest.raises(UsageError, match=r"--set: there is no setting 'search\.deep'"):
        load(assigned={"search.deep": "1"})
    with pytest.raises(UsageError, match=r"--port: server\.port is wrong"):
        load(options={"server.port": ("--port", -1)})


def test_config_shows_what_counts(cli: Cli, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFSIGHT_SEARCH__DEPTH", "30")
    monkeypatch.setenv("SHELFSIGHT_VLM_API_KEY", "sk-very-secret")
    monkeypatch.setenv("SHELFSIGHT_MILVUS_TOKEN", "root:very-secret")
    monkeypatch.setenv("SHELFSIGHT_MILVUS_BULK_KEY", "minio:very-secret")
    shown = cli("config", "--config", file, "--set", "log.level=debug", "--json")
    assert shown.code == 0
    settings = shown.document["settings"]
    assert set(settings) == set(names())
    assert (settings["search.depth"]["value"], settings["search.depth"]["from"]) == (30, "SHELFSIGHT_SEARCH__DEPTH")
    assert (settings["server.port"]["value"], settings["server.port"]["from"]) == (9000, f"{file}:3")
    assert settings["log.level"] == {**settings["log.level"], "value": "debug", "from": "--set"}
    assert settings["server.host"]["from"] == "default"
    assert shown.document["file"] == str(file)
    assert shown.document["variables"]["SHELFSIGHT_VLM_API_KEY"] == "set"
    table = cli("config", "--config", file)
    assert f"{file}:4" in table.out
    for text in (shown.out, shown.err, table.out, table.err):
        assert "very-secret" not in text


@pytest.mark.parametrize(
    "command",
    [
        ("config",),
        ("search", "x"),
        ("serve",),
        ("index", "x"),
        ("ask", "x"),
        ("update", "x"),
        ("delete", "x"),
        ("evaluate", "--classify", "x"),
        ("migrate", "--encoder", "x"),
        ("rules", "preview", "x"),
        ("import", "x", "--encoder-name", "x"),
    ],
)
def test_commands_refuse_what_is_wrong(cli: Cli, command: tuple[str, ...]) -> None:
    command = command if command == ("config",) else (*command, "-c", "none")
    result = cli(*command, "--set", "search.deep=1")
    assert result.code == 2
    assert "search.deep" in result.err
    assert cli(*command, "--set", "search.depth").code == 2
    assert cli(*command, "--config", "none.toml").code == 2


def test_an_update_has_the_settings(cli: Cli, demo_collection: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(demo_collection, tmp_path / "c"))
    id = cli("search", "red", "-c", path, "-k", 1, "--json").document["hits"][0]["id"]
    (tmp_path / "changes.jsonl").write_text(json.dumps({"id": id, "title": "longer than five"}))
    asked = ("update", tmp_path / "changes.jsonl", "-c", path, "--json")
    refused = cli(*asked, "--set", "index.max_text=5")
    assert (refused.code, refused.document["failures"][0]["reason"]) == (3, "text_too_long")
    assert cli(*asked).document["updated"] == 1


def test_a_search_has_the_settings(cli: Cli, demo_collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("search", "red", "-c", demo_collection, "-k", 20, "--json")
    assert len(cli(*asked).document["hits"]) == 20
    refused = cli(*asked, "--set", "search.max_k=10")
    assert (refused.code, "10" in refused.err) == (2, True)
    monkeypatch.setenv("SHELFSIGHT_SEARCH__MAX_K", "10")
    assert cli(*asked).code == 2


def test_a_server_that_others_reach_starts_with_a_key_or_not_at_all(demo_collection: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    command = [sys.executable, "-m", "shelfsight", "serve", "-c", str(demo_collection), "--port", "0"]
    refused = subprocess.run(
        [*command, "--host", "0.0.0.0", "--set", f"server.state={state}"], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert "no API keys" in refused.stderr
    assert "keys create" in refused.stderr
    assert "--keys off" in refused.stderr
