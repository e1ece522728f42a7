"""People on the telephone for fault tests: callers who never hang up by themselves, agents who answer by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from contact_centre.scripted_caller import Call, Line
from contact_centre.scripted_caller.call import CallState
from contact_centre.scripted_caller.errors import CallTimeoutError
from tests.busy_centre import MENU_NUMBER, STRAIGHT_NUMBER, BusyCentre

AGENT_HZ, CALLER_HZ = 620, 440
RING_POLL_S = 300.0


@dataclass(slots=True)
class Agent:
    """A desk phone that answers whatever rings, and keeps count."""

    name: str
    line: Line
    rung: list[str] = field(default_factory=list)  # numbers of who was announced, in order
    calls: list[Call] = field(default_factory=list)
    answers: bool = True

    async def work(self) -> None:
        while True:
            try:
                call = await self.line.rings(timeout_s=RING_POLL_S)
            except CallTimeoutError:
                continue
            self.rung.append(call.from_number)
            self.calls.append(call)
            if self.answers:
                await call.answer()
                call.play_tone(AGENT_HZ)

    @property
    def call(self) -> Call | None:
        """The conversation now."""
        return next((call for call in self.calls if call.state is CallState.ANSWERED), None)


@dataclass(slots=True)
class Crowd:
    centre: BusyCentre
    trunk: Line
    agents: list[Agent]
    callers: dict[str, Call] = field(default_factory=dict)

    async def caller(self, number: str, *, straight: bool) -> Call:
        """Someone dials the queue, or the menu, from `number`; returns once answered."""
        call = await self.trunk.call(STRAIGHT_NUMBER if straight else MENU_NUMBER, from_number=number)
        self.callers[number] = call
        await call.answered(timeout_s=20)
        call.play_tone(CALLER_HZ)
        return call

    def dropped(self) -> list[str]:
        return [number for number, call in self.callers.items() if call.state is CallState.ENDED]


@asynccontextmanager
async def crowd(centre: BusyCentre) -> AsyncIterator[Crowd]:
    """Every agent's desk phone is registered and answers."""
    async with AsyncExitStack() as stack:
        trunk = await stack.enter_async_context(centre.instance.trunk())
        agents = []
        for user, secret in centre.secrets.items():
            line = await stack.enter_async_context(Line("127.0.0.1", server=centre.instance.server))
            await line.register(user, secret)
            agents.append(Agent(user.removesuffix("-sip"), line))
        tasks = [asyncio.create_task(agent.work()) for agent in agents]
        try:
            yield Crowd(centre, trunk, agents)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
