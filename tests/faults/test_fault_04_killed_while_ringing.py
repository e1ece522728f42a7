"""Fault 4: kill -9 between originate and its answer. No orphan leg, no second ring."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from contact_centre.scripted_caller import Call, Line
from tests.busy_centre import busy_centre, prepared
from tests.faults.crowd import AGENT_HZ, CALLER_HZ, Agent, crowd
from tests.faults.processes import (
    ended,
    first_password,
    kill_controller,
    part,
    phone_secret,
    ready,
    seeded,
    serving_again,
)
from tests.instance import LOOK_S, Api, Instance

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]
ROUNDS = 3
RANDOM_WITHIN_S = 0.12
DOOMED = ("-m", "tests.faults.killed_at")
DIES_WITHIN_S = RUNG_WITHIN_S = 20.0


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


async def test_killed_around_the_request_to_ring(tmp_path: Path) -> None:
    """Just after it is sent, a moment later, just before: the offer is stored, its answer never comes.

    Each life takes up the call the one before died with, and dies with the next one.
    """
    chance = seeded()
    instance, moments = prepared(tmp_path), ["0", f"{chance.uniform(0, 30):.1f}", "before"]
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(part(instance, "run", "asterisk"))
        trunk = await stack.enter_async_context(instance.trunk())
        async with life(instance, moments[0]) as controller:
            agent = await an_agent(instance, stack)
            call = await dies_ringing(controller, trunk, "0993100001")
        for number, moment in enumerate(moments[1:], 2):
            async with life(instance, moment) as controller:
                await served(instance, call, agent)
                call = await dies_ringing(controller, trunk, f"09931{number:05d}")
        async with part(instance, "run", "controller"):
            await ready(instance)
            await served(instance, call, agent)
    assert agent.rung == [f"09931{number:05d}" for number in range(1, len(moments) + 1)]
    assert [ended(instance, number) for number in agent.rung] == [["customer_hung_up"]] * len(moments)


@asynccontextmanager
async def life(instance: Instance, moment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A controller that dies at this moment of asking for a ring."""
    async with part(instance, "run", "controller", program=(*DOOMED, moment)) as controller:
        await ready(instance)
        yield controller


async def dies_ringing(controller: asyncio.subprocess.Process, trunk: Line, number: str) -> Call:
    call = await trunk.call("202", from_number=number)
    async with asyncio.timeout(DIES_WITHIN_S):
        assert await controller.wait() == -signal.SIGKILL
    return call


async def an_agent(instance: Instance, stack: AsyncExitStack) -> Agent:
    """`ana` at her desk phone, available, who lets it ring."""
    line = await stack.enter_async_context(instance.desk_phone("ana", phone_secret(instance, "ana")))
    async with Api(instance, "ana", first_password(instance, "ana")) as api:
        await api.available()
    agent = Agent("ana", line, answers=False)
    working = asyncio.create_task(agent.work())
    stack.callback(working.cancel)
    return agent


async def served(instance: Instance, call: Call, agent: Agent) -> None:
    """The agent is rung for this call, once; they talk, the caller hangs up, and nothing is left."""
    async with asyncio.timeout(RUNG_WITHIN_S):
        while agent.rung[-1:] != [call.from_number]:
            await asyncio.sleep(LOOK_S)
    leg = agent.calls[-1]
    await call.answered(timeout_s=10)
    await leg.answer()
    call.play_tone(CALLER_HZ)
    leg.play_tone(AGENT_HZ)
    await call.hears(AGENT_HZ, within_s=10)
    await leg.hears(CALLER_HZ, within_s=10)
    call.hang_up()
    await instance.quiet()
