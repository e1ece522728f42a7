"""`/health`: ready only while Asterisk, the database and the router answer; else 503 that says which does not."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from sqlalchemy.exc import OperationalError

from contact_centre.readiness import ROUTER_ALIVE_S, checks_of
from contact_centre.web.screens import build_screens
from tests.contact_centre.house import CentreHouse

ALL_WELL = {"asterisk": True, "database": True, "router": True}


async def health(house: CentreHouse) -> tuple[int, dict[str, bool]]:
    async with house.client() as nobody:
        status, said = await nobody.ask("GET", "/health")
        assert said["status"] == ("ready" if status == 200 else "not_ready")
        return status, said["checks"]


async def test_ready_when_every_part_answers(house: CentreHouse) -> None:
    assert await health(house) == (200, ALL_WELL)


async def test_not_ready_without_asterisk(house: CentreHouse) -> None:
    house.telephone.connected = False
    assert await health(house) == (503, ALL_WELL | {"asterisk": False})
    house.telephone.connected = True
    assert await health(house) == (200, ALL_WELL)


async def test_degraded_while_one_asterisk_of_several_is_away(house: CentreHouse) -> None:
    house.telephone.nodes = {"asterisk-1": True, "asterisk-2": False}
    parts = replace(house.parts, checks=checks_of(house.engine, house.router, house.telephone))
    async with (
        TestServer(build_screens(parts)) as server,
        aiohttp.ClientSession() as http,
        http.get(server.make_url("/api/v1/health")) as answer,
    ):
        assert answer.status == 200
        checks = ALL_WELL | {"asterisk-1": True, "asterisk-2": False}
        assert await answer.json() == {"status": "degraded", "checks": checks}


async def test_not_ready_while_the_router_stands_still(house: CentreHouse) -> None:
    house.routing.cancel()
    await asyncio.wait([house.routing])
    assert house.router.last_round is not None
    assert await health(house) == (200, ALL_WELL)  # it made a round just now
    house.router.last_round -= ROUTER_ALIVE_S
    assert await health(house) == (503, ALL_WELL | {"router": False})


async def test_not_ready_without_a_database(house: CentreHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OperationalError("connect", None, ConnectionRefusedError("nobody listens"))

    await house.engine.dispose()
    monkeypatch.setattr(house.engine.sync_engine, "raw_connection", refused)
    assert await health(house) == (503, ALL_WELL | {"database": False})
