"""Requests and WebSockets that only the controller can answer, passed on as the person who asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import aiohttp
from aiohttp import web

from contact_centre.access.privileges import Privilege
from contact_centre.web.ask import Ask
from contact_centre.web.controller import Controller, refused
from contact_centre.web.endpoint import BODY_TIMEOUT_S, COOKIE, CSRF_HEADER
from contact_centre.web.guard import PREPARED, REACHED, add_headers
from contact_centre.web.joined import join
from contact_centre.web.route import API
from contact_centre.web.sockets import Sockets
from voice_core.errors import UnavailableError

WHOLE_BYTES = 256 * 1024  # an answer up to this is read before it is passed on; a longer one flows through
CHUNK_BYTES = 64 * 1024
SEND_TIMEOUT_S = 30.0  # to whoever asked, for one chunk
PAGE_HEARTBEAT_S = 20.0
LONGEST_FROM_PAGE_BYTES = 64 * 1024
PROTOCOLS = ("sip",)
# Named ones pass, so nothing that belongs to one connection alone can.
ASKED_WITH = ("Accept", "Accept-Language", "Content-Type", "Range", "If-Range", "If-None-Match",
              "If-Modified-Since", CSRF_HEADER)  # fmt: skip
ANSWERED_WITH = ("Content-Type", "Content-Range", "Accept-Ranges", "Content-Disposition", "ETag",
                 "Last-Modified", "Cache-Control", "Retry-After", "Allow")  # fmt: skip


class Forwarder:
    """`count` hears of each outcome: the answer's class (2xx …), or the code of our own refusal."""

    def __init__(
        self, controller: Controller, sockets: Sockets, count: Callable[[str], None] = lambda _: None
    ) -> None:
        self._controller = controller
        self._sockets = sockets
        self._count = count

    async def request(self, request: web.Request) -> web.StreamResponse:
        """The controller's answer. Raises ControllerAwayError, AnswerLostError."""
        body = await _body(request)
        path = request.rel_url.raw_path_qs
        headers = passed_on(request)
        try:
            async with self._controller.ask(
                request.method, path, headers, request[REACHED].address, body
            ) as answer:
                self._count(f"{answer.status // 100}xx")
                return await _pass(request, answer)
        except UnavailableError as error:
            self._count(error.code)
            raise

    async def socket(self, ask: Ask, path: str, needs: Privilege) -> web.WebSocketResponse:
        """A WebSocket of the controller's. Whoever signs out here, or may no longer, loses it here."""
        page = web.WebSocketResponse(
            protocols=PROTOCOLS,
            heartbeat=PAGE_HEARTBEAT_S,
            max_msg_size=LONGEST_FROM_PAGE_BYTES,
            compress=False,
        )
        if not page.can_prepare(ask.request).ok:
            raise web.HTTPBadRequest
        wanted = ask.request.headers.get("Sec-WebSocket-Protocol", "")
        protocols = tuple(each for each in PROTOCOLS if each in [name.strip() for name in wanted.split(",")])
        far = self._controller.connect(API + path, passed_on(ask.request), ask.address, protocols)
        try:
            async with far as socket:
                await page.prepare(ask.request)
                async with self._sockets.kept(page, ask.signed):
                    await join(page, socket, self._sockets.guard(page, needs))
        except aiohttp.WSServerHandshakeError as error:
            raise refused(error.status) from error
        return page


def passed_on(request: web.Request) -> dict[str, str]:
    """The headers that matter, and the session's cookie alone."""
    headers = {name: request.headers[name] for name in ASKED_WITH if name in request.headers}
    if token := request.cookies.get(COOKIE):
        headers["Cookie"] = f"{COOKIE}={token}"
    return headers


async def _body(request: web.Request) -> bytes | None:
    if not request.can_read_body:
        return None
    async with asyncio.timeout(BODY_TIMEOUT_S):
        return await request.read()  # no more than the application's BODY_LIMIT_BYTES


async def _pass(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    headers = {name: answer.headers[name] for name in ANSWERED_WITH if name in answer.headers}
    length = answer.content_length
    if answer.status == 204 or (length is not None and length <= WHOLE_BYTES):
        return web.Response(body=await answer.read(), status=answer.status, headers=headers)
    response = web.StreamResponse(status=answer.status, headers=headers)
    if length is not None:
        response.content_length = length
    add_headers(request, response)
    await response.prepare(request)
    request[PREPARED] = True
    async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await response.write(chunk)
        except (ConnectionError, TimeoutError):
            break  # whoever asked has gone, or takes nothing more
    return response
