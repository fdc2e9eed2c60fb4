"""API keys: what each may do, in a file of the server's state that holds their hashes alone.

A key is ``ss_SCOPE_ID_SECRET``; the secret is 32 letters and digits drawn at random, 190 bits. So one BLAKE2b is enough
at rest: slow hashes (scrypt, Argon2) are for passwords, which can be guessed from a list; nobody lists 2^190. The id is
no secret: it names the key in lists, logs and the audit log, and is the salt.
"""

import hmac
import json
import os
import re
import secrets
import string
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from shelfsight.api.service.origins import origin
from shelfsight.api.service.state import made
from shelfsight.core.errors import NotFound, StoreError, Unauthenticated, UsageError
from shelfsight.stores.faults import storage_faults
from shelfsight.stores.files import locked, publish

__all__ = ["ApiKey", "KeyRing", "Order", "Scope", "without_secrets"]

_FILE = "keys.json"
_FORMAT = 1
_ALPHABET = string.ascii_letters + string.digits
_ID, _SECRET = 10, 32
_LONGEST = 100
_TOKEN = re.compile(f"(ss_[a-z]_[A-Za-z0-9]{{{_ID}}})_[A-Za-z0-9]{{{_SECRET}}}")
_NOBODY = bytes(32)
_HINT = "send a key as `Authorization: Bearer KEY` or `X-API-Key: KEY`; `shelfsight keys create` makes one"


class Scope(StrEnum):
    """What a key may do; each may do what those before it may, but for ``search`` and ``write``, which may not read the
    metrics."""

    METRICS = "metrics"
    SEARCH = "search"
    WRITE = "write"
    ADMIN = "admin"

    def covers(self, needed: "Scope") -> bool:
        if needed is Scope.METRICS:
            return self in (Scope.METRICS, Scope.ADMIN)
        order = list(Scope)
        return order.index(self) >= order.index(needed)


class Order(BaseModel):
    """The key that somebody wants."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=_LONGEST, description="What a person calls it: shop-page.")
    scope: Scope = Field(
        default=Scope.SEARCH, description="`write` may search too, `admin` everything; `metrics` reads those alone."
    )
    rate: float | None = Field(default=None, gt=0, allow_inf_nan=False, description="Requests a second.")
    looks_per_day: int | None = Field(default=None, ge=0, description="Pictures a day that a VLM may look at.")
    collections: tuple[str, ...] = Field(default=(), description="Collections or aliases it may ask; none: all.")
    origins: tuple[str, ...] = Field(
        default=(), description="Pages that may use it: `https://shop.example`. Such a key is no secret."
    )
    expires: AwareDatetime | None = Field(default=None, description="From when on it counts no longer.")


class ApiKey(Order):
    """A key as it is kept."""

    id: str
    digest: str = Field(repr=False)
    created: AwareDatetime
    revoked: AwareDatetime | None = None

    @property
    def public(self) -> bool:
        """Whether pages carry it, so that everybody may have it."""
        return bool(self.origins)

    def document(self) -> dict[str, Any]:
        """All that may be told of it."""
        return {**self.model_dump(mode="json", exclude={"digest"}), "state": self.state()}

    def state(self, now: datetime | None = None) -> str:
        """``live``, ``revoked`` or ``expired``."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= (now or datetime.now(UTC)) else "live"


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: int = Field(default=_FORMAT, ge=_FORMAT, le=_FORMAT)
    keys: tuple[ApiKey, ...] = ()


class _Known(NamedTuple):
    """The keys by id, and what the file looked like that they were read from."""

    seen: tuple[int, ...] | None
    keys: dict[str, ApiKey]


class KeyRing:
    """The keys of one server: all its processes and the command line share the file. Safe to share between threads."""

    def __init__(self, state: Path) -> None:
        """
        Args:
            state: the directory of the server's state; it is made with the first key.
        """
        self._state = state
        self._file = str(state / _FILE)
        self._known = _Known(None, {})
        self._follow()

    def all(self) -> tuple[ApiKey, ...]:
        """Every key that was ever made, oldest first."""
        return tuple(self._follow().values())

    @property
    def made(self) -> bool:
        """Whether a key was ever made, be it revoked or expired."""
        return bool(self._follow())

    def origins(self) -> frozenset[str]:
        """Pages that may use one of the live keys."""
        return frozenset(page for key in self.all() if key.state() == "live" for page in key.origins)

    def check(self, token: str) -> ApiKey:
        """The live key whose secret ``token`` holds.

        Raises:
            Unauthenticated: there is none. What takes the same time and says the same, whether or not the id is known.
        """
        head, _, rest = token.partition("_")
        letter, _, rest = rest.partition("_")
        id, _, secret = rest.partition("_")
        key = self._follow().get(id)
        expected = _NOBODY if key is None else bytes.fromhex(key.digest)
        same = hmac.compare_digest(_digest(id, secret), expected)
        if key is None or not same or (head, letter) != ("ss", key.scope[0]):
            raise Unauthenticated("this API key is not known", hint=_HINT)
        if (state := key.state()) != "live":
            raise Unauthenticated(f"the API key {key.id} is {state}", hint="ask for another one")
        return key

    def create(self, order: Order) -> tuple[ApiKey, str]:
        """A new key, and what its owner sends; that can never be told again.

        Raises:
            UsageError: an origin is none, or a live key has that name.
            StoreError: it cannot be kept.
        """
        wanted = order.model_copy(update={"origins": tuple(dict.fromkeys(map(origin, order.origins)))})
        id, secret = _drawn(_ID), _drawn(_SECRET)
        key = ApiKey(
            **wanted.model_dump(),
            id=id,
            digest=_digest(id, secret).hex(),
            created=datetime.now(UTC).replace(microsecond=0),
        )
        with self._changing():
            keys = self.all()
            if any(other.name == key.name and other.state() == "live" for other in keys):
                raise UsageError(f"there is a key {key.name!r} already", hint="revoke it, or choose another name")
            self._write((*keys, key))
        return key, f"ss_{key.scope[0]}_{id}_{secret}"

    def revoke(self, name: str) -> ApiKey:
        """End a key, by its id or by the name of a live one; one that is revoked stays so.

        Raises:
            NotFound: there is no such key.
            StoreError: that cannot be kept.
        """
        with self._changing():
            keys = {key.id: key for key in self.all()}
            found = keys.get(name) or next((key for key in keys.values() if _is_called(key, name)), None)
            if found is None:
                raise NotFound(f"there is no key {name!r}", hint="`shelfsight keys list` shows them")
            if found.revoked is None:
                found = found.model_copy(update={"revoked": datetime.now(UTC).replace(microsecond=0)})
                self._write({**keys, found.id: found}.values())
        return found

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """One at a time, of all threads and processes."""
        with storage_faults(made(self._state)), locked(self._state / "keys.lock", wait=True):
            yield

    def _write(self, keys: Iterable[ApiKey]) -> None:
        content = _File(keys=tuple(keys)).model_dump(mode="json")

        def write(file: BinaryIO) -> None:
            os.fchmod(file.fileno(), 0o600)
            file.write(json.dumps(content, indent=1).encode() + b"\n")

        publish(self._state / _FILE, write)

    def _follow(self) -> dict[str, ApiKey]:
        """The keys by id, as the file has them now: asking whether it is another file takes a microsecond or two.

        Raises:
            StoreError: the file cannot be read; nobody is let in then.
        """
        try:
            about = os.stat(self._file)  # noqa: PTH116  # twice as fast
            seen: tuple[int, ...] = (about.st_ino, about.st_mtime_ns, about.st_ctime_ns, about.st_size)
        except FileNotFoundError:
            seen = ()
        except OSError as error:
            raise StoreError(f"{self._file} cannot be read: {error.strerror}") from error
        known = self._known
        if known.seen != seen:
            keys = {key.id: key for key in _read(Path(self._file))} if seen else {}
            known = self._known = _Known(seen, keys)
        return known.keys


def without_secrets(text: str) -> str:
    """``text`` with the ids alone of keys that stand in it: somebody may send a key where its id belongs."""
    return _TOKEN.sub(r"\1", text)


def _read(path: Path) -> tuple[ApiKey, ...]:
    try:
        return _File.model_validate_json(path.read_bytes()).keys
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise StoreError(f"{path} holds no API keys: {error.errors()[0]['msg']}") from error


def _digest(id: str, secret: str) -> bytes:
    """32 bytes. Whatever a client sends has a digest."""
    salt = id.encode("utf-8", "replace")[:16]
    return blake2b(secret.encode("utf-8", "replace"), digest_size=32, salt=salt, person=b"shelfsight key").digest()


def _drawn(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _is_called(key: ApiKey, name: str) -> bool:
    return key.name == name and key.revoked is None
