"""A public internet in small: names that resolve as a test says, public addresses that lead to servers on loopback."""

import threading
from collections.abc import Iterable, Sequence

import httpcore

from shelfsight.catalog.fetching import Resolver

__all__ = ["PUBLIC", "Names", "Rerouted"]

PUBLIC = "93.184.215.14"


class Names:
    """A resolver with fixed answers. Of several lists for a host each is given once, the last from then on.
    Other names are unknown, or left to another resolver."""

    def __init__(self, *, otherwise: Resolver | None = None, **answers: Sequence[Sequence[str]]) -> None:
        self._otherwise = otherwise
        self._answers = {host.replace("_", "."): list(lists) for host, lists in answers.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host not in self._answers:
            if self._otherwise is not None:
                return self._otherwise(host, port)
            raise OSError(f"{host} is not known")
        lists = self._answers[host]
        return lists[0] if len(lists) == 1 else lists.pop(0)


class Rerouted(httpcore.NetworkBackend):
    """TCP whose connections to a public address end at a port of loopback. Remembers who was connected to."""

    def __init__(self, routes: dict[str, int]) -> None:
        self._routes = routes
        self._network = httpcore.SyncBackend()
        self._lock = threading.Lock()
        self.connected: list[tuple[str, int]] = []

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        with self._lock:
            self.connected.append((host, port))
        if host not in self._routes:
            raise httpcore.ConnectError("no route")
        return self._network.connect_tcp("127.0.0.1", self._routes[host], timeout, local_address, socket_options)
