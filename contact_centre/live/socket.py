"""`/events`: a snapshot, then every change this person may see."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager
from typing import Protocol

from aiohttp import web
from pydantic_core import to_json

from contact_centre.access.models import Signed
from contact_centre.access.privileges import Privilege
from contact_centre.live.feed import Feed
from contact_centre.live.schemas import StandingOut
from contact_centre.live.screens import Message, Screen
from contact_centre.web.ask import Ask
from contact_centre.web.route import route
from contact_centre.web.sockets import BEHIND, Sockets, close

SEND_TIMEOUT_S = 10.0
HEARTBEAT_S = 30.0
INCOMING_LIMIT_BYTES = 1024  # nothing is expected from the page
_PING = to_json(Message(type="ping"), exclude_none=True)


class Source(Protocol):
    """Where screens are fed from: the controller's own feed, or a web's subscription to it."""

    def open(self, ask: Ask) -> AbstractContextManager[Screen]:
        """A screen that first gets a snapshot, then every change from then on."""

    def show_again(self, screen: Screen, signed: Signed) -> None:
        """The user's rights changed: start the screen anew."""


class StandingRoutes:
    """For the webs beside the controller; whoever is signed in may ask for no more than their page shows anyway."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    @route(
        "GET",
        "/live/snapshot",
        needs=Privilege.SIGNED_IN,
        summary="What my page shows now, and the number of the last live message in it",
    )
    async def snapshot(self, ask: Ask) -> StandingOut:
        at, shown = self._feed.snapshot(ask.signed)
        return StandingOut(epoch=at.epoch, number=at.number, snapshot=shown)


class EventRoutes:
    def __init__(self, source: Source, sockets: Sockets) -> None:
        self._source = source
        self._sockets = sockets

    @route("GET", "/events", needs=Privilege.SIGNED_IN, summary="Snapshot, then changes", media="websocket")
    async def events(self, ask: Ask) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, max_msg_size=INCOMING_LIMIT_BYTES, compress=False
        )
        if not socket.can_prepare(ask.request).ok:
            raise web.HTTPBadRequest
        signed = ask.signed
        await socket.prepare(ask.request)
        async with self._sockets.kept(socket, signed):
            with self._source.open(ask) as screen:
                await self._serve(socket, screen)
        return socket

    async def _serve(self, socket: web.WebSocketResponse, screen: Screen) -> None:
        def alive(now: Signed) -> None:
            if now.user.roles != screen.signed.user.roles:
                self._source.show_again(screen, now)
            screen.put(_PING)

        beside = [
            asyncio.ensure_future(_send(socket, screen)),
            asyncio.ensure_future(self._sockets.guard(socket, Privilege.SIGNED_IN, alive)),
        ]
        try:
            async for _ in socket:
                pass  # reading notices the close; what a page sends means nothing here
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)


async def _send(socket: web.WebSocketResponse, screen: Screen) -> None:
    while (text := await screen.waiting.get()) is not None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await socket.send_str(text.decode())
        except (TimeoutError, ConnectionError):
            break
    await close(socket, *(screen.closing or (BEHIND, b"too far behind")))
