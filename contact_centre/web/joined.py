"""A page's WebSocket joined to another one behind us: what one side says the other one hears, until either ends."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import aiohttp
from aiohttp import WSCloseCode, WSMsgType, web

from contact_centre.web.sockets import close

SEND_TIMEOUT_S = 5.0
_OWN_CODES = range(4000, 5000)  # an application's, to be passed on

Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def join(
    page: web.WebSocketResponse, far: aiohttp.ClientWebSocketResponse, guard: Coroutine[Any, Any, None]
) -> None:
    """Until one of them, or the `guard`, ends. The page is closed then, with the far side's own code if it had one."""
    ways = [
        asyncio.ensure_future(_carry(page, far)),
        asyncio.ensure_future(_carry(far, page)),
        asyncio.ensure_future(guard),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        said = far.close_code
        code = said if said is not None and said in _OWN_CODES else WSCloseCode.GOING_AWAY
        await close(page, code, b"the other side closed")


async def _carry(source: Socket, sink: Socket) -> None:
    async for message in source:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            if message.type is WSMsgType.TEXT:
                await sink.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await sink.send_bytes(message.data)
