"""kill -9 of a real controller while an agent consults a colleague: all three are there when it is back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.busy_centre import busy_centre
from tests.faults.crowd import AGENT_HZ, CALLER_HZ, crowd
from tests.faults.processes import kill_controller, serving_again
from tests.instance import Api

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
CALLER, WAITING = "0995000001", "0995000002"


async def test_a_consultation_keeps_its_three_parties(tmp_path: Path) -> None:
    async with (
        busy_centre(tmp_path, 2) as centre,
        crowd(centre) as people,
        Api(centre.instance, "admin") as admin,
    ):
        asker, asked = people.agents
        await centre.agents[0].put("/me/state", state="available")
        caller = await people.caller(CALLER, straight=True)
        live = await admin.until(
            "/calls?state=live", lambda page: [row["stage"] for row in page["items"]] == ["talking"], 20
        )
        path = f"/calls/{live['items'][0]['id']}"
        await centre.agents[1].put("/me/state", state="available")
        await centre.agents[0].post(f"{path}/consult", kind="agent", value=asked.name)
        consulting = {"target": asked.name, "state": "talking"}
        await admin.until(path, lambda shown: shown["interaction"]["consult"] == consulting, 20)
        waiting = await people.caller(WAITING, straight=True)  # nobody is free for this one, before and after
        assert asker.call is not None
        assert asked.call is not None
        await asker.call.hears(AGENT_HZ, within_s=10)
        await serving_again(centre.instance, await kill_controller(centre.instance))
        await asked.call.hears(AGENT_HZ, within_s=10)
        shown = (await admin.get(path))["interaction"]
        assert (shown["consult"], shown["held"]) == (consulting, True)
        await centre.agents[0].put("/me/state", state="offline")
        await centre.agents[0].post(f"{path}/consult/complete")
        await asyncio.gather(caller.hears(AGENT_HZ, within_s=10), asked.call.hears(CALLER_HZ, within_s=10))
        assert [asker.rung, asked.rung] == [[CALLER], [CALLER]]
        await serving_again(centre.instance, await kill_controller(centre.instance))
        caller.hang_up()
        await waiting.hears(AGENT_HZ, within_s=20)  # and now somebody is
        assert asked.rung == [CALLER, WAITING]
        waiting.hang_up()
        await centre.instance.quiet()
        records = (await admin.get("/calls", state="closed"))["items"]
        assert {row["end_reason"] for row in records} == {"customer_hung_up"}
