"""Fetch: resolve, check, connect, read within bounds, follow redirects, try again."""

import random
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from threading import Lock
from types import TracebackType
from typing import IO, Self

import httpcore
import httpx

from shelfsight.catalog.fetching.health import Health
from shelfsight.catalog.fetching.network import Allowance, GuardedNetwork, Resolver, resolve
from shelfsight.catalog.fetching.targets import Target, Targets
from shelfsight.catalog.fetching.turns import Turns
from shelfsight.core.errors import PictureError, Reason
from shelfsight.core.protocols import Fetched
from shelfsight.core.settings import FetchSettings

__all__ = ["GuardedFetcher"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ANSWERS = frozenset({200, 203})
_WORTH_ANOTHER = frozenset({408, 425, 429, 500, 502, 503, 504})
_BACKOFF = 0.25  # seconds before the second try, twice as many before each further one
_MAX_VALIDATOR = 256
_OVERHEAD = 1 << 20  # bytes beside the body: headers, sizes of chunks
_IDLE = 32  # connections kept open
_IDLE_SECONDS = 5.0
_HEADERS = (
    (b"User-Agent", b"shelfsight"),
    (b"Accept", b"*/*"),
    (b"Accept-Encoding", b"identity"),
)


class _TryAgainError(Exception):
    """Said of an answer that another try may make better. ``after``: seconds that the server asks to wait."""

    def __init__(self, message: str, after: float = 0.0) -> None:
        super().__init__(message)
        self.after = after


@dataclass(frozen=True, slots=True)
class _Wish:
    """What one fetch is after: where bytes go, and how many at most."""

    take: Callable[[bytes], object]
    restart: Callable[[], object]
    max_bytes: int
    validator: str | None = None


class GuardedFetcher:
    """A :class:`~shelfsight.core.protocols.Fetcher` that cannot be led inside the network. Safe to share between
    threads; connections are kept for a few seconds.

    A host is asked for by name, its name is resolved once a connection, each of its addresses must be a public one,
    and one of those that were checked is connected to. Certificates are verified for the name. A redirect is a fetch of
    its own, from https never to http. Answers in an encoding (gzip) are refused: what they hold is not bounded by
    their length.

    What a server's answer is good for next time is its ``ETag``, or else ``Last-Modified``.
    """

    def __init__(
        self,
        settings: FetchSettings | None = None,
        *,
        resolver: Resolver = resolve,
        network: httpcore.NetworkBackend | None = None,
        certificates: ssl.SSLContext | None = None,
    ) -> None:
        """
        Args:
            resolver: names to addresses; the system's where left out.
            network: makes connections to addresses that were checked; TCP where left out.
            certificates: whom to trust; those that come with Python packages, or ``SSL_CERT_FILE``, where left out.

        Raises:
            UsageError: one of ``settings.private_hosts`` is none.
        """
        self._settings = settings or FetchSettings()
        self._targets = Targets(self._settings)
        self._turns = Turns(self._settings.a_host)
        self._health = Health()
        self._allowance = Allowance()
        self._certificates = certificates
        self._network = GuardedNetwork(
            network or httpcore.SyncBackend(), resolver, self._targets.is_private, self._allowance
        )
        self._opening = Lock()
        self._opened: httpcore.ConnectionPool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; a later fetch opens others."""
        with self._opening:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def __call__(self, url: str, *, max_bytes: int, validator: str | None = None) -> Fetched:
        """See :class:`~shelfsight.core.protocols.Fetcher`; ``settings.max_bytes`` bounds an answer too."""
        parts: list[bytes] = []
        limit = min(max_bytes, self._settings.max_bytes)
        wish = _Wish(parts.append, parts.clear, limit, validator)
        found = self._fetch(url, wish, self._settings.seconds)
        if found is None:
            return Fetched(data=None, validator=validator)
        return Fetched(data=b"".join(parts), validator=found or None)

    def save(self, url: str, file: IO[bytes], *, max_bytes: int, seconds: float | None = None) -> None:
        """Write what ``url`` answers into ``file``, which is cut off at its beginning first.

        Args:
            max_bytes: at most, whatever the settings say of pictures.
            seconds: to the last byte; the settings' number where left out.

        Raises:
            PictureError: as :class:`~shelfsight.core.protocols.Fetcher`.
            OSError: ``file`` cannot be written.
        """

        def restart() -> None:
            file.seek(0)
            file.truncate()

        wish = _Wish(file.write, restart, max_bytes)
        self._fetch(url, wish, self._settings.seconds if seconds is None else seconds)

    def _fetch(self, url: str, wish: _Wish, seconds: float) -> str | None:
        """The validator of the answer, empty where it has none; ``None``: unchanged."""
        self._allowance.begin(seconds, 2 * wish.max_bytes + _OVERHEAD)
        first = self._targets.of(url)
        for attempt in range(self._settings.attempts):
            try:
                return self._follow(first, wish)
            except _TryAgainError as error:
                pause = max(error.after, _BACKOFF * 2**attempt * random.uniform(0.5, 1.0))
                if attempt + 1 == self._settings.attempts or pause >= self._allowance.seconds():
                    raise PictureError(Reason.FETCH_FAILED, f"{first.host}: {error}") from error
                time.sleep(pause)
        raise AssertionError("at least one attempt is made")

    def _follow(self, target: Target, wish: _Wish) -> str | None:
        for _ in range(self._settings.redirects + 1):
            answer = self._ask(target, wish)
            if not isinstance(answer, Target):
                return answer
            target = answer
        message = f"it leads further than {self._settings.redirects} redirects"
        raise PictureError(Reason.ADDRESS_REFUSED, f"the address is refused: {message}")

    def _ask(self, target: Target, wish: _Wish) -> Target | str | None:
        """One request: the next target, or what :meth:`_fetch` returns."""
        wish.restart()
        with self._turns.turn(target.host, target.port) as waited:
            self._allowance.extend(waited)
            with (
                self._health.asking(target.host, target.port, _says_nothing),
                _told(),
                self._request(target, wish) as response,
            ):
                return self._take(response, target, wish)

    def _take(self, response: httpcore.Response, target: Target, wish: _Wish) -> Target | str | None:
        headers = {name.lower(): value for name, value in reversed(response.headers)}
        if response.status in _REDIRECTS and b"location" in headers:
            return self._targets.of(_text(headers[b"location"]), target)
        if response.status == 304 and wish.validator is not None:
            return None
        self._check(response.status, headers, wish, target.host)
        self._receive(response, wish)
        return _validator(headers)

    def _request(self, target: Target, wish: _Wish) -> AbstractContextManager[httpcore.Response]:
        url = httpcore.URL(
            scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.path
        )
        headers = [(b"Host", target.netloc), *_HEADERS]
        if wish.validator is not None:
            name = b"If-None-Match" if wish.validator.endswith('"') else b"If-Modified-Since"
            headers.append((name, wish.validator.encode("latin-1", "replace")))
        patience = {"timeout": {"pool": self._allowance.seconds()}}
        return self._pool().stream("GET", url, headers=headers, extensions=patience)

    def _pool(self) -> httpcore.ConnectionPool:
        with self._opening:
            if self._opened is None:
                self._opened = httpcore.ConnectionPool(
                    ssl_context=self._certificates or _trusted(),
                    max_connections=None,
                    max_keepalive_connections=_IDLE,
                    keepalive_expiry=_IDLE_SECONDS,
                    network_backend=self._network,
                )
            return self._opened

    def _check(self, status: int, headers: Mapping[bytes, bytes], wish: _Wish, host: str) -> None:
        if status in _WORTH_ANOTHER:
            raise _TryAgainError(f"answered with status {status}", _seconds(headers.get(b"retry-after", b"")))
        if status not in _ANSWERS:
            raise PictureError(Reason.FETCH_FAILED, f"{host}: answered with status {status}")
        if headers.get(b"content-encoding", b"identity").strip().lower() not in (b"identity", b""):
            raise PictureError(Reason.FETCH_FAILED, f"{host}: answered in an encoding that was not asked for")
        declared = headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared) > wish.max_bytes:
            raise _too_many(wish.max_bytes)

    def _receive(self, response: httpcore.Response, wish: _Wish) -> None:
        received = 0
        for part in response.iter_stream():
            received += len(part)
            if received > wish.max_bytes:
                raise _too_many(wish.max_bytes)
            wish.take(part)
            self._allowance.seconds()
        if not received:
            raise PictureError(Reason.EMPTY_FILE, "the address answers with nothing")


@cache
def _trusted() -> ssl.SSLContext:
    """Read once: it takes as long as a fetch."""
    return httpx.create_ssl_context()


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong on the way in our own words, which say nothing of the network."""
    try:
        yield
    except httpcore.TimeoutException as error:
        raise PictureError(Reason.FETCH_TOO_SLOW, "the address has not answered in time") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError) as error:
        raise _TryAgainError("cannot be reached, or breaks off") from error


def _says_nothing(error: Exception) -> bool:
    """Whether this tells of a host that does not answer, or not now."""
    slow = isinstance(error, PictureError) and error.reason is Reason.FETCH_TOO_SLOW
    return slow or isinstance(error, _TryAgainError)


def _too_many(limit: int) -> PictureError:
    return PictureError(Reason.TOO_MANY_BYTES, f"the address sends more than {limit:,} bytes")


def _validator(headers: Mapping[bytes, bytes]) -> str:
    found = headers.get(b"etag") or headers.get(b"last-modified") or b""
    return found.decode("latin-1") if len(found) <= _MAX_VALIDATOR and found.isascii() else ""


def _text(header: bytes) -> str:
    """Bytes beyond ASCII are UTF-8, as browsers take them."""
    try:
        return header.decode()
    except UnicodeDecodeError:
        return header.decode("latin-1")


def _seconds(retry_after: bytes) -> float:
    return float(retry_after) if retry_after.isdigit() and len(retry_after) < 6 else 0.0
