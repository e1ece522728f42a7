"""Connections that only reach allowed addresses: looked at when the socket is made, after every resolution."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver

from contact_centre.connectors.places import AddressRefusedError, Allowed

AT_ONCE = 20  # connections to one system


def guarded(allowed: Allowed, resolver: AbstractResolver | None = None) -> aiohttp.TCPConnector:
    """No cache of names and no race of addresses: what was looked at is what is connected to.

    AddressRefusedError is no OSError, so that another address of the same name is not tried in its stead: a name that
    leads to where it must not is not to be trusted at all.
    """
    return aiohttp.TCPConnector(
        resolver=resolver,
        use_dns_cache=False,
        happy_eyeballs_delay=None,
        limit=AT_ONCE,
        socket_factory=_factory(allowed),
    )


def _factory(allowed: Allowed) -> Callable[[Any], socket.socket]:
    def make(info: tuple[int, int, int, str, tuple[Any, ...]]) -> socket.socket:
        family, kind, protocol, _, address = info
        if not allowed.address(str(address[0])):
            raise AddressRefusedError(str(address[0]))
        return socket.socket(family, kind, protocol)

    return make
