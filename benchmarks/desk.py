"""How long from a decision to the next ring, with the durable store on. Run: `python -m benchmarks.desk`."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from voice_core.agent import Agent, AgentState
from voice_core.clock import SystemClock
from voice_core.desk import Desk
from voice_core.interaction import Direction, EndReason, Interaction, Offer, SkillRequirement, Stage
from voice_core.matcher import match
from voice_core.news import LocalNews
from voice_core.ports import Store
from voice_core.queue import QueueConfig
from voice_core.router import Router
from voice_core.store.database import open_database
from voice_core.store.memory import MemoryStore
from voice_core.store.sql import SqlStore

QUEUES = {"q": QueueConfig("q", wrap_up_s=0)}
ROUNDS = 300


class Stopwatch:
    """A presenter that only says when it was asked."""

    def __init__(self) -> None:
        self.rung: asyncio.Queue[tuple[Offer, float]] = asyncio.Queue()

    async def present(self, offer: Offer, interaction: Interaction) -> None:
        self.rung.put_nowait((offer, time.perf_counter()))

    async def withdraw(self, offer: Offer, reason: str) -> None:
        pass


class Bench:
    def __init__(self, store: Store) -> None:
        clock = SystemClock()
        self.desk = Desk(store, LocalNews(), clock, QUEUES)
        self.phone = Stopwatch()
        self.router = Router(self.desk, QUEUES, {"voice": self.phone}, clock)

    async def call(self) -> Interaction:
        return await self.desk.open(
            channel="voice", direction=Direction.INBOUND, from_address="+593991234567", to_address="101"
        )

    async def idle_to_ring(self) -> list[float]:
        """`enqueue` called, with a free agent → the presenter is asked to ring."""
        took = []
        for _ in range(ROUNDS):
            row = await self.call()
            start = time.perf_counter()
            await self.desk.enqueue(row.id, "q")
            offer, at = await self.phone.rung.get()
            took.append((at - start) * 1000)
            await self.desk.accept(offer.id)
            await self.desk.end(row.id, EndReason.CUSTOMER_HUNG_UP, actor="customer")
        return took

    async def freed_to_ring(self, waiting: int) -> list[float]:
        """`end` called (no wrap-up), with `waiting` callers → the next one is rung."""
        rows = [await self.call() for _ in range(ROUNDS + waiting)]
        await asyncio.gather(*(self.desk.enqueue(row.id, "q") for row in rows))
        took = []
        for _ in range(ROUNDS):
            offer, _ = await self.phone.rung.get()
            await self.desk.accept(offer.id)
            start = time.perf_counter()
            ending = asyncio.create_task(
                self.desk.end(offer.interaction_id, EndReason.AGENT_HUNG_UP, actor="ana")
            )
            offer, at = await self.phone.rung.get()
            self.phone.rung.put_nowait((offer, at))
            took.append((at - start) * 1000)
            await ending
        for row in self.desk.live():
            await self.desk.end(row.id, EndReason.ABANDONED, actor="customer")
        while not self.phone.rung.empty():
            self.phone.rung.get_nowait()
        return took

    async def busy_hour(self, calls: int) -> float:
        """Whole lives at once; returns lives a second."""
        start = time.perf_counter()

        async def life() -> None:
            row = await self.call()
            await self.desk.enqueue(row.id, "q")
            await self.desk.end(row.id, EndReason.ABANDONED, actor="customer")

        await self.desk.set_state("ana", AgentState.PAUSED, actor="ana")
        await asyncio.gather(*(life() for _ in range(calls)))
        return calls / (time.perf_counter() - start)


async def measure(name: str, store: Store) -> None:
    bench = Bench(store)
    await bench.desk.load()
    running = asyncio.create_task(bench.router.run())
    await bench.desk.put_agent(Agent("ana", "Ana"))
    await bench.desk.set_state("ana", AgentState.AVAILABLE, actor="ana")
    show(f"{name}: idle → ring", await bench.idle_to_ring())
    show(f"{name}: freed → next ring, 300 waiting", await bench.freed_to_ring(300))
    print(f"{name}: {await bench.busy_hour(500):.0f} short lives/s (3 commits each)")
    running.cancel()
    await asyncio.wait([running])


def show(what: str, took: list[float]) -> None:
    cuts = statistics.quantiles(took, n=100)
    print(f"{what}: median {statistics.median(took):.2f} ms, p99 {cuts[98]:.2f} ms, most {max(took):.2f} ms")


def show_matcher() -> None:
    now = SystemClock().now()
    need = (SkillRequirement("quechua", 5),)
    for name, requirements in (("none fits", need), ("all fit", ())):
        waiting = [
            Interaction(
                id=f"c{n}", channel="voice", direction=Direction.INBOUND, stage=Stage.QUEUED, from_address="",
                to_address="", opened_at=now, stage_since=now, queue="q", queued_at=now, requirements=requirements,
            )
            for n in range(300)
        ]  # fmt: skip
        agents = [Agent(f"a{n}", "", state=AgentState.AVAILABLE, idle_since=now) for n in range(30)]
        took = []
        for _ in range(200):
            start = time.perf_counter()
            match(waiting, agents, {}, QUEUES, now)
            took.append((time.perf_counter() - start) * 1000)
        show(f"matcher, 300 waiting × 30 agents, {name}", took)


async def main() -> None:
    show_matcher()
    await measure("memory", MemoryStore())
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        engine = await open_database(f"sqlite+aiosqlite:///{Path(folder) / 'centre.db'}")
        await measure("SQLite, synchronous=FULL", SqlStore(engine))
        await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())
