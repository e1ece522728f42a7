"""The softphone's WebSocket: the page's SIP goes through us to Asterisk, so that one origin and one port serve all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import aiohttp
import structlog
from aiohttp import web

from contact_centre.access.privileges import Privilege
from contact_centre.web.ask import Ask
from contact_centre.web.joined import join
from contact_centre.web.route import route
from contact_centre.web.sockets import Sockets
from voice_core.errors import UnavailableError

CONNECT_TIMEOUT_S = 5.0
HEARTBEAT_S = 20.0
LONGEST_SIP_BYTES = 64 * 1024

log = structlog.get_logger(__name__)


class Pages(Protocol):
    """Whoever must know that an agent's page, and with it their telephone, is gone."""

    def page_came(self, agent: str, /) -> None: ...
    def page_left(self, agent: str, /) -> None: ...


class SoftphoneRoutes:
    """`url` tells an Asterisk's own `/ws` on loopback; None where there is no telephone. `pages` hears who has one open."""

    def __init__(self, url: Callable[[], str] | None, sockets: Sockets, pages: Pages | None) -> None:
        self._url = url
        self._sockets = sockets
        self._pages = pages

    @route("GET", "/softphone/ws", needs=Privilege.OWN_WORK, summary="SIP over WebSocket", media="websocket")
    async def softphone(self, ask: Ask) -> web.WebSocketResponse:
        page = web.WebSocketResponse(
            protocols=("sip",), heartbeat=HEARTBEAT_S, max_msg_size=LONGEST_SIP_BYTES, compress=False
        )
        if not page.can_prepare(ask.request).ok:
            raise web.HTTPBadRequest
        if self._url is None:
            raise UnavailableError("There is no telephone system.")
        async with aiohttp.ClientSession() as http:
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT_S):
                    asterisk = await http.ws_connect(
                        self._url(), protocols=("sip",), max_msg_size=LONGEST_SIP_BYTES
                    )
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise UnavailableError("Asterisk does not answer.") from error
            async with asterisk:
                await page.prepare(ask.request)
                async with self._sockets.kept(page, ask.signed):
                    with self._open(ask.username):
                        await join(page, asterisk, self._sockets.guard(page, Privilege.OWN_WORK))
        return page

    @contextmanager
    def _open(self, agent: str) -> Iterator[None]:
        if self._pages is None:
            yield
            return
        self._pages.page_came(agent)
        try:
            yield
        finally:
            self._pages.page_left(agent)
