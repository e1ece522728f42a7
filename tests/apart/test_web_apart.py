"""A centre whose people work through `run web`: on PostgreSQL and Redis, with Asterisk, each a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.apart.front import checks, page, web_before
from tests.databases import fresh_database
from tests.faults.processes import controller_of, long_form, part
from tests.instance import PASSWORD, Api, Instance, prepare, running
from tests.people import at_desk, closed, dial_in, kinds
from tests.postgres_server import PostgresServer
from tests.recordings import stereo
from tests.redis_server import RedisServer

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow, pytest.mark.timeout(150)]
SCREEN_LIMIT_MS = 100.0


@dataclass
class Centre:
    controller: Instance
    web: Instance
    other: Instance  # a second web
    redis: RedisServer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(
    postgres_server: PostgresServer, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Centre]:
    url = await fresh_database(postgres_server)
    instance = prepare(tmp_path_factory.mktemp("w") / "home", database_url=url, redis_url=redis_server.url)
    async with (
        running(instance),
        web_before(instance) as web,
        web_before(instance) as other,
        part(instance, "run", "worker"),
    ):
        yield Centre(instance, web, other, redis_server)


async def test_a_day_at_work_through_a_web(centre: Centre) -> None:
    """Sign in, become available, take a call, hold it, wrap it up; the supervisor sees it, and hears the recording."""
    web = centre.web
    async with (
        Api(web, "sofia") as sofia,
        page(sofia, web) as shown,
        centre.controller.trunk() as trunk,
        at_desk(web, "ana") as ana,
    ):
        caller = await dial_in(trunk, "2", caller="0991160001")
        _, contact = await ana.takes()
        await shown.until(lambda page: page.interactions.get(contact["id"], {}).get("stage") == "talking")
        await ana.api.post(f"/calls/{contact['id']}/hold")
        await shown.until(lambda page: page.interactions[contact["id"]]["held"])
        await ana.api.post(f"/calls/{contact['id']}/resume")
        caller.hang_up()
        await ana.finish(contact["id"])
        record = await closed(sofia, contact["id"])
        assert [kinds(record).count(kind) for kind in ("held", "resumed")] == [1, 1]
        said, heard = await stereo(sofia, contact["id"])
        assert len(said) == len(heard) > 0
        found = await sofia.until(
            f"/recordings?call={contact['id']}", lambda it: it["items"][0]["disposition"]
        )
        assert found["items"][0]["disposition"] == "resuelto"
        assert (shown.snapshots, shown.sockets) == (1, 1)
        slowest = max(shown.took_ms)
        middle = sorted(shown.took_ms)[len(shown.took_ms) // 2]
        print(
            f"stored → page through Redis: {len(shown.took_ms)} changes, median {middle:.1f}, most {slowest:.1f} ms"
        )
        assert middle < SCREEN_LIMIT_MS


async def test_guesses_are_counted_together(centre: Centre) -> None:
    async with aiohttp.ClientSession() as guesser:

        async def guess(web: Instance) -> int:
            body = {"username": "diego", "password": "no-es-esta-clave"}
            async with guesser.post(f"{web.url}/api/v1/session", json=body) as answer:
                return answer.status

        tried = [await guess(web) for web in (centre.web, centre.other) * 3]
        assert tried == [401] * 5 + [429]
        assert await guess(centre.controller) == 429


@pytest.mark.parametrize("where", ["at another web", "on the command line"])
async def test_a_session_that_ends_somewhere_else_ends_here_at_once(centre: Centre, where: str) -> None:
    async with (
        Api(centre.web, "luis") as luis,
        luis.session.ws_connect(f"{centre.web.url}/api/v1/events") as socket,
    ):
        assert (await socket.receive_json())["type"] == "snapshot"
        if where == "at another web":
            headers = {"X-CSRF-Token": luis._csrf}
            url = f"{centre.other.url}/api/v1/session"
            async with luis.session.delete(url, headers=headers) as answer:
                assert answer.status == 204
        else:
            new_one = ("user", "password", "luis", "--password-stdin")
            await centre.controller.command(*new_one, stdin=f"{PASSWORD}\n")
        while (message := await socket.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT:
            pass
        assert message.data == 4001


@pytest.mark.parametrize("how", long_form(["killed", "frozen"], ["killed"]))
async def test_redis_gone_and_back(centre: Centre, how: str) -> None:
    """The page's socket is closed and served by the controller itself; later ones are fed from Redis again."""
    web, redis = centre.web, centre.redis
    goes, comes = (redis.kill, redis.start) if how == "killed" else (redis.freeze, redis.thaw)
    async with Api(web, "sofia") as sofia, page(sofia, web) as shown, Api(web, "ana") as ana:
        await asyncio.to_thread(goes)
        try:
            await ana.put("/me/state", state="paused", reason="almuerzo")
            await shown.state("ana", "paused")
            await shown.until(lambda page: page.sockets >= 2)
            await ana.put("/me/state", state="available")
            await shown.state("ana", "available")
            async with Api(web, "luis"):  # signing in does not need it
                pass
        finally:
            await asyncio.to_thread(comes)
        await checks(web, redis=True)
        async with page(sofia, web) as again:
            await ana.put("/me/state", state="offline")
            for each in (shown, again):
                await each.state("ana", "offline")
            agents = {row["id"]: row["state"] for row in await sofia.get("/agents")}
            for each in (shown, again):
                assert {name: row["state"] for name, row in each.agents.items()} == agents


async def test_the_controller_killed_and_back(centre: Centre) -> None:
    web = centre.web
    async with Api(web, "sofia") as sofia, page(sofia, web) as shown, Api(web, "ana") as ana:
        with killed_for_good(centre.controller):
            for language, words in (("es", "vuelva a intentarlo"), ("en", "try again")):
                status, error = await refusal(sofia, "/queues", language)
                assert (status, error["code"]) == (503, "controller_away")
                assert words in error["message"].lower()
            assert (await sofia.get("/session"))["user"]["username"] == "sofia"
            assert "items" in await sofia.get("/contacts")
            async with Api(centre.other, "luis", PASSWORD):
                pass
        await checks(web, controller=True, redis=True)
        await ana.put("/me/state", state="paused", reason="almuerzo")
        await shown.state("ana", "paused")
        assert shown.snapshots >= 2
        await ana.put("/me/state", state="offline")


@contextmanager
def killed_for_good(instance: Instance) -> Iterator[None]:
    """The controller is dead, and its parent cannot start another one while the context is open."""
    assert instance.process is not None
    parent, controller = instance.process.pid, controller_of(instance)
    assert controller is not None
    os.kill(parent, signal.SIGSTOP)
    try:
        os.kill(controller, signal.SIGKILL)
        yield
    finally:
        os.kill(parent, signal.SIGCONT)


async def refusal(api: Api, path: str, language: str) -> tuple[int, Any]:
    url = f"{api._instance.url}/api/v1{path}"
    async with api.session.get(url, headers={"Accept-Language": language}) as answer:
        return answer.status, (await answer.json())["error"]
