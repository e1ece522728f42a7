"""Fault 4: kill -9 between originate and its answer. No orphan leg, no second ring."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tests.busy_centre import busy_centre
from tests.faults.crowd import AGENT_HZ, CALLER_HZ, crowd
from tests.faults.processes import kill_controller, seeded, serving_again
from tests.instance import Api

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]
ROUNDS = 3
RANDOM_WITHIN_S = 0.12


async def test_a_ring_goes_on_and_its_answer_counts(tmp_path: Path) -> None:
    chance = seeded()
    async with (
        busy_centre(tmp_path, 1) as centre,
        crowd(centre) as people,
        Api(centre.instance, "admin") as admin,
    ):
        agent = people.agents[0]
        agent.answers = False
        await centre.everybody("available")
        for number in range(ROUNDS):
            caller = f"09930{number:04d}"
            call = await people.trunk.call("202", from_number=caller)
            if (
                number == 0
            ):  # surely while it rings; then anywhere from before the call is answered to the ring
                await admin.until("/calls?state=live", lambda _page: bool(agent.calls), 20)
            else:
                await asyncio.sleep(chance.uniform(0.0, RANDOM_WITHIN_S))
            dead = await kill_controller(centre.instance)
            await serving_again(centre.instance, dead)
            await call.answered(timeout_s=10)
            call.play_tone(CALLER_HZ)
            await admin.until("/calls?state=live", lambda _page, so_far=number: len(agent.calls) > so_far, 20)
            leg = agent.calls[-1]
            await leg.answer()
            leg.play_tone(AGENT_HZ)
            await call.hears(AGENT_HZ, within_s=10)
            await leg.hears(CALLER_HZ, within_s=10)
            call.hang_up()
            await centre.instance.quiet()
            assert Counter(agent.rung)[caller] == 1, agent.rung
        records = (await admin.get("/calls", state="closed"))["items"]
        assert Counter(row["from_address"] for row in records) == Counter(agent.rung)
