"""What nginx does in front of the panel: ends TLS, passes requests and WebSockets on, and says for whom."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

_OF_THE_CONNECTION = {"connection", "upgrade", "transfer-encoding", "content-length", "content-encoding"}


@asynccontextmanager
async def reverse_proxy(
    target: str, port: int, tls: ssl.SSLContext, *, address: str = "127.0.0.1"
) -> AsyncIterator[None]:
    """Listens on `port` of 127.0.0.1; asks `target` from `address`."""
    connector = aiohttp.TCPConnector(local_addr=(address, 0))
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as http:

        async def pass_on(request: web.Request) -> web.StreamResponse:
            headers = request.headers.copy()
            before = headers.popall("X-Forwarded-For", [])
            headers["X-Forwarded-For"] = ", ".join([*before, request.remote or ""])
            headers["X-Forwarded-Proto"] = "https"
            url = target + request.rel_url.raw_path_qs
            if "Upgrade" in request.headers:
                return await _socket(http, request, url, dict(headers))
            sent = {"headers": headers, "data": await request.read(), "allow_redirects": False}
            async with http.request(request.method, url, **sent) as answer:
                kept = [
                    (name, value)
                    for name, value in answer.headers.items()
                    if name.lower() not in _OF_THE_CONNECTION
                ]
                response = web.Response(status=answer.status, body=await answer.read())
                response.headers.clear()
                for name, value in kept:
                    response.headers.add(name, value)
                return response

        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", pass_on)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
            yield
        finally:
            await runner.cleanup()


async def _socket(
    http: aiohttp.ClientSession, request: web.Request, url: str, headers: dict[str, str]
) -> web.StreamResponse:
    wanted = headers.get("Sec-WebSocket-Protocol", "")
    for name in [name for name in headers if name.lower().startswith("sec-websocket")]:
        del headers[name]
    protocols = tuple(filter(None, (each.strip() for each in wanted.split(","))))
    try:
        far = await http.ws_connect(url, headers=headers, protocols=protocols)
    except aiohttp.WSServerHandshakeError as error:
        return web.Response(status=error.status)
    near = web.WebSocketResponse(protocols=protocols)
    await near.prepare(request)

    async def from_page() -> None:
        async for message in near:
            await far.send_str(message.data)
        await far.close()

    reading = asyncio.ensure_future(from_page())
    try:
        async for message in far:
            await near.send_str(message.data)
        await near.close(code=far.close_code or 1000)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await far.close()
    return near
