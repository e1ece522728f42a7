"""Fault 6 with real calls: the database is killed, and frozen; people go on calling, waiting, talking and being recorded.

`make soak` keeps it away for 30 s each time. What the store itself does meanwhile: tests/postgres/test_database_away.py.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from contact_centre.scripted_caller import Call, Line
from tests.databases import fresh_database
from tests.faults.processes import long_form
from tests.instance import Api, prepare, running
from tests.people import at_desk, closed, dial_in, kinds, newest_from
from tests.postgres_server import PostgresServer, frozen, killed

pytestmark = [pytest.mark.timeout(180), pytest.mark.slow]
AWAY_S = long_form(30.0, 0.0)  # at least; what people do meanwhile takes its time
LANDED_TIMEOUT_S = 30.0
STAGES = ["opened", "queued", "offered", "accepted", "ended", "closed"]


async def test_calls_go_on_and_everything_lands_afterwards(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    url = await fresh_database(postgres_server)
    numbers = []
    async with (
        running(prepare(tmp_path / "home", database_url=url)) as centre,
        Api(centre, "sofia") as sofia,
        centre.trunk() as trunk,
        at_desk(centre, "ana") as ana,
    ):
        for goes_away in (killed, frozen):
            before = f"09911100{len(numbers)}0"
            during = f"09911100{len(numbers)}1"
            talking = await dial_in(trunk, "2", caller=before)
            leg, contact = await ana.takes()
            comes_back = await asyncio.to_thread(goes_away, postgres_server)
            until = asyncio.get_running_loop().time() + AWAY_S
            try:
                talking.play_tone(440)
                leg.play_tone(620)
                await asyncio.gather(leg.hears(440), talking.hears(620))
                second = await dial_in(trunk, "2", caller=during)  # waits while ana talks and wraps up
                talking.hang_up()
                await leg.hung_up()
                await ana.finish(contact["id"])
                await _talks(ana.phone, second, until)
            finally:
                await asyncio.to_thread(comes_back)
            second.hang_up()
            await ana.finish((await ana.contact("wrap_up", LANDED_TIMEOUT_S))["id"])
            numbers += [before, during]
            for number in (before, during):
                await _landed(sofia, number)
            await ana.api.available()
    assert not (tmp_path / "home" / "journal" / "refused.jsonl").exists()


async def _talks(phone: Line, caller: Call, until: float) -> None:
    """It rings, though the database is away. They talk as long as it is."""
    leg = await phone.rings(20)
    await leg.answer()
    leg.play_tone(620)
    caller.play_tone(440)
    await asyncio.gather(caller.hears(620), leg.hears(440))
    while asyncio.get_running_loop().time() < until:
        await asyncio.gather(caller.hears(620), leg.hears(440))


async def _landed(sofia: Api, number: str) -> None:
    async with asyncio.timeout(LANDED_TIMEOUT_S):
        while True:
            try:
                contact = await newest_from(sofia, number)
                record = await closed(sofia, contact["id"], LANDED_TIMEOUT_S)
                if [each["state"] for each in record["recordings"]] == ["stored"]:
                    break
            except AssertionError:
                pass
            await asyncio.sleep(0.3)
    found = kinds(record)
    assert [found.count(kind) for kind in STAGES] == [1] * len(STAGES), found
    assert [kind for kind in found if kind in STAGES] == STAGES
