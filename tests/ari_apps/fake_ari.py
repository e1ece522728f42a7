"""An Asterisk in memory that speaks ARI's wire format: one WebSocket, requests in, answers and events out."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web

USER, PASSWORD = "centralita", "a-test-secret"


class FakeAri:
    """`answers` by (method, path) → (status, JSON); the rest is answered 204. `silent`: no answers at all."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[tuple[str, str], tuple[int, Any]] = {}
        self.requests: list[dict[str, Any]] = []
        self.filters: list[list[str]] = []  # the kinds of event not wanted, a socket
        self.silent = False
        self.refusing = False
        self.connections = 0
        self.deaf = 0  # sockets still to come that answer nothing and tell nothing
        self._open: list[web.WebSocketResponse] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[FakeAri]:
        app = web.Application()
        app.router.add_get("/ari/events", self._serve)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/ari"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def tell(self, event: dict[str, Any]) -> None:
        for ws in self._open:
            await ws.send_str(json.dumps(event))

    async def tell_raw(self, text: str) -> None:
        for ws in self._open:
            await ws.send_str(text)

    def cut(self) -> None:
        """Without a goodbye, as a crash does."""
        for ws in self._open:
            transport = ws._req.transport if ws._req is not None else None
            if transport is not None:
                transport.abort()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        expected = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            return web.Response(status=401)
        if self.refusing:
            return web.Response(status=503)
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        self.connections += 1
        is_deaf, self.deaf = self.deaf > 0, max(0, self.deaf - 1)
        self._open.append(ws)
        try:
            async for message in ws:
                if message.type is WSMsgType.TEXT and not is_deaf:
                    await self._answer(ws, json.loads(message.data))
        finally:
            self._open.remove(ws)
        return ws

    async def _answer(self, ws: web.WebSocketResponse, request: dict[str, Any]) -> None:
        if request["uri"].startswith("events/user/"):  # how a client tries a new socket
            await ws.send_str(json.dumps({"type": "ChannelUserevent", "eventname": request["uri"][12:]}))
            return
        if request["uri"].endswith("/eventFilter"):
            disallowed = json.loads(request["message_body"])["disallowed"]
            self.filters.append([kind["type"] for kind in disallowed])
        else:
            self.requests.append(request)
        if self.silent:
            return
        status, body = self.answers.get((request["method"], request["uri"]), (204, None))
        answer = {
            "type": "RESTResponse",
            "transaction_id": "",
            "request_id": request["request_id"],
            "status_code": status,
            "reason_phrase": "Reason",
            "uri": request["uri"],
        }
        if body is not None:
            answer |= {"content_type": "application/json", "message_body": json.dumps(body)}
        await ws.send_str(json.dumps(answer))
