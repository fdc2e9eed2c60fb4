"""Where a server is, and which of its collections is asked."""

from urllib.parse import quote

import httpx

from shelfsight_client.rest import AuthenticatedClient, Client

__all__ = ["AnyClient", "connect"]

AnyClient = AuthenticatedClient | Client
"""What every operation takes as ``client``."""


def connect(url: str, *, key: str | None = None, collection: str | None = None, seconds: float = 30.0) -> AnyClient:
    """A client of the server at ``url``: ``http://localhost:8000``.

    Args:
        key: an API key, where the server asks for one.
        collection: the one that is searched and written to, by its name or alias; the server's default one where it is
            left out. Operations of the server itself (collections, aliases, keys, the audit log) want no collection.
        seconds: that an answer is waited for.
    """
    base = f"{url.rstrip('/')}/v1"
    if collection is not None:
        base += f"/collections/{quote(collection, safe='')}"
    timeout = httpx.Timeout(seconds)
    if key is None:
        return Client(base_url=base, timeout=timeout)
    return AuthenticatedClient(base_url=base, timeout=timeout, token=key)
