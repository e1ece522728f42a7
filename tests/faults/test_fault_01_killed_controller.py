"""Fault 1: kill -9 the controller at random moments, with callers in the flow, the queue and conversations."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.busy_centre import busy_centre
from tests.faults.crowd import AGENT_HZ, CALLER_HZ, Crowd, crowd
from tests.faults.processes import kill_controller, seeded, serving_again
from tests.instance import Api

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]
KILLS, AGENTS, WAITING, CHOOSING = 3, 4, 5, 3
LATECOMERS, BETWEEN_LATECOMERS_S = 6, 0.1  # a kill: they come in while nobody is there


async def test_no_call_is_lost_and_nobody_is_rung_twice(tmp_path: Path) -> None:
    chance = seeded()
    async with (
        busy_centre(tmp_path, AGENTS) as centre,
        crowd(centre) as people,
        Api(centre.instance, "admin") as admin,
    ):
        await centre.everybody("available")
        async with asyncio.TaskGroup() as group:
            for number in range(AGENTS + WAITING):
                group.create_task(people.caller(f"09910{number:04d}", straight=True))
        await live_until(admin, lambda rows: stages(rows) == {"talking": AGENTS, "queued": WAITING})
        for number in range(CHOOSING):
            await people.caller(f"09920{number:04d}", straight=False)
        places = order_of(await live(admin))
        for kill in range(KILLS):
            await asyncio.sleep(chance.uniform(0.0, 1.5))
            dead = await kill_controller(centre.instance)
            async with asyncio.TaskGroup() as group:
                for late in range(LATECOMERS):
                    group.create_task(people.caller(f"0993{kill}{late:04d}", straight=True))
                    await asyncio.sleep(BETWEEN_LATECOMERS_S)
                await serving_again(centre.instance, dead)
            rows = await live_until(admin, lambda rows: len(rows) == len(people.callers))
            assert people.dropped() == []
            assert {row["from_address"] for row in rows} == set(people.callers)
            kept = [number for number in order_of(rows) if number in places]
            assert kept == places
        await both_ways(people)
        assert all(len(agent.rung) == 1 for agent in people.agents), [agent.rung for agent in people.agents]
        await serve_the_rest(people, admin)
        await centre.instance.quiet()
        await one_record_each(people, admin)


async def both_ways(people: Crowd) -> None:
    """Whoever talked before still hears the other side."""
    for agent in people.agents:
        assert agent.call is not None
        await agent.call.hears(CALLER_HZ, within_s=5)
        await people.callers[agent.rung[-1]].hears(AGENT_HZ, within_s=5)


async def serve_the_rest(people: Crowd, admin: Api) -> None:
    """Agents hang up, and everybody who waited is answered once; those who still chose, too."""
    choosing = [call for number, call in people.callers.items() if number.startswith("09920")]
    await asyncio.gather(*(call.send_digits("1") for call in choosing))
    total = len(people.callers)
    async with asyncio.timeout(60):
        while sum(len(agent.rung) for agent in people.agents) < total:
            await hang_up_all(people)
            await asyncio.sleep(0.1)
        while any(agent.call for agent in people.agents) or await live(admin):
            await hang_up_all(people)
            await asyncio.sleep(0.1)
    rung = Counter(number for agent in people.agents for number in agent.rung)
    assert rung == Counter(list(people.callers)), rung


async def hang_up_all(people: Crowd) -> None:
    for agent in people.agents:
        if (call := agent.call) is not None:
            await call.hears(CALLER_HZ, within_s=10)
            call.hang_up()


async def one_record_each(people: Crowd, admin: Api) -> None:
    records = (await admin.get("/calls", state="closed", page_size="200"))["items"]
    assert Counter(row["from_address"] for row in records) == Counter(list(people.callers))
    assert Counter(row["end_reason"] for row in records) == {"agent_hung_up": len(people.callers)}


async def live(admin: Api) -> list[dict[str, Any]]:
    return list((await admin.get("/calls", state="live", page_size="200"))["items"])


async def live_until(admin: Api, condition: Any) -> list[dict[str, Any]]:
    answer = await admin.until("/calls?state=live", lambda page: condition(page["items"]), 20)
    return list(answer["items"])


def stages(rows: list[dict[str, Any]]) -> dict[str, int]:
    return dict(Counter(row["stage"] for row in rows))


def order_of(rows: list[dict[str, Any]]) -> list[str]:
    """Numbers of those who wait, first come first."""
    waiting = [row for row in rows if row["stage"] in ("queued", "offered")]
    return [row["from_address"] for row in sorted(waiting, key=lambda row: (row["queued_at"], row["id"]))]
