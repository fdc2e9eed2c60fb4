"""What an address asks for, by its text alone: nothing is looked up here."""

import re
from dataclasses import dataclass
from typing import NoReturn

import httpx

from shelfsight.core.errors import PictureError, Reason, UsageError
from shelfsight.core.settings import FetchSettings

__all__ = ["Target", "Targets"]

_MAX_LENGTH = 8192
_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_ODD = re.compile(r"[\x00-\x1f\x7f\\]")  # parsers differ in what they make of these


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes.

    Attributes:
        url: the whole address.
        scheme: ``http`` or ``https``.
        host: name or address, in lower case, as certificates and ``Host`` have it; IPv6 without brackets.
        netloc: value of the ``Host`` header.
        path: path and query as they are sent.
    """

    url: str
    scheme: str
    host: str
    port: int
    netloc: bytes
    path: bytes


class Targets:
    """Addresses to targets, by the rules of the settings."""

    def __init__(self, settings: FetchSettings) -> None:
        """
        Raises:
            UsageError: one of ``private_hosts`` is neither HOST nor HOST:PORT.
        """
        self._ports = frozenset(settings.ports)
        self._private = frozenset(map(_private_host, settings.private_hosts))

    def of(self, url: str, before: Target | None = None) -> Target:
        """The target of ``url``; where ``before`` has led there, ``url`` may be relative to that.

        Raises:
            PictureError: address_refused.
        """
        parsed = _parse(url, before)
        if parsed.scheme not in _DEFAULT_PORTS or not parsed.is_absolute_url:
            _refuse("only addresses of http and https are fetched")
        if parsed.userinfo:
            _refuse("an address with a name or password in it is not fetched")
        if before is not None and before.scheme == "https" and parsed.scheme != "https":
            _refuse("it leads from https to http")
        host = parsed.raw_host.decode("ascii").lower()
        if not _HOST.fullmatch(host):
            _refuse("its host is no name of a host")
        port = _DEFAULT_PORTS[parsed.scheme] if parsed.port is None else parsed.port
        if port not in self._ports and not self.is_private(host, port):
            _refuse(f"port {port} is not asked")
        return Target(str(parsed), parsed.scheme, host, port, parsed.netloc, parsed.raw_path)

    def is_private(self, host: str, port: int) -> bool:
        """Whether the settings let ``host`` through wherever it is."""
        host = host.lower().rstrip(".")
        return (host, port) in self._private or ((host, None) in self._private and port in self._ports)


def _parse(url: str, before: Target | None) -> httpx.URL:
    url = url.strip().replace(" ", "%20")  # which a browser does too
    if len(url) > _MAX_LENGTH or _ODD.search(url):
        _refuse("it is too long, or has characters in it that no address has")
    try:
        return httpx.URL(url) if before is None else httpx.URL(before.url).join(url)
    except (httpx.InvalidURL, UnicodeError, ValueError):
        _refuse("it is no address")


def _private_host(text: str) -> tuple[str, int | None]:
    try:
        parsed = httpx.URL(f"//{text}")
        host = parsed.raw_host.decode("ascii").lower().rstrip(".")
        if host and parsed.path == "/" and not parsed.userinfo and parsed.port != 0:
            return host, parsed.port
    except (httpx.InvalidURL, UnicodeError, ValueError):
        pass
    raise UsageError(f"fetch.private_hosts: {text!r} is no host", hint="such as pictures.lan, or pictures.lan:8080")


def _refuse(why: str) -> NoReturn:
    raise PictureError(Reason.ADDRESS_REFUSED, f"the address is refused: {why}")
