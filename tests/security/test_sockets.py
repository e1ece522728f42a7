"""Fault 29, the long-lived sockets: what each role is shown, and that a session takes its sockets with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from contact_centre.access.privileges import Role
from contact_centre.access.service import SESSION_LIFE, UserChanges
from contact_centre.web import sockets
from contact_centre.web.screens import build_screens
from contact_centre.web.sockets import NOT_ALLOWED, SIGNED_OUT
from tests.contact_centre.house import PASSWORD, ROLES, CentreHouse, Client, sip_server
from voice_core.ports import Change, Notice

EVENTS, SOFTPHONE = "/api/v1/events", "/api/v1/softphone/ws"
NUMBER = "0998887776"
# Whose conversations each person of the house sees while luis talks and a caller waits.
SEES_EVERYBODY = {"sofia", "admin"}
NOTICED_BY = {"supervisor": {"sofia", "admin"}, "designer": {"diego", "admin"}, "manager": {"marta", "admin"}}


@pytest.fixture
async def centre(house: CentreHouse) -> AsyncIterator[CentreHouse]:
    """With something that speaks SIP where Asterisk's own socket would be."""

    async with (
        sip_server() as url,
        TestServer(build_screens(replace(house.parts, softphone_url=lambda: url))) as server,
    ):
        yield replace(house, server=server)


async def connect(house: CentreHouse, person: Client, path: str, **headers: str) -> Any:
    """An open socket of that person's, with its first word heard."""
    protocols = ("sip",) if path == SOFTPHONE else ()
    socket = await person.http.ws_connect(house.server.make_url(path), protocols=protocols, headers=headers)
    if path == SOFTPHONE:
        await socket.send_str("REGISTER")
    await socket.receive_str(timeout=5)
    return socket


async def closed_with(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """The code it is closed with; what was still said before is heard out."""
    async with asyncio.timeout(5):
        while (message := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
    assert message.type is aiohttp.WSMsgType.CLOSE, message
    return int(message.data)


async def test_each_role_is_shown_its_own_and_nothing_else(centre: CentreHouse) -> None:
    async with AsyncExitStack() as people:
        rooms = {}
        for username in ROLES:
            person = await people.enter_async_context(centre.client(username))
            rooms[username] = await people.enter_async_context(person.events())
            await rooms[username].next("snapshot")
        row = await centre.talking("luis", NUMBER)
        waiting = await centre.queued(NUMBER)
        for role in NOTICED_BY:
            centre.news.publish(Change(notices=(Notice(f"for_{role}", for_role=role),)))
        for username in ROLES:  # each hears this last: all before it has been heard
            centre.news.publish(Change(notices=(Notice("last", for_role="nobody", agent=username),)))
        for username, events in rooms.items():
            while await events.next("notice") != {
                "code": "last",
                "agent": username,
                "interaction_id": None,
                "data": {},
            }:
                pass
            told = json.dumps(events.seen)
            assert (row.id in told) == (username in SEES_EVERYBODY | {"luis"}), username
            assert (waiting.id in told) == (username in SEES_EVERYBODY), username
            assert (NUMBER in told) == (username in SEES_EVERYBODY | {"luis"}), username
            assert username in SEES_EVERYBODY or not _types(events.seen) & {"queue", "pulse"}, username
            agents = {each["data"]["id"] for each in events.seen if each["type"] == "agent"}
            assert agents <= ({username} if username not in SEES_EVERYBODY else set(ROLES)), username
            notices = {each["data"]["code"] for each in events.seen if each["type"] == "notice"} - {"last"}
            assert notices == {f"for_{role}" for role, who in NOTICED_BY.items() if username in who}, username


async def test_a_page_loaded_in_the_middle_is_shown_no_more(centre: CentreHouse) -> None:
    row = await centre.talking("luis", NUMBER)
    for username in ROLES:
        async with centre.client(username) as person, person.events() as events:
            snapshot = json.dumps(await events.next("snapshot"))
            assert (row.id in snapshot) == (username in SEES_EVERYBODY | {"luis"}), username
            assert (NUMBER in snapshot) == (username in SEES_EVERYBODY | {"luis"}), username


@pytest.mark.parametrize("path", [EVENTS, SOFTPHONE])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},  # another port of this machine is another site
        {"Origin": "https://127.0.0.1"},
        {"Host": "evil.example"},
    ],
)
async def test_another_site_opens_no_socket(centre: CentreHouse, path: str, headers: dict[str, str]) -> None:
    async with centre.client("ana") as ana:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await connect(centre, ana, path, **headers)
        assert refused.value.status in (403, 421)
        url = centre.server.make_url("/")
        own = await connect(centre, ana, path, Origin=f"http://{url.host}:{url.port}")
        await own.close()


@pytest.mark.parametrize("path", [EVENTS, SOFTPHONE])
async def test_nobody_without_a_session_and_no_stale_one_opens_a_socket(
    centre: CentreHouse, path: str
) -> None:
    async with centre.client() as nobody, centre.client("ana") as ana:
        stolen = ana.http.cookie_jar.filter_cookies(centre.server.make_url("/"))
        await ana.ask("DELETE", "/session")
        for person, cookies in ((nobody, ""), (ana, ""), (nobody, stolen.output(header="", sep=";"))):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await connect(centre, person, path, **({"Cookie": cookies.strip()} if cookies else {}))
            assert refused.value.status == 401


@pytest.mark.parametrize("path", [EVENTS, SOFTPHONE])
@pytest.mark.parametrize(
    "change",
    [{"active": False}, {"password": "otra-clave-de-prueba-8"}, {"new_password": True}],
    ids=["switched off", "password changed", "password made anew"],
)
async def test_a_session_that_ends_takes_its_sockets_with_it(
    centre: CentreHouse, path: str, change: dict[str, Any]
) -> None:
    """At once, not at the next look: that is longer than this test waits."""
    async with centre.client("admin") as admin, centre.client("ana") as ana, centre.client("luis") as luis:
        hers, his = await connect(centre, ana, path), await connect(centre, luis, path)
        assert (await admin.ask("PATCH", "/users/ana", change))[0] == 200
        assert await closed_with(hers) == SIGNED_OUT
        assert not his.closed
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await connect(centre, ana, path)


async def test_signing_out_ends_the_sockets_of_that_session_alone(centre: CentreHouse) -> None:
    async with centre.client("ana") as at_desk, centre.client("ana") as at_home:
        gone = [await connect(centre, at_desk, path) for path in (EVENTS, SOFTPHONE)]
        stays = await connect(centre, at_home, SOFTPHONE)
        await at_desk.ask("DELETE", "/session")
        assert [await closed_with(socket) for socket in gone] == [SIGNED_OUT, SIGNED_OUT]
        await stays.send_str("REGISTER")
        assert await stays.receive_str(timeout=5) == "REGISTER"


async def test_who_loses_a_role_loses_the_telephone_and_the_room(centre: CentreHouse) -> None:
    row = await centre.talking("luis", NUMBER)
    async with centre.client("admin") as admin, centre.client("sofia") as sofia:
        phone = await connect(centre, sofia, SOFTPHONE)
        async with sofia.events() as events:
            assert row.id in json.dumps(await events.next("snapshot"))
            status, _ = await admin.ask("PATCH", "/users/sofia", {"roles": [Role.DESIGNER]})
            assert status == 200
            assert await closed_with(phone) == NOT_ALLOWED
            assert (await events.next("snapshot"))["interactions"] == []
            before = len(events.seen)
            await centre.queued(NUMBER)
            centre.news.publish(Change(notices=(Notice("last", agent="sofia"),)))
            await events.next("notice")
            assert _types(events.seen[before:]) <= {"ping", "notice"}
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await connect(centre, sofia, SOFTPHONE)
        assert refused.value.status == 403


@pytest.mark.parametrize("path", [EVENTS, SOFTPHONE])
async def test_what_another_process_changes_is_seen_at_the_next_look(
    centre: CentreHouse, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "CHECK_EVERY_S", 0.05)
    async with centre.client("ana") as ana, centre.client("luis") as luis:
        hers, his = await connect(centre, ana, path), await connect(centre, luis, path)
        await centre.access.change("ana", UserChanges(active=False))
        assert await closed_with(hers) == SIGNED_OUT
        centre.clock.advance(SESSION_LIFE.total_seconds() + 1)
        assert await closed_with(his) == SIGNED_OUT


async def test_a_page_cannot_say_anything_to_the_events(centre: CentreHouse) -> None:
    """What it sends is neither answered nor obeyed, and too much of it ends the socket."""
    async with centre.client("ana") as ana:
        socket = await connect(centre, ana, EVENTS)
        await socket.send_str(json.dumps({"type": "snapshot", "password": PASSWORD}))
        centre.news.publish(Change(notices=(Notice("last", agent="ana"),)))
        assert json.loads(await socket.receive_str(timeout=5))["type"] == "notice"
        await socket.send_str("x" * 5000)
        assert await closed_with(socket) == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


def _types(seen: list[dict[str, Any]]) -> set[str]:
    return {str(each["type"]) for each in seen}
