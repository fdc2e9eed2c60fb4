"""Which IP addresses are of the public internet, and of nothing nearer.

A table of our own, after the IANA special-purpose address registries (RFC 6890 and what came later): what Python's
``ipaddress`` says of some of them has changed between its releases.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

__all__ = ["is_public"]

_REFUSED_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by customers of a carrier; metadata of some clouds
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's host, seen from its machines
        "169.254.0.0/16",  # link-local; metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")  # all that is given out; loopback, local and multicast are outside
_REFUSED_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo among them, which carries IPv4 addresses
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which carries IPv4 addresses
        "3fff::/20",  # documentation
    )
)
_CARRIES_V4 = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))  # IPv4-mapped; NAT64 (RFC 6052)
_ISATAP = (0x00005EFE, 0x02005EFE)  # the third 32 bits of an address whose last are an IPv4 address (RFC 5214)


def is_public(address: str) -> bool:
    """Whether ``address`` is a global unicast address, and carries no IPv4 address that is none.

    What is no IP address, or has a zone (``fe80::1%eth0``), is not.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return not _in_any(parsed, _REFUSED_V4)
    if parsed.scope_id is not None:
        return False
    if _in_any(parsed, _CARRIES_V4):
        return is_public(str(_last_32_bits(parsed)))
    if int(parsed) >> 32 & 0xFFFFFFFF in _ISATAP and not is_public(str(_last_32_bits(parsed))):
        return False
    return parsed in _GLOBAL_V6 and not _in_any(parsed, _REFUSED_V6)


def _last_32_bits(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFFFFFF)


def _in_any(address: IPv4Address | IPv6Address, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    return any(address in network for network in networks)
