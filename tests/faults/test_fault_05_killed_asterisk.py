"""Fault 5: kill -9 Asterisk. Contacts are closed with the reason, agents free, Asterisk back and serving by itself."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.busy_centre import busy_centre
from tests.faults.crowd import AGENT_HZ, crowd
from tests.faults.processes import asterisk_of, ready
from tests.instance import Api

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
FREE_WITHIN_S = 5.0
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
        loop = asyncio.get_running_loop()
        os.kill(asterisk_of(centre.instance), signal.SIGKILL)
        died_at = loop.time()
        await admin.until("/calls?state=live", lambda page: page["items"] == [], FREE_WITHIN_S * 3)
        agents = await admin.get("/agents")
        print(f"all contacts closed {loop.time() - died_at:.2f} s after Asterisk died")
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
