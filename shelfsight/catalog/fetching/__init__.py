"""Pictures and catalogues from addresses that others write, without being led inside the network.

::

    address ─► target (http, https; no credentials; allowed port) ─► resolved once ─► every address checked
            ─► connected to a checked address ─► answer bounded in bytes and time ─► redirects, from the beginning

No proxies, cookies or passwords are taken from the environment; ``SSL_CERT_FILE`` may name whom to trust.
"""

from shelfsight.catalog.fetching.fetcher import GuardedFetcher
from shelfsight.catalog.fetching.network import Resolver, resolve

__all__ = ["GuardedFetcher", "Resolver", "resolve"]
