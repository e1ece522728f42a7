"""Where a connector may go: every address in every disguise."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from contact_centre.connectors.places import Allowed, read_allowed, read_base

NOWHERE = Allowed()
PRIVATE = [
    "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "255.255.255.255", "224.0.0.1", "192.0.0.8", "198.18.0.1", "240.0.0.1",
    "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1", "fec0::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1",
    "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:80ff:fffe",
]  # fmt: skip
NO_ADDRESS = [
    "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.0.0.01", "", " 127.0.0.1",
    "127.0.0.1.", "localhost", "1.1.1.1 ", "１２７.0.0.1", "[::1]", "::ffff:7f00:1::", "127.0.0.1:80",
]  # fmt: skip
V4 = st.ip_addresses(v=4)
V6 = st.ip_addresses(v=6)


@pytest.mark.parametrize("text", PRIVATE)
def test_what_is_not_public_is_refused_unless_listed(text: str) -> None:
    assert not NOWHERE.address(text)
    assert not read_allowed(["sistema.example", "8.8.8.0/24"]).address(text)


@pytest.mark.parametrize("text", NO_ADDRESS)
def test_what_is_no_address_in_its_one_form_is_refused_even_when_loopback_is_listed(text: str) -> None:
    assert not read_allowed(["127.0.0.0/8", "::1"]).address(text)


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "201.238.1.1", "2606:4700::1111", "2800:3f0::1", "::ffff:8.8.8.8"]
)
def test_the_public_internet_is_not(text: str) -> None:
    assert NOWHERE.address(text)


def test_a_listed_network_is_allowed_and_its_neighbour_is_not() -> None:
    allowed = read_allowed(["10.20.0.0/16", "127.0.0.1", "fd00:1::/32"])
    assert all(map(allowed.address, ("10.20.3.4", "127.0.0.1", "fd00:1::9", "::ffff:10.20.3.4")))
    assert not any(map(allowed.address, ("10.21.0.1", "127.0.0.2", "fd00:2::9", "::1", "169.254.169.254")))


@given(V4)
def test_an_address_is_judged_alike_in_all_its_disguises(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    plain = NOWHERE.address(str(address))
    mapped = ipaddress.IPv6Address((0xFFFF << 32) | number)
    nat64 = ipaddress.IPv6Address((0x64FF9B << 96) | number)
    sixtofour = ipaddress.IPv6Address((0x2002 << 112) | (number << 80) | 1)
    for disguise in (mapped, nat64, sixtofour):
        assert NOWHERE.address(str(disguise)) == plain
        assert NOWHERE.address(disguise.exploded) == plain
    assert not NOWHERE.address(str(number))
    assert not NOWHERE.address(hex(number))


@given(V4 | V6)
def test_no_special_address_is_ever_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if NOWHERE.address(str(address)):
        assert address.is_global
        for special in ("is_loopback", "is_private", "is_link_local", "is_multicast", "is_unspecified"):
            assert not getattr(address, special) or getattr(address, "ipv4_mapped", None)


@given(V4, V4, st.integers(1, 32))
def test_a_listed_network_opens_its_own_addresses_and_no_other(
    address: ipaddress.IPv4Address, other: ipaddress.IPv4Address, length: int
) -> None:
    network = ipaddress.IPv4Network((address, length), strict=False)
    allowed = read_allowed([str(network)])
    assert allowed.address(str(address))
    assert allowed.address(str(other)) == (other in network or NOWHERE.address(str(other)))


@pytest.mark.parametrize(
    "base",
    [
        "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://a.0x7f/", "ftp://a.example/",
        "file:///etc/passwd", "http://", "//a.example", "a.example", "http://u:p@a.example/", "http://a.example@127.0.0.1/",
        "http://a.example/?x=1", "http://a.example/#x", "http://a.example/../x", "http://a.example/%2e%2e/x",
        "http://a.example\\@b.example/", "http://a b/", "http://a.example:99999/", "http://[::1", "http://ñandú.example/",
        "http://-a.example/", "http://a..example/", "gopher://a.example/", "http://a.example/\r\nX: y", "unix:///x",
    ],
)  # fmt: skip
def test_a_base_that_could_be_read_in_two_ways_is_refused(base: str) -> None:
    with pytest.raises(PydanticCustomError):
        read_base(base)


@pytest.mark.parametrize(
    ("base", "read"),
    [
        ("https://a.example/api/", "https://a.example/api"),
        ("http://10.2.3.4:8080", "http://10.2.3.4:8080"),
        ("http://[fd00::1]:8080/x", "http://[fd00::1]:8080/x"),
        ("https://xn--and-6ma2c.example", "https://xn--and-6ma2c.example"),
        ("http://sistema", "http://sistema"),
    ],
)
def test_a_base_that_is_fine(base: str, read: str) -> None:
    assert read_base(base) == read


@pytest.mark.parametrize(
    "entry", ["0.0.0.0/0", "::/0", "*", "*.example", "10.0.0.1/8", "a b", "", "127.1", 7.5]
)
def test_everybody_and_nonsense_cannot_be_allowed(entry: object) -> None:
    with pytest.raises(PydanticCustomError):
        read_allowed([entry])
