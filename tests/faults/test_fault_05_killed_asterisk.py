"""Fault 5: kill -9 Asterisk, or let it hang. Contacts closed with the reason, agents free, Asterisk back by itself.

The controller lives through it. What it does not live through is being made deaf, by another client that takes our
application's name: it ends, and its next life takes the calls up.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
from pathlib import Path

import pytest

from ari_apps.ari import AriClient
from contact_centre.asterisk_process import HUNG_AFTER_S
from contact_centre.scripted_caller import Call, Sound
from contact_centre.secrets_file import ACCOUNT, load_secrets
from contact_centre.telephony import APP
from tests.busy_centre import busy_centre
from tests.databases import rows
from tests.faults.crowd import AGENT_HZ, crowd
from tests.faults.processes import asterisk_of, controller_of, not_ready, ready, serving_again
from tests.instance import LOOK_S, Api, Instance, prepare, running
from tests.people import newest_from

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
FREE_WITHIN_S = 5.0
_SIGN_INS = "SELECT count(*) FROM astdb WHERE key LIKE '/registrar/contact/%'"
ENDED_WITHIN_S = 15.0  # the last question's timeout, the new start, and a busy machine
TALKING, WAITING = 2, 2


async def test_its_calls_are_closed_and_it_serves_again(tmp_path: Path) -> None:
    async with (
        busy_centre(tmp_path, TALKING) as centre,
        crowd(centre) as people,
        Api(centre.instance, "admin") as admin,
    ):
        await centre.everybody("available")
        for number in range(TALKING + WAITING):
            await people.caller(f"09940{number:04d}", straight=True)
        await admin.until(
            "/calls?state=live",
            lambda page: sum(row["stage"] == "talking" for row in page["items"]) == TALKING,
            20,
        )
        await sign_ins_written_down(centre.instance, len(people.agents))
        told = asyncio.create_task(not_ready(centre.instance, FREE_WITHIN_S * 3))
        loop, controller = asyncio.get_running_loop(), controller_of(centre.instance)
        os.kill(asterisk_of(centre.instance), signal.SIGKILL)
        died_at = loop.time()
        await admin.until("/calls?state=live", lambda page: page["items"] == [], FREE_WITHIN_S * 3)
        agents = await admin.get("/agents")
        closed_s = loop.time() - died_at
        print(f"all contacts closed {closed_s:.2f} s after Asterisk died")
        assert closed_s <= FREE_WITHIN_S
        assert await told == {"asterisk": False, "database": True, "router": True}
        assert all(each["status"] != "talking" for each in agents), agents
        records = (await admin.get("/calls", state="closed"))["items"]
        assert len(records) == TALKING + WAITING
        assert {row["end_reason"] for row in records} == {"lost"}, [row["end_reason"] for row in records]
        for call in (*people.callers.values(), *(call for agent in people.agents for call in agent.calls)):
            call.hang_up()  # their phones notice by themselves, later
        await ready(centre.instance)
        await centre.everybody("available")
        late = await people.caller("099409999", straight=True)
        await late.hears(AGENT_HZ, within_s=20)
        assert (
            len(lives_of_channels(centre.instance)) == 2
        )  # else two callers of one second would bear one name
        assert controller_of(centre.instance) == controller, "the controller died with Asterisk"
        await a_deaf_controller_ends(centre.instance, late)
        assert [agent.rung.count("099409999") for agent in people.agents].count(1) == 1


async def test_one_that_hangs_is_killed_and_started_again(tmp_path: Path) -> None:
    """It lives, and answers nobody: nothing else would ever end it."""
    instance = prepare(tmp_path / "home")
    async with (
        running(instance, people=("admin",)),
        instance.trunk() as trunk,
        Api(instance, "admin") as admin,
    ):
        caller = await trunk.call("101", from_number="0994090001")
        await caller.answered()
        loop, hung = asyncio.get_running_loop(), asterisk_of(instance)
        os.kill(hung, signal.SIGSTOP)
        stopped_at = loop.time()
        await admin.until(
            "/calls?state=live", lambda page: page["items"] == [], HUNG_AFTER_S + ENDED_WITHIN_S
        )
        print(f"its call was closed {loop.time() - stopped_at:.1f} s after it stood still")
        assert (await newest_from(admin, "0994090001"))["end_reason"] == "lost"
        caller.hang_up()
        await ready(instance)
        assert asterisk_of(instance) != hung
        late = await trunk.call("101", from_number="0994090002")
        await late.hears_sound(Sound.SPEECH, within_s=15)
        late.hang_up()


async def sign_ins_written_down(instance: Instance, phones: int) -> None:
    """Asterisk does it once a second; killed before, it would know of those phones when they register again, not sooner."""
    kept = instance.home / "asterisk" / "db" / "astdb.sqlite3"
    with contextlib.closing(sqlite3.connect(f"file:{kept}?mode=ro", uri=True)) as opened:
        async with asyncio.timeout(10):
            while opened.execute(_SIGN_INS).fetchone() != (phones,):
                await asyncio.sleep(LOOK_S)


def lives_of_channels(instance: Instance) -> set[str]:
    """What Asterisk puts before its channels' numbers, of all calls there were."""
    names = rows(instance, "SELECT external_id FROM interactions")
    return {name.rpartition("-")[0] for (name,) in names}


async def a_deaf_controller_ends(instance: Instance, call: Call) -> None:
    """Another client under our name gets our events; the one started again gets them back, and the call goes on."""
    deaf = controller_of(instance)
    assert deaf is not None
    url = f"http://127.0.0.1:{instance.environment['CENTRALITA_ASTERISK_HTTP_PORT']}/ari"
    async with AriClient.connect(url, ACCOUNT, load_secrets(instance.home).ari_password, APP):
        await serving_again(instance, deaf)
    await call.hears(AGENT_HZ, within_s=10)
