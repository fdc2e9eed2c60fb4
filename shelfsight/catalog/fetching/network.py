"""Connections to addresses that were checked, and to no others; what comes over them is bounded."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any, Protocol

import httpcore

from shelfsight.catalog.fetching.addresses import is_public
from shelfsight.core.errors import PictureError, Reason

__all__ = ["Allowance", "GuardedNetwork", "Resolver", "resolve"]

_RESOLVERS = 8
_TRIED = 4  # addresses of a host that are connected to, one after the other


class Resolver(Protocol):
    """From the name of a host to its addresses."""

    def __call__(self, host: str, port: int, /) -> Sequence[str]:
        """IP addresses, best first. Called from several threads.

        Raises:
            OSError: there are none.
        """
        ...


def resolve(host: str, port: int) -> list[str]:
    """The system's answer. ``host`` may be an address too, in any spelling that the system takes for one."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Allowance(threading.local):
    """What the fetch of this thread may still cost."""

    deadline = 0.0
    bytes_left = 0

    def begin(self, seconds: float, bytes_left: int) -> None:
        self.deadline = time.monotonic() + seconds
        self.bytes_left = bytes_left

    def extend(self, seconds: float) -> None:
        """Time that was spent in a queue of our own does not count."""
        self.deadline += seconds

    def seconds(self, wished: float | None = None) -> float:
        """Time left, or ``wished`` where that is less.

        Raises:
            PictureError: none is.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise PictureError(Reason.FETCH_TOO_SLOW, "the address has not answered in time")
        return left if wished is None else min(left, wished)

    def spend(self, count: int) -> None:
        """
        Raises:
            PictureError: more came than there was left.
        """
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise PictureError(Reason.TOO_MANY_BYTES, "the address sends more than an answer may have")


class GuardedNetwork(httpcore.NetworkBackend):
    """TCP to hosts by name. A name is resolved once a connection; if one of its addresses may not be asked, none is."""

    def __init__(
        self,
        network: httpcore.NetworkBackend,
        resolver: Resolver,
        is_private: Callable[[str, int], bool],
        allowance: Allowance,
    ) -> None:
        """
        Args:
            network: makes the connections, to addresses.
            is_private: whether a host and port may be asked wherever they are.
        """
        self._network = network
        self._resolver = resolver
        self._is_private = is_private
        self._allowance = allowance
        self._pool = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="shelfsight-resolve")

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._addresses(host, port)
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            patience = self._allowance.seconds(timeout) / left
            try:
                stream = self._network.connect_tcp(address, port, patience, local_address, socket_options)
                return _BoundedStream(stream, self._allowance)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if left == 1:
                    raise
        raise httpcore.ConnectError("no address")

    def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
        raise PictureError(Reason.ADDRESS_REFUSED, "the address is refused")

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        """Those of ``host``, all of them checked."""
        asked = self._pool.submit(self._resolver, host, port)
        try:
            addresses = asked.result(self._allowance.seconds())
        except FutureTimeoutError:
            asked.cancel()
            raise PictureError(Reason.FETCH_TOO_SLOW, "the name of the host is not resolved in time") from None
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("the name of the host is not known") from error
        if not self._is_private(host, port) and not all(map(is_public, addresses)):
            raise PictureError(Reason.ADDRESS_REFUSED, "the address is refused: it is not of the public internet")
        return addresses[:_TRIED]


class _BoundedStream(httpcore.NetworkStream):
    """A connection whose every wait ends when the allowance does."""

    def __init__(self, stream: httpcore.NetworkStream, allowance: Allowance) -> None:
        self._stream = stream
        self._allowance = allowance

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._stream.read(max_bytes, self._allowance.seconds(timeout))
        self._allowance.spend(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._allowance.seconds(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._allowance.seconds(timeout))
        return _BoundedStream(secured, self._allowance)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
