"""Origins of pages (RFC 6454), and which names and addresses mean this machine."""

import re
from ipaddress import ip_address

from shelfsight.core.errors import UsageError

__all__ = ["ANY", "host_of", "is_loopback", "is_loopback_name", "origin"]

ANY = "*"
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::(?P<port>[0-9]{1,5}))?", re.ASCII)


def origin(text: str) -> str:
    """``SCHEME://HOST[:PORT]`` as browsers send it; ``*`` is every page.

    Raises:
        UsageError: it is none.
    """
    if text == ANY:
        return ANY
    scheme, _, rest = text.strip().lower().removesuffix("/").partition("://")
    found = _HOST.fullmatch(rest)
    if scheme not in _PORTS or found is None:
        raise UsageError(f"{text!r} is no origin of a page", hint="write it as https://shop.example, without a path")
    port = found["port"]
    return f"{scheme}://{found['name']}" + ("" if port is None or int(port) == _PORTS[scheme] else f":{int(port)}")


def host_of(header: str) -> str | None:
    """The name in a ``Host`` header in lower case, without port and brackets; ``None`` where it is no such header."""
    found = _HOST.fullmatch(header)
    if found is None:
        return None
    return found["name"].strip("[]").lower().removesuffix(".")


def is_loopback(address: str) -> bool:
    """Whether ``address`` (of an interface) can be reached from this machine alone."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback


def is_loopback_name(name: str) -> bool:
    """Whether ``name`` cannot be made to mean another machine: an address of loopback, or ``localhost``."""
    return name == "localhost" or name.endswith(".localhost") or is_loopback(name)
