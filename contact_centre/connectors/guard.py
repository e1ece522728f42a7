"""Sessions that reach only allowed addresses, and send what they are given once: nothing of this is left to the library."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver

from contact_centre.connectors.places import AddressRefusedError, Allowed

AT_ONCE = 20  # connections to one system


class ConnectionFailedError(Exception):
    """The system could not be reached, or went away before it answered."""


def guarded(allowed: Allowed, resolver: AbstractResolver | None = None) -> aiohttp.ClientSession:
    """No cache of names, no race of addresses, no kept connection: what is looked at is what is connected to, each time;
    and what changes something never meets a connection that the other side was just closing.

    AddressRefusedError is no OSError, so that another address of the same name is not tried in its stead: a name that
    leads to where it must not is not to be trusted at all.
    """
    connector = aiohttp.TCPConnector(
        resolver=resolver,
        use_dns_cache=False,
        happy_eyeballs_delay=None,
        force_close=True,
        limit=AT_ONCE,
        socket_factory=_factory(allowed),
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        timeout=aiohttp.ClientTimeout(
            total=None
        ),  # whoever asks bounds all of it, also the wait for a connection
        middlewares=(_once,),
    )


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """aiohttp sends a GET, PUT or DELETE again by itself when the connection breaks; whether to is ours to say."""
    try:
        return await send(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        inner = getattr(error, "os_error", None) or error
        raise ConnectionFailedError(getattr(inner, "strerror", None) or type(inner).__name__) from error


def _factory(allowed: Allowed) -> Callable[[Any], socket.socket]:
    def make(info: tuple[int, int, int, str, tuple[Any, ...]]) -> socket.socket:
        family, kind, protocol, _, address = info
        if not allowed.address(str(address[0])):
            raise AddressRefusedError(str(address[0]))
        return socket.socket(family, kind, protocol)

    return make
