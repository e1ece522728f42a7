"""By which name people reach this server, and whom it believes about who asks: decision 0018."""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import urlsplit

from aiohttp import web

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
WORD_HEADER = "X-Centralita-Word"  # the lease's: a web of this centre asks, and tells for whom
FOR_HEADER = "X-Centralita-For"
HOPS = 20  # proxies one behind the other; whoever sends a longer list is not followed further


@dataclass(frozen=True, slots=True)
class Reached:
    """How this request came here."""

    address: str  # of the person who asks
    secure: bool  # by HTTPS, as far as those we believe can tell
    public: bool  # under the name people use
    strict: bool  # the browser shall never come by plain HTTP to that name
    exposed: bool  # by plain HTTP over a network, though HTTPS is there


@dataclass(frozen=True, slots=True)
class Site:
    """`names`: besides loopback's and the public one, without port. `word`: who knows it may tell whose address it is."""

    names: frozenset[str] = frozenset()
    public_url: str = ""  # an origin as browsers write it, or empty
    proxies: tuple[Network, ...] = ()
    word: str = ""
    plain_http_allowed: bool = False

    def serves(self, host: str) -> bool:
        """A foreign name that resolves to this machine (DNS rebinding) must not get an answer."""
        return _name(host) in self.names | LOOPBACK_NAMES or self._is_public(host)

    def owns(self, origin: str, host: str, *, secure: bool) -> bool:
        """Whether a page from `origin` is one of ours."""
        if self.public_url and origin == self.public_url:
            return True
        # The public name has one origin alone: over plain HTTP anybody on the way could be it.
        local = (self.names - {self._public_name}) | LOOPBACK_NAMES
        return _name(host) in local and origin == f"{'https' if secure else 'http'}://{host}"

    def reached(self, request: web.Request) -> Reached:
        peer, public = _ip(request.remote or ""), self._is_public(request.host)
        said = request.headers.get(WORD_HEADER, "")
        if self.word and hmac.compare_digest(said.encode(), self.word.encode()):
            address = request.headers.get(FOR_HEADER, "")[:64]
            return Reached(address, secure=True, public=public, strict=False, exposed=False)
        near = peer is None or peer.is_loopback
        if self._believes(peer):
            address = str(self._person(request, peer))
            proto = request.headers.getall("X-Forwarded-Proto", [""])[-1].split(",")[-1].strip().lower()
            # It passes something on, and does not say how that came: as people come. Otherwise it speaks for itself.
            silent = not proto and (public or "X-Forwarded-For" in request.headers)
            secure = request.secure or proto == "https" or (silent and self._https)
            exposed = self._https and bool(proto) and not secure
        else:
            address = str(peer or request.remote or "")
            # Near, and under the public name: a proxy on this machine that nobody told us of.
            secure = request.secure or (near and public and self._https)
            exposed = self._https and not secure and not near
        return Reached(
            address, secure, public,
            strict=self._https and secure and public, exposed=exposed and not self.plain_http_allowed,
        )  # fmt: skip

    def _person(self, request: web.Request, peer: Address | None) -> Address | None:
        """Each proxy adds whom it heard: the last one that is none of ours is who asks. What stands before may be invented."""
        listed = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
        found = peer
        for entry in listed[: -HOPS - 1 : -1]:
            address = _ip(_without_port(entry.strip()))
            if address is None:
                break
            found = address
            if not self._believes(address):
                break
        return found

    def _believes(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self.proxies)

    def _is_public(self, host: str) -> bool:
        return bool(self.public_url) and _name(host) == self._public_name

    @property
    def _https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def _public_name(self) -> str:
        return _name(self.public_url.partition("://")[2])


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _ip(text: str) -> Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _without_port(entry: str) -> str:
    """Some proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711`."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry
