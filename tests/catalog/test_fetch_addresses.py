"""Which addresses are public, against the registries by hand and Python's own opinion."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfsight.catalog.fetching.addresses import is_public


@pytest.mark.parametrize(
    "address",
    [
        *("1.1.1.1", "93.184.215.14", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "192.167.1.1"),
        *("223.1.1.1", "2606:4700::1111", "2a00:1450:4001::8a", "2001:4860:4860::8888", "2606::5efe:101:101"),
        *("::ffff:1.1.1.1", "64:ff9b::101:101"),
    ],
)
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "0.1.2.3", "10.0.0.1", "127.0.0.1", "127.255.255.254", "172.16.0.1", "172.31.255.255"),
        *("192.168.0.1", "169.254.0.1", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1"),
        *("198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1"),
        "255.255.255.255",
        *("169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "2606:4700::1111%1", "fec0::1", "fc00::1", "fdff::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::ffff:0:127.0.0.1", "::127.0.0.1", "::1.1.1.1"),
        *("64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "64:ff9b:1::101:101"),
        *("2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:101:101::", "2001:0:101:101::1", "2001::1", "2001:2::1"),
        *("2001:10::1", "2001:20::1", "2001:db8::1", "3fff::1", "100::1", "5f00::1", "4000::1"),
        *("2606::5efe:7f00:1", "2606::200:5efe:a00:1"),
        *("", "shop.example", "127.1", "2130706433", "0x7f000001", "1.1.1.1/32", " 1.1.1.1"),
    ],
)
def test_not_public(address: str) -> None:
    assert not is_public(address)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_ipv4_within_what_python_calls_global_and_so_whatever_carries_it(number: int) -> None:
    address = IPv4Address(number)
    if is_public(str(address)):
        assert address.is_global
        assert not address.is_multicast
    for carrier in (0xFFFF << 32, 0x64FF9B << 96):
        assert is_public(str(IPv6Address(carrier | number))) == is_public(str(address))
    for carrier in (0, 0x2002 << 112 | number << 80, 0x20010000 << 96, 0x64FF9B0001 << 80):
        assert not is_public(str(IPv6Address(carrier | number)))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**125 - 1))
def test_ipv6_within_what_python_calls_global(number: int) -> None:
    address = IPv6Address(1 << 125 | number)
    assert not is_public(str(address)) or address.is_global
