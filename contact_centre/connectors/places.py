"""Where a connector may go. Pure; asked at the moment of connecting, with the very address that is connected to.

A public address is fine for the host the description names. An address of a private, loopback, link-local or otherwise
special network is so only when the description lists it: an institution's own systems usually stand in such a network,
and so does everything an intruder would like to reach through us.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)")  # as the last label: some system would read it as an address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_ORDINARY_IPV6 = ipaddress.IPv6Network("2000::/3")
# Special by IANA's registries, which Python's own tables follow at their own pace.
_SPECIAL: tuple[Network, ...] = tuple(
    map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "2001::/23", "3fff::/20"))
)


class AddressRefusedError(Exception):
    """A host led to an address that its description does not allow."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Hosts by name, and networks whose addresses may be private."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    def host(self, host: str) -> bool:
        """Whether it may be asked for by this name; with nothing listed, the base's own host may."""
        if not self.hosts and not self.networks:
            return True
        address = _literal(host)
        return host in self.hosts if address is None else self.lists(address)

    def address(self, text: str) -> bool:
        """Whether this may be connected to. What is no address in its one proper form may not."""
        address = _literal(text)
        return address is not None and (self.lists(address) or is_public(address))

    def lists(self, address: Address) -> bool:
        inner = _within(address)
        if inner is not None and inner != address:
            return self.lists(inner)
        return _in_any(address, self.networks)


def is_public(address: Address) -> bool:
    """An address of the public Internet, also judged by the IPv4 address that an IPv6 one carries inside."""
    inner = _within(address)
    if inner is not None:
        return is_public(inner)
    if isinstance(address, ipaddress.IPv6Address) and address not in _ORDINARY_IPV6:
        return False
    special = (
        _in_any(address, _SPECIAL), address.is_private, address.is_loopback,
        address.is_link_local, address.is_multicast, address.is_reserved,
        address.is_unspecified,
    )  # fmt: skip
    return address.is_global and not any(special)


def read_base(raw: str) -> str:
    """Checked, without a slash at its end. Raises PydanticCustomError."""
    try:
        parts = urlsplit(raw.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if (
        not host or parts.scheme not in ("http", "https") or parts.username is not None or parts.password is not None
        or parts.query or parts.fragment or "\\" in raw or re.search(r"[\s\x00-\x1f]|\.\.|%2e", raw.strip().lower())
        or not (_is_host(host) or _literal(host) is not None)
    ):  # fmt: skip
        raise PydanticCustomError("bad_base", "bad_base", {"name": raw[:80]})
    return raw.strip().rstrip("/")


def read_allowed(raw: object) -> Allowed:
    """Raises PydanticCustomError."""
    if not isinstance(raw, list) or len(raw) > 50:
        raise PydanticCustomError("bad_allow", "bad_allow", {"name": str(raw)[:80]})
    hosts: set[str] = set()
    networks: list[Network] = []
    for one in raw:
        text = str(one).strip().lower()
        try:
            network = ipaddress.ip_network(text)
        except ValueError:
            if not _is_host(text):
                raise PydanticCustomError("bad_allow", "bad_allow", {"name": str(one)[:80]}) from None
            hosts.add(text)
            continue
        if network.prefixlen == 0:
            raise PydanticCustomError("bad_allow", "bad_allow", {"name": text})
        networks.append(network)
    return Allowed(frozenset(hosts), tuple(networks))


def host_of(base: str) -> str:
    return (urlsplit(base).hostname or "").lower()


def _is_host(text: str) -> bool:
    return (
        len(text) <= 253
        and _HOST.fullmatch(text) is not None
        and _NUMERIC.fullmatch(text.rpartition(".")[2]) is None
    )


def _literal(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _in_any(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _within(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for: mapped, 6to4, NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None
