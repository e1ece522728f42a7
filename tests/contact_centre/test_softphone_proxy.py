"""The softphone's socket is carried to Asterisk and back, for those who have a telephone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from contact_centre.web import sockets
from contact_centre.web.screens import build_screens
from tests.contact_centre.house import CentreHouse


@pytest.fixture
async def sip_server() -> AsyncIterator[TestServer]:
    """Speaks the `sip` subprotocol as Asterisk's /ws does: answers each request, and hangs up when told BYE."""

    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("sip",))
        await socket.prepare(request)
        assert socket.ws_protocol == "sip"
        async for message in socket:
            if message.data == "BYE":
                await socket.close()
            else:
                await socket.send_str(f"SIP/2.0 200 OK {message.data}")
        return socket

    app = web.Application()
    app.router.add_get("/ws", serve)
    async with TestServer(app) as server:
        yield server


@pytest.fixture
async def proxied(house: CentreHouse, sip_server: TestServer) -> AsyncIterator[CentreHouse]:
    url = str(sip_server.make_url("/ws")).replace("http", "ws", 1)
    async with TestServer(build_screens(replace(house.parts, softphone_url=lambda: url))) as server:
        yield replace(house, server=server)


async def test_sip_goes_through_both_ways_and_ends_together(proxied: CentreHouse) -> None:
    async with proxied.client("ana") as ana:
        url = proxied.server.make_url("/api/v1/softphone/ws")
        async with ana.http.ws_connect(url, protocols=("sip",)) as phone:
            assert phone.protocol == "sip"
            await phone.send_str("REGISTER")
            assert await phone.receive_str(timeout=5) == "SIP/2.0 200 OK REGISTER"
            await phone.send_str("BYE")
            assert (await phone.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
    async with asyncio.timeout(5):
        while len(proxied.telephone.asked) < 2:
            await asyncio.sleep(0.01)
    assert proxied.telephone.asked == [("page_came", "ana"), ("page_left", "ana")]


async def test_signing_out_cuts_the_telephone(proxied: CentreHouse) -> None:
    async with proxied.client("ana") as ana:
        url = proxied.server.make_url("/api/v1/softphone/ws")
        async with ana.http.ws_connect(url, protocols=("sip",)) as phone:
            await phone.send_str("REGISTER")
            await phone.receive_str(timeout=5)
            await ana.ask("DELETE", "/session")
            message = await phone.receive(timeout=5)
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, sockets.SIGNED_OUT)


async def test_only_people_with_a_telephone_get_one(proxied: CentreHouse) -> None:
    url = proxied.server.make_url("/api/v1/softphone/ws")
    async with proxied.client("diego") as diego, proxied.client() as nobody, proxied.client("ana") as ana:
        for person, expected in ((nobody, 401), (diego, 403)):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await person.http.ws_connect(url, protocols=("sip",))
            assert refused.value.status == expected
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await ana.http.ws_connect(url, protocols=("sip",), headers={"Origin": "http://evil.example"})
        assert refused.value.status == 403


async def test_without_asterisk_the_telephone_says_so(house: CentreHouse) -> None:
    async with house.client("ana") as ana:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await ana.http.ws_connect(house.server.make_url("/api/v1/softphone/ws"), protocols=("sip",))
        assert refused.value.status == 503
