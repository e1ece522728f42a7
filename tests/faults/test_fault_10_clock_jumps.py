"""Fault 10: somebody sets the machine's clock, an hour ahead or back. What is due happens once; nothing spins."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from tests.voice_core.world import World
from voice_core.clock import SystemClock
from voice_core.interaction import EndReason, Interaction, Stage
from voice_core.ledger import Entry, Kind
from voice_core.queue import Overflow, QueueConfig

HOUR = timedelta(hours=1)
WATCHED_S = 2.0  # of real time after the jump
MOST_READINGS = 60  # of the clock in it by a router with nothing to do: it looks at least once a second
QUEUES = {
    "q": QueueConfig(
        "q", ring_timeout_s=15, wrap_up_s=20, pause_after_missed=0, overflow=(Overflow(60, to_queue="rest"),)
    ),
    "rest": QueueConfig("rest", ring_timeout_s=15, wrap_up_s=20, pause_after_missed=0),
    "brief": QueueConfig("brief", ring_timeout_s=0.6, wrap_up_s=0.6, pause_after_missed=0),
}
TALKING, WRAPPING_UP, RINGING, WAITING = 10, 10, 10, 30


@dataclass
class SetClock:
    """The machine's clock, with somebody's hand on it; and how often it was read."""

    ahead: timedelta = timedelta()
    readings: int = 0

    def __post_init__(self) -> None:
        self.system = SystemClock(self._wall)

    def now(self) -> datetime:
        self.readings += 1
        return self.system.now()

    def _wall(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Centre:
    world: World
    clock: SetClock
    rows: dict[Stage, list[Interaction]]
    said: list[Entry] = field(default_factory=list)

    def count(self, kind: Kind) -> Counter[str]:
        return Counter(entry.interaction_id for entry in self.said if entry.kind is kind)


@asynccontextmanager
async def busy() -> AsyncIterator[Centre]:
    """Agents talk, write down, are rung; callers wait."""
    clock = SetClock()
    async with World(QUEUES, clock=clock) as world:
        for number in range(TALKING + WRAPPING_UP + RINGING):
            await world.agent(f"a{number:02d}")
        rows = [await world.call("q") for _ in range(TALKING + WRAPPING_UP + RINGING)]
        for row in rows[: TALKING + WRAPPING_UP]:
            await world.accept(row)
        for row in rows[TALKING : TALKING + WRAPPING_UP]:
            await world.desk.end(row.id, EndReason.CUSTOMER_HUNG_UP, actor="customer")
        waiting = [await world.call("q") for _ in range(WAITING)]
        staged = {
            Stage.TALKING: rows[:TALKING],
            Stage.WRAP_UP: rows[TALKING : TALKING + WRAPPING_UP],
            Stage.OFFERED: rows[TALKING + WRAPPING_UP :],
            Stage.QUEUED: waiting,
        }
        for stage, members in staged.items():
            assert {world.now(row).stage for row in members} == {stage}
        centre = Centre(world, clock, staged)
        world.desk.listen(lambda change: centre.said.extend(change.entries))
        clock.readings = 0
        yield centre


async def test_an_hour_ahead_ends_once_what_was_under_way_and_rings_anew() -> None:
    async with busy() as centre:
        world, rows = centre.world, centre.rows
        centre.clock.ahead = HOUR
        world.router.wake()
        await asyncio.sleep(WATCHED_S)
        ids = {stage: {row.id for row in members} for stage, members in rows.items()}
        everyone = ids[Stage.OFFERED] | ids[Stage.QUEUED]
        assert centre.count(Kind.DECLINED) == Counter(ids[Stage.OFFERED])
        assert centre.count(Kind.CLOSED) == Counter(ids[Stage.WRAP_UP])
        assert {world.now(row).stage for row in rows[Stage.TALKING]} == {Stage.TALKING}
        # Whoever waited "too long" moves on once; whoever is free is rung, each contact once.
        assert max(centre.count(Kind.OFFERED).values()) == 1
        assert max((centre.count(Kind.QUEUED) + Counter(everyone)).values()) <= 2
        offered = [row for row in world.desk.live() if row.stage is Stage.OFFERED]
        assert len(offered) == RINGING + WRAPPING_UP
        assert centre.clock.readings < MOST_READINGS + 4 * len(centre.said)


async def test_an_hour_back_takes_nothing_away_and_spins_nowhere() -> None:
    async with busy() as centre:
        centre.clock.ahead = -HOUR
        centre.world.router.wake()
        await asyncio.sleep(WATCHED_S)
        assert centre.said == []
        assert centre.clock.readings < MOST_READINGS


async def test_after_an_hour_back_offers_and_wrap_ups_still_end() -> None:
    """At half speed, until the machine has caught up."""
    clock = SetClock()
    async with World(QUEUES, clock=clock) as world:
        await world.agent("ana")
        first = await world.call("brief")
        await world.accept(first)
        await world.desk.end(first.id, EndReason.CUSTOMER_HUNG_UP, actor="customer")
        second = await world.call("brief")
        clock.ahead, clock.readings = -HOUR, 0
        times: list[datetime] = []
        world.desk.listen(lambda change: times.extend(entry.at for entry in change.entries))
        await until(
            lambda: world.now(second).stage is Stage.OFFERED, "the wrap-up ends, and the next one rings"
        )
        await until(lambda: world.now(second).stage is Stage.QUEUED, "the offer ends")
        assert clock.readings < MOST_READINGS * 2
        assert times == sorted(times)


async def until(condition: object, what: str, timeout_s: float = 10.0) -> None:
    assert callable(condition)
    try:
        async with asyncio.timeout(timeout_s):
            while not condition():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"not in time: {what}") from None


pytestmark = pytest.mark.timeout(60)
