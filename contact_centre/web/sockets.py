"""Long-lived sockets and the sessions they hang on: a session that ends, or may no longer, takes its sockets with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from aiohttp import WSCloseCode, web

from contact_centre.access.models import Signed
from contact_centre.access.privileges import Privilege
from contact_centre.access.service import Access
from voice_core.errors import UnavailableError

SIGNED_OUT = 4001
NOT_ALLOWED = 4003
BEHIND = 4008
CHECK_EVERY_S = 20.0
CLOSE_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class _Kept:
    signed: Signed
    look: asyncio.Event = field(default_factory=asyncio.Event)  # set: ask now how the session stands


class Sockets:
    """All open sockets by session."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._open: dict[web.WebSocketResponse, _Kept] = {}

    @asynccontextmanager
    async def kept(self, socket: web.WebSocketResponse, signed: Signed) -> AsyncIterator[None]:
        self._open[socket] = _Kept(signed)
        try:
            yield
        finally:
            del self._open[socket]

    async def signed_out(self, token_hash: str) -> None:
        """Close what this session has open."""
        for socket, kept in list(self._open.items()):
            if kept.signed.token_hash == token_hash:
                await close(socket, SIGNED_OUT, b"signed out")

    def session_over(self, token_hash: str) -> None:
        """As `signed_out`, without waiting for it: what this session has open is looked at now."""
        for kept in self._open.values():
            if kept.signed.token_hash == token_hash:
                kept.look.set()

    def person_changed(self, username: str) -> None:
        """Rights, password or the person's being here: their sockets are looked at now, not some time."""
        for kept in self._open.values():
            if kept.signed.username == username:
                kept.look.set()

    async def close_all(self, app: web.Application) -> None:
        """For the application's `on_shutdown`."""
        for socket in list(self._open):
            await close(socket, WSCloseCode.GOING_AWAY, b"stopping")

    async def guard(
        self,
        socket: web.WebSocketResponse,
        needs: Privilege,
        alive: Callable[[Signed], None] = lambda _: None,
    ) -> None:
        """Ask every now and then whether the session stands and still `needs` no more than it has, and tell `alive`;
        closes the socket when it does not.
        """
        kept = self._open[socket]
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(CHECK_EVERY_S):
                    await kept.look.wait()
            kept.look.clear()
            try:
                now = await self._access.still_signed(kept.signed)
            except UnavailableError:
                continue  # nobody is signed out because the database is away; it is asked again
            if now is None:
                await close(socket, SIGNED_OUT, b"signed out")
                return
            if not now.may(needs):
                await close(socket, NOT_ALLOWED, b"no longer allowed")
                return
            alive(now)


async def close(socket: web.WebSocketResponse, code: int, reason: bytes) -> None:
    with suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await socket.close(code=code, message=reason)
