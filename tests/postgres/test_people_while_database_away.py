"""Fault 6 at the screens: who is signed in goes on working while the database is away; what needs it says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from contact_centre.scripted_caller import Sound
from tests.databases import fresh_database
from tests.instance import PASSWORD, Api, prepare, running
from tests.people import at_desk, closed, dial_in, kinds
from tests.postgres_server import PostgresServer, frozen, killed

pytestmark = [pytest.mark.timeout(180), pytest.mark.slow]
CALLER_TONE = 440
SHOWN_WITHIN_S = 10.0


async def test_who_is_signed_in_goes_on_working(postgres_server: PostgresServer, tmp_path: Path) -> None:
    url = await fresh_database(postgres_server)
    async with (
        running(prepare(tmp_path / "home", database_url=url)) as centre,
        Api(centre, "sofia") as sofia,
        centre.trunk() as trunk,
        at_desk(centre, "ana") as ana,
        sofia.session.ws_connect(f"{centre.url}/api/v1/events") as screen,
    ):
        caller = await dial_in(trunk, "2", caller="0991120001")
        leg, contact = await ana.takes()
        caller.play_tone(CALLER_TONE)
        for goes_away in (killed, frozen):
            comes_back = await asyncio.to_thread(goes_away, postgres_server)
            try:
                await ana.api.post(f"/calls/{contact['id']}/hold")
                await _shows(screen, lambda row: row["held"])
                await caller.hears_sound(Sound.MUSIC, within_s=8)
                await ana.api.post(f"/calls/{contact['id']}/resume")
                await leg.hears(CALLER_TONE)
                await asyncio.gather(
                    _refused(sofia, "GET", "/calls?state=closed"),
                    _refused(sofia, "GET", "/recordings"),
                    _refused(sofia, "POST", "/session", username="luis", password=PASSWORD),
                )
            finally:
                await asyncio.to_thread(comes_back)
        caller.hang_up()
        await leg.hung_up()
        await ana.finish(contact["id"])
        found = kinds(await closed(sofia, contact["id"], 30))
        assert [found.count(kind) for kind in ("held", "resumed")] == [2, 2], found
        assert not screen.closed


async def _shows(screen: aiohttp.ClientWebSocketResponse, condition: Callable[[Any], Any]) -> None:
    async with asyncio.timeout(SHOWN_WITHIN_S):
        while True:
            message = await screen.receive_json()
            if message["type"] == "interaction" and condition(message["data"]):
                return


async def _refused(api: Api, method: str, path: str, **body: str) -> None:
    """503, in a sentence; nobody is taken for a stranger."""
    with pytest.raises(AssertionError, match="503") as refusal:
        await api._ask(method, path, **({"json": body} if body else {}))
    assert "database" in str(refusal.value)
