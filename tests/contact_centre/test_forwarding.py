"""A web before the centre, without Redis: what it answers by itself, what it passes on, and what it says when it cannot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from contact_centre.books import Books
from contact_centre.front import Front
from contact_centre.settings import Settings
from contact_centre.web.controller import Controller
from contact_centre.web.forward import WHOLE_BYTES
from contact_centre.web.site import FOR_HEADER, WORD_HEADER
from tests.contact_centre.house import CENTRE, WORD, CentreHouse, Client
from voice_core.agent import AgentState
from voice_core.lease import CONTROLLER, Lease
from voice_core.store.leases import SqlLeases
from voice_core.store.queries import Queries
from voice_core.store.sql import SqlStore


@pytest.fixture
async def web(house: CentreHouse, tmp_path: Path) -> AsyncIterator[TestServer]:
    await held_by(house, str(house.server.make_url("/")))
    async with front(house, tmp_path) as server:
        yield server


@asynccontextmanager
async def front(house: CentreHouse, home: Path, **settings: Any) -> AsyncIterator[TestServer]:
    parts, engine = house.parts, house.engine
    books = Books(
        house.clock, engine, SqlStore(engine), Queries(engine), parts.access, parts.audit, parts.contacts
    )
    async with Controller(SqlLeases(engine)) as controller:
        app = Front(Settings(home=home, **settings), CENTRE, books, controller, None).app()
        async with TestServer(app) as server:
            yield server


async def held_by(house: CentreHouse, url: str) -> Lease:
    leases = SqlLeases(house.engine)
    before = await leases.read(CONTROLLER)
    taken = await leases.take(CONTROLLER, "it", house.clock.now(), before, url, WORD)
    assert taken is not None
    return taken


async def test_every_route_of_the_centre_is_there(house: CentreHouse, web: TestServer) -> None:
    def of(server: TestServer) -> set[tuple[str, str]]:
        routes = server.app.router.routes()
        return {(each.method, str(each.resource.canonical)) for each in routes if each.resource is not None}

    assert of(web) == of(house.server)
    async with house.client() as direct, Client(web, None, {}) as through:
        one, other = [(await each.get("/openapi.json"))["paths"] for each in (direct, through)]
    assert one == other


async def test_who_asks_through_it_is_who_asks(house: CentreHouse, web: TestServer) -> None:
    async with Client(web, "ana", {}) as ana, Client(web, None, {}) as nobody:
        assert (await ana.ask("PUT", "/me/state", {"state": "available"}))[0] == 200
        assert house.desk.agent("ana").state is AgentState.AVAILABLE
        assert (await ana.ask("PUT", "/me/state", {"state": "offline"}, **{"X-CSRF-Token": "no"}))[0] == 403
        assert (await ana.ask("GET", "/agents"))[0] == 403
        assert (await ana.ask("PUT", "/me/state", {"state": "asleep"}))[1]["error"]["code"] == "invalid_input"
        assert (await nobody.ask("GET", "/me/work"))[0] == 401
        evil = {"Origin": "https://evil.example"}
        assert (await ana.ask("PUT", "/me/state", {"state": "offline"}, **evil))[0] == 403
        assert (await ana.ask("PUT", "/me/state", {"state": "x" * 70_000}))[0] == 413
        assert (await ana.ask("GET", "/no/such"))[1]["error"]["code"] == "no_such_route"
    assert house.desk.agent("ana").state is AgentState.AVAILABLE


async def test_the_persons_own_address_is_noted_and_nobody_elses_word_is_believed(
    house: CentreHouse, web: TestServer
) -> None:
    lies = {FOR_HEADER: "203.0.113.9", WORD_HEADER: "guessed"}
    for server, sent in ((web, {}), (web, lies), (house.server, lies)):
        connector = aiohttp.TCPConnector(local_addr=("127.0.0.3", 0))
        async with Client(server, "sofia", sent) as sofia:
            jar = sofia.http.cookie_jar
            async with aiohttp.ClientSession(cookie_jar=jar, connector=connector) as far:
                sofia.http, near = far, sofia.http
                assert (await sofia.ask("PUT", "/agents/ana/state", {"state": "offline"}))[0] == 200
                sofia.http = near
    noted = [
        each.address
        for each in (await house.parts.audit.page(1, 50))[0]
        if each.action == "agent.state_forced"
    ]
    assert noted == ["127.0.0.3"] * 3


async def test_a_long_recording_flows_through_and_so_does_a_part_of_it(
    house: CentreHouse, web: TestServer
) -> None:
    recording = await house.recorded((await house.talking()).id, seconds=60)
    async with Client(web, "sofia", {}) as through, house.client("sofia") as direct:
        path = f"/recordings/{recording}/audio"
        async with through.raw("GET", path) as answer:
            whole = await answer.read()
            assert answer.headers["Content-Type"] == "audio/wav"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert len(whole) > WHOLE_BYTES
        assert whole == (await direct.ask("GET", path))[1]
        status, part = await through.ask("GET", path, Range="bytes=100-199")
        assert (status, part) == (206, whole[100:200])


async def test_without_redis_its_screens_are_the_controllers(house: CentreHouse, web: TestServer) -> None:
    async with Client(web, "ana", {}) as ana, ana.events() as events:
        await events.next("snapshot")
        await house.desk.set_state("ana", AgentState.AVAILABLE, actor="ana")
        assert (await events.next("agent"))["state"] == "available"
        assert (await ana.ask("DELETE", "/session"))[0] == 204
        while (message := await events.socket.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT:
            pass
        assert message.data == 4001
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await ana.http.ws_connect(web.make_url("/api/v1/events"))
        assert refused.value.status == 401


async def test_while_no_controller_answers_the_rest_goes_on(house: CentreHouse, tmp_path: Path) -> None:
    async with front(house, tmp_path) as web, Client(web, "sofia", {}) as sofia:
        for holder in ("", "http://127.0.0.1:9"):  # nobody has the lease; its holder is gone
            if holder:
                await held_by(house, holder)
            status, answer = await sofia.ask("GET", "/queues", **{"Accept-Language": "en"})
            assert (status, answer["error"]["code"]) == (503, "controller_away")
            assert "Try again in a few seconds" in answer["error"]["message"]
            assert (await sofia.get("/contacts"))["items"] == []
            health = await sofia.get("/health")
            assert health == {"status": "degraded", "checks": {"database": True, "controller": False}}
        await held_by(house, str(house.server.make_url("/")))
        assert len(await sofia.get("/queues")) == 1  # asked anew, and found


async def test_an_answer_that_is_lost_is_not_called_undone(house: CentreHouse, tmp_path: Path) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    dying = await asyncio.start_server(cut, "127.0.0.1", 0)
    async with dying:
        port = dying.sockets[0].getsockname()[1]
        await held_by(house, f"http://127.0.0.1:{port}")
        async with front(house, tmp_path) as web, Client(web, "ana", {}) as ana:
            status, answer = await ana.ask("PUT", "/me/state", {"state": "available"})
            assert (status, answer["error"]["code"]) == (503, "answer_lost")
            assert "Mire si ya está hecho" in answer["error"]["message"]
            status, answer = await ana.ask("GET", "/me/work")
            assert (status, answer["error"]["code"]) == (503, "controller_away")
