"""Long-lived sockets and the sessions they hang on: a session that ends takes its sockets with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from aiohttp import WSCloseCode, web

from contact_centre.access.models import Signed
from contact_centre.access.service import Access
from voice_core.errors import UnavailableError

SIGNED_OUT = 4001
BEHIND = 4008
CHECK_EVERY_S = 20.0
CLOSE_TIMEOUT_S = 2.0


class Sockets:
    """All open sockets by session."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._open: dict[web.WebSocketResponse, Signed] = {}

    @asynccontextmanager
    async def kept(self, socket: web.WebSocketResponse, signed: Signed) -> AsyncIterator[None]:
        self._open[socket] = signed
        try:
            yield
        finally:
            del self._open[socket]

    async def signed_out(self, token_hash: str) -> None:
        """Close what this session has open."""
        for socket, signed in list(self._open.items()):
            if signed.token_hash == token_hash:
                await close(socket, SIGNED_OUT, b"signed out")

    async def close_all(self, app: web.Application) -> None:
        """For the application's `on_shutdown`."""
        for socket in list(self._open):
            await close(socket, WSCloseCode.GOING_AWAY, b"stopping")

    async def guard(
        self, socket: web.WebSocketResponse, signed: Signed, alive: Callable[[Signed], None]
    ) -> None:
        """Ask every now and then whether the session stands, and tell `alive`; closes the socket when it does not."""
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            try:
                now = await self._access.still_signed(signed)
            except UnavailableError:
                continue  # nobody is signed out because the database is away; it is asked again
            if now is None:
                await close(socket, SIGNED_OUT, b"signed out")
                return
            alive(now)


async def close(socket: web.WebSocketResponse, code: int, reason: bytes) -> None:
    with suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await socket.close(code=code, message=reason)
