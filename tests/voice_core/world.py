"""A small contact centre in virtual time: the real desk and router, a store in memory, phones that obey."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from voice_core.agent import Agent, AgentState
from voice_core.desk import Desk
from voice_core.interaction import Direction, Interaction, Offer
from voice_core.news import LocalNews
from voice_core.ports import Notice, Store
from voice_core.queue import QueueConfig
from voice_core.router import Router
from voice_core.store.memory import MemoryStore

T0 = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TURNS = 120  # of the event loop until everything started has had its say; the store in memory never waits


make_store: Callable[[], Store] = MemoryStore  # replaced where a suite runs on a real database


class HandClock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.moment = T0

    def now(self) -> datetime:
        return self.moment


class Phones:
    """A presenter whose phones only note what they were asked to do."""

    def __init__(self) -> None:
        self.presented: list[Offer] = []
        self.withdrawn: list[tuple[str, str]] = []
        self.fails_for: set[str] = set()
        self.stuck_for: set[str] = set()

    async def present(self, offer: Offer, interaction: Interaction) -> None:
        assert interaction.id == offer.interaction_id
        if offer.agent in self.stuck_for:
            await asyncio.Event().wait()
        if offer.agent in self.fails_for:
            raise RuntimeError("no line")
        self.presented.append(offer)

    async def withdraw(self, offer: Offer, reason: str) -> None:
        self.withdrawn.append((offer.id, reason))


class World:
    def __init__(
        self,
        queues: Mapping[str, QueueConfig],
        store: Store | None = None,
        present_timeout_s: float = 5.0,
        clock: Any = None,
    ) -> None:
        """Time moves by `pass_time`, unless a `clock` is given that moves by itself."""
        self.queues = queues
        self.store = store or make_store()
        self.clock = clock or HandClock()
        self.news = LocalNews()
        self.phones = Phones()
        self.desk = Desk(self.store, self.news, self.clock, queues)
        self.notices: list[Notice] = []
        self.desk.listen(lambda change: self.notices.extend(change.notices))
        presenters = {"voice": self.phones, "chat": self.phones}
        self.router = Router(self.desk, queues, presenters, self.clock, present_timeout_s=present_timeout_s)
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> World:
        await self.desk.load()
        self._running = asyncio.create_task(self.router.run())
        await self.settle()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    async def settle(self) -> None:
        """Until nothing moves any more. (A store in memory may be held up on purpose: it is not waited for.)"""
        self.router.wake()
        quiet = 0
        while quiet < TURNS:
            await asyncio.sleep(0)
            quiet += 1
            if not isinstance(self.store, MemoryStore) and self.desk._commits._task is not None:
                await self.desk.close()
                quiet = 0

    async def pass_time(self, seconds: float) -> None:
        self.clock.moment += timedelta(seconds=seconds)
        await self.settle()

    async def agent(self, name: str, **fields: object) -> Agent:
        await self.desk.put_agent(Agent(name, name.title(), **fields))  # type: ignore[arg-type]
        agent = await self.desk.set_state(name, AgentState.AVAILABLE, actor=name)
        await self.settle()
        return agent

    async def call(self, queue: str | None = None, channel: str = "voice", **wanted: object) -> Interaction:
        """A contact comes in; with `queue` it waits there at once."""
        row = await self.desk.open(
            channel=channel, direction=Direction.INBOUND, from_address="+593991234567", to_address="101"
        )
        if queue is not None:
            row = await self.desk.enqueue(row.id, queue, **wanted)  # type: ignore[arg-type]
        await self.settle()
        return self.desk.floor.interactions.get(row.id, row)

    def now(self, row: Interaction) -> Interaction:
        return self.desk.interaction(row.id)

    async def accept(self, row: Interaction) -> Interaction:
        offer = self.desk.offer_of(row.id)
        assert offer is not None, f"{row.id} is not offered: {self.now(row).stage}"
        taken = await self.desk.accept(offer.id)
        await self.settle()
        return taken

    async def decline(self, row: Interaction, reason: str) -> None:
        offer = self.desk.offer_of(row.id)
        assert offer is not None
        await self.desk.decline(offer.id, reason)
        await self.settle()
