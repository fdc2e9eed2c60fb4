"""The HTTP server: a bound socket, uvicorn on it, and the address that a person can open."""

import errno
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from shelfsight.api.console import safe
from shelfsight.api.service import logs
from shelfsight.api.service.origins import is_loopback
from shelfsight.api.service.service import Service
from shelfsight.core.errors import UsageError

if TYPE_CHECKING:
    from shelfsight.api.draining import DrainingServer

__all__ = ["address_of", "announce", "bind", "bind_near", "check_reachable", "serve_on", "server_for"]


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens on ``host``:``port``; port 0 takes a free one.

    Raises:
        UsageError: the address is taken, or is none of this machine's.
    """
    try:
        return _bound(host, port)
    except (OSError, UnicodeError) as error:
        raise UsageError(f"cannot listen on {host}:{port}: {error}", hint="choose another --host or --port") from error


def bind_near(host: str, port: int, attempts: int = 50) -> socket.socket:
    """Like :func:`bind`, with the next free port when ``port`` is taken."""
    for candidate in range(port, min(port + attempts, 65536)):
        try:
            return _bound(host, candidate)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                break
    return bind(host, port)


def address_of(bound: socket.socket) -> str:
    """The URL that a browser on this machine opens."""
    host, port = bound.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1" if bound.family == socket.AF_INET else "::1"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve_on(bound: socket.socket, service: Service) -> None:
    """Serve until SIGINT or SIGTERM; open requests get ``settings.server.grace_seconds`` to end.

    Raises:
        UsageError: nobody could ask there, or everybody, for there are no API keys.
    """
    check_reachable(bound, service)
    logs.configure(service.settings.log)
    announce(bound, service)
    with bound:
        server_for(service).run(sockets=[bound])


def check_reachable(bound: socket.socket, service: Service) -> None:
    """
    Raises:
        UsageError: nobody could ask there, or everybody, for there are no API keys.
    """
    service.access.check_reachable(local=is_loopback(bound.getsockname()[0]))


def announce(bound: socket.socket, service: Service) -> None:
    """Say what is served, and where."""
    logs.say(service.settings.log, f"serving {safe(_what(service))} on {address_of(bound)} (Ctrl-C ends it)")


def _what(service: Service) -> str:
    """What a person reads of what is served: a directory, or names."""
    collections = service.collections
    names = collections.names()
    return str(collections.engine(names[0]).path) if len(names) == 1 else ", ".join(names) or "no collection yet"


def server_for(
    service: Service, *, orphaned: Callable[[], bool] | None = None, on_start: Callable[[], None] | None = None
) -> "DrainingServer":
    """The server as it is run everywhere; see :class:`~shelfsight.api.draining.DrainingServer`."""
    import uvicorn

    from shelfsight.api.app import create_app
    from shelfsight.api.draining import DrainingServer
    from shelfsight.api.http.protocol import protocol

    settings, app = service.settings.server, create_app(service)
    config = uvicorn.Config(
        app,
        http=protocol(settings.head_seconds, settings.body_seconds),
        ws="none",
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
    )
    return DrainingServer(
        config, app.state.gates, grace_seconds=settings.grace_seconds, orphaned=orphaned, on_start=on_start
    )


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen()
    except BaseException:
        bound.close()
        raise
    return bound
