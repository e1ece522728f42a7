"""A change of a call → fifty open dashboards, at 10 calls a second: from the change's own time to the message's arrival."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp

from benchmarks.contest import OURS, Result, at
from benchmarks.stage import Stage
from tests.instance import Api

DASHBOARDS = 50
AGENTS = 20
RATE, CALLS = 10.0, 60
TALK_S = 1.0
P95_LIMIT_MS = 100.0
CASE = f"{DASHBOARDS} dashboards"


@dataclass(slots=True)
class Dashboard:
    """Only takes the time while calls go on; what the messages say is read afterwards."""

    socket: aiohttp.ClientWebSocketResponse
    arrived: list[tuple[float, bytes | str]] = field(default_factory=list)

    async def watch(self) -> None:
        async for message in self.socket:
            self.arrived.append((time.time(), message.data))

    def took_ms(self) -> list[float]:
        """Of each stage each call came to: stored time → here."""
        seen: set[tuple[str, str]] = set()
        took = []
        for arrived, text in self.arrived:
            message = json.loads(text)
            if message["type"] != "interaction":
                continue
            row = message["data"]
            if (step := (row["id"], row["stage"])) not in seen:
                seen.add(step)
                took.append(1000 * (arrived - datetime.fromisoformat(row["stage_since"]).timestamp()))
        return took


async def measure(stage: Stage, rounds: int) -> Result:
    result = Result("dashboards", f"Event → dashboard, {DASHBOARDS} open, {RATE:g} calls/s", "ms")
    await stage.open_for(OURS, AGENTS)
    for _ in range(rounds):
        result.add(CASE, OURS, await one_round(stage))
    result.judge(f"p95 ≤ {P95_LIMIT_MS:.0f} ms", at(result.of(CASE), 95), P95_LIMIT_MS)
    return result


async def one_round(stage: Stage) -> list[float]:
    async with AsyncExitStack() as stack:
        admin = await stack.enter_async_context(Api(stage.instance, "admin"))
        url = f"{stage.instance.url}/api/v1/events"
        # Answered at once when the connection opens, so that no caller's change is missed.
        sockets = [
            await stack.enter_async_context(
                admin.session.ws_connect(url, headers={"Origin": stage.instance.url})
            )
            for _ in range(DASHBOARDS)
        ]
        dashboards = [Dashboard(socket) for socket in sockets]
        watching = [asyncio.create_task(each.watch()) for each in dashboards]
        async with stage.phones(AGENTS, talk_s=TALK_S):
            number = stage.number(OURS, AGENTS)
            async with stage.callers(number, CALLS, rate=RATE, hold_s=30) as crowd:
                await crowd.over(CALLS / RATE + 60)
            await stage.clear()
        closed = [task for task in watching if task.done()]
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
    if closed:
        raise RuntimeError(f"{len(closed)} dashboards were closed by the server")
    return [took for each in dashboards for took in each.took_ms()]
