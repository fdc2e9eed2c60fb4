"""API keys: made, kept as hashes, checked, revoked, seen by everybody at once."""

import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from front_door import Cli
from pydantic import ValidationError

from shelfsight.api.service.keys import KeyRing, Order, Scope
from shelfsight.core.errors import NotFound, StoreError, Unauthenticated, UsageError


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "server")


def test_a_key_is_known_by_its_secret_alone(ring: KeyRing, tmp_path: Path) -> None:
    key, token = ring.create(Order(name="page"))
    assert token.split("_")[:3] == ["ss", "s", key.id]
    assert ring.check(token) == key
    kept = (tmp_path / "server" / "keys.json").read_text()
    assert token not in kept
    assert token.rpartition("_")[2] not in kept
    assert key.digest not in json.dumps(key.document())
    assert key.digest not in repr(key)


def test_tokens_are_long_and_differ(ring: KeyRing) -> None:
    secrets = [ring.create(Order(name=f"key {number}"))[1].rpartition("_")[2] for number in range(50)]
    assert len(set(secrets)) == 50
    assert {len(secret) for secret in secrets} == {32}
    assert len(set("".join(secrets))) > 55, "62 letters and digits are drawn from"


@pytest.mark.parametrize("scope", list(Scope))
def test_nearly_right_is_wrong(ring: KeyRing, scope: Scope) -> None:
    key, token = ring.create(Order(name="one", scope=scope))
    _, other = ring.create(Order(name="two", scope=scope))
    letter, secret = token.split("_")[1], token.split("_")[3]
    others = [letter_ for letter_ in "swax" if letter_ != letter]
    wrong = [
        "",
        "_",
        "ss",
        token[:-1],
        token + "a",
        token.upper(),
        token.replace("ss_", "sk_"),
        f"ss_{letter}_{key.id}_",
        f"ss_{letter}_{key.id}_{other.split('_')[3]}",
        f"ss_{letter}_{other.split('_')[2]}_{secret}",
        f"ss_{letter}_nobody_{secret}",
        f"ss_{letter}_{'ü' * 40}_\ud800",
        f"ss_{letter}_{key.id}_{key.digest}",
        *(f"ss_{each}_{key.id}_{secret}" for each in others),
    ]
    for token_ in wrong:
        with pytest.raises(Unauthenticated, match="not known"):
            ring.check(token_)


def test_scopes_are_nested() -> None:
    allowed = {(have.value, needed.value) for have in Scope for needed in Scope if have.covers(needed)}
    assert allowed == {
        ("search", "search"),
        ("write", "search"),
        ("write", "write"),
        ("admin", "search"),
        ("admin", "write"),
        ("admin", "admin"),
        ("admin", "metrics"),
        ("metrics", "metrics"),
    }


def test_revoked_and_expired_keys_count_no_longer(ring: KeyRing) -> None:
    key, token = ring.create(Order(name="page"))
    soon = datetime.now(UTC) + timedelta(hours=1)
    later, lasting = ring.create(Order(name="short", expires=soon))
    assert later.state(soon - timedelta(seconds=1)) == "live"
    assert later.state(soon) == "expired"
    assert ring.check(lasting) == later
    _, gone = ring.create(Order(name="over", expires=datetime.now(UTC) - timedelta(seconds=1)))
    with pytest.raises(Unauthenticated, match="expired"):
        ring.check(gone)
    ring.revoke("page")
    with pytest.raises(Unauthenticated, match="revoked"):
        ring.check(token)
    assert ring.revoke(key.id).revoked is not None, "a second time changes nothing"
    with pytest.raises(NotFound):
        ring.revoke("page")
    again, _ = ring.create(Order(name="page"))
    assert again.id != key.id


@pytest.mark.parametrize("expires", ["2999-01-01T00:00:00", "2999-01-01"])
def test_a_moment_has_a_time_zone(expires: str) -> None:
    with pytest.raises(ValidationError, match="timezone"):
        Order.model_validate({"name": "page", "expires": expires})


def test_a_place_that_cannot_be_written_is_named(ring: KeyRing, tmp_path: Path) -> None:
    (tmp_path / "server" / "keys.lock").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"keys\.lock"):
        ring.create(Order(name="page"))
    with pytest.raises(StoreError, match=r"keys\.lock"):
        ring.revoke("page")


def test_files_are_for_their_owner_alone(ring: KeyRing, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        ring.create(Order(name="page"))
    finally:
        os.umask(before)
    state = tmp_path / "server"
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert stat.S_IMODE((state / "keys.json").stat().st_mode) == 0o600


def test_every_process_follows_at_once(ring: KeyRing, tmp_path: Path) -> None:
    other = KeyRing(tmp_path / "server")
    assert not other.made
    code = (
        "from shelfsight.api.service.keys import KeyRing, Order\nfrom pathlib import Path\nimport sys\n"
        "print(KeyRing(Path(sys.argv[1])).create(Order(name=sys.argv[2]))[1])"
    )
    made = [sys.executable, "-c", code, str(tmp_path / "server"), "from elsewhere"]
    token = subprocess.run(made, capture_output=True, text=True, check=True).stdout.strip()
    assert other.check(token).name == "from elsewhere"
    ring.revoke("from elsewhere")
    with pytest.raises(Unauthenticated):
        other.check(token)


def test_keys_made_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    rings = [KeyRing(tmp_path) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        tokens = [
            token for _, token in pool.map(lambda number: rings[number % 4].create(Order(name=str(number))), range(24))
        ]
    assert sorted(ring.check(token).name for ring in rings for token in tokens) == sorted(
        4 * [str(n) for n in range(24)]
    )


def test_a_live_name_is_taken(ring: KeyRing) -> None:
    ring.create(Order(name="page"))
    with pytest.raises(UsageError, match="page"):
        ring.create(Order(name="page"))


@pytest.mark.parametrize("content", ["", "{}x", '{"format": 2}', '{"format": 1, "keys": [{"id": "x"}]}'])
def test_an_unreadable_file_lets_nobody_in(ring: KeyRing, tmp_path: Path, content: str) -> None:
    _, token = ring.create(Order(name="page"))
    (tmp_path / "server" / "keys.json").write_text(content)
    with pytest.raises(StoreError):
        ring.check(token)
    with pytest.raises(StoreError):
        _ = ring.made


def test_origins_are_those_of_browsers(ring: KeyRing) -> None:
    key, _ = ring.create(Order(name="page", origins=("HTTPS://Shop.Example:443/", "http://localhost:3000", "*")))
    assert key.origins == ("https://shop.example", "http://localhost:3000", "*")
    assert key.public
    assert ring.origins() == set(key.origins)
    ring.revoke(key.id)
    assert ring.origins() == set()


@pytest.mark.parametrize(
    "origin",
    [
        "shop.example",
        "https://",
        "ftp://shop.example",
        "https://shop.example/page",
        "https://a b",
        "null",
        "https://u@h",
    ],
)
def test_other_things_are_no_origins(ring: KeyRing, origin: str) -> None:
    with pytest.raises(UsageError, match="origin"):
        ring.create(Order(name="page", origins=(origin,)))


def test_command_line(cli: Cli, tmp_path: Path) -> None:
    options = "--name shop-page --rate 20 --looks-per-day 5000 --collection shop --origin https://shop.example"
    made = cli("keys", "create", "-c", tmp_path, *options.split(), "--expires", "2999-12-31", "--json")
    assert made.code == 0
    key = KeyRing(tmp_path / "server").check(made.document["key"])
    assert (key.name, key.scope, key.rate, key.looks_per_day) == ("shop-page", Scope.SEARCH, 20, 5000)
    assert (key.collections, key.origins) == (("shop",), ("https://shop.example",))
    assert key.expires == datetime(3000, 1, 1, tzinfo=UTC)

    plain = cli("keys", "create", "-c", tmp_path, "--name", "nightly", "--scope", "write")
    assert KeyRing(tmp_path / "server").check(plain.out.strip()).name == "nightly"
    listed = cli("keys", "list", "-c", tmp_path, "--json").document["keys"]
    assert [(each["name"], each["state"]) for each in listed] == [("shop-page", "live"), ("nightly", "live")]
    assert "digest" not in listed[0]

    assert cli("keys", "revoke", "nightly", "-c", tmp_path).code == 0
    table = cli("keys", "list", "-c", tmp_path).out
    assert "revoked" in table
    assert plain.out.strip() not in table
    assert cli("keys", "revoke", "nightly", "-c", tmp_path).code == 2


@pytest.mark.parametrize(
    "wrong", [("--rate", "0"), ("--rate", "nan"), ("--looks-per-day", "-1"), ("--expires", "soon"), ("--origin", "x")]
)
def test_command_line_refuses(cli: Cli, tmp_path: Path, wrong: tuple[str, str]) -> None:
    result = cli("keys", "create", "-c", tmp_path, "--name", "page", *wrong)
    assert result.code == 2
    assert not (tmp_path / "server" / "keys.json").exists()


def test_keys_of_no_collection(cli: Cli, tmp_path: Path) -> None:
    result = cli("keys", "create", "-c", tmp_path / "none", "--name", "page")
    assert result.code == 2
    assert "none" in result.err
