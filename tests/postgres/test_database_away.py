"""Fault 6: the database goes away under a running desk and router. What was acknowledged is there afterwards, once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.contract_store import contact
from tests.databases import fresh_database, opened
from tests.postgres_server import PostgresServer, frozen, killed
from tests.voice_core.world import World
from voice_core.clock import SystemClock
from voice_core.errors import FencedError, UnavailableError
from voice_core.interaction import EndReason, Interaction, Stage
from voice_core.journal import Journal
from voice_core.ledger import Entry, Kind
from voice_core.ports import Change
from voice_core.queue import QueueConfig
from voice_core.store import rows
from voice_core.store.database import open_database
from voice_core.store.journaled import JournaledStore
from voice_core.store.ownership import own
from voice_core.store.sql import LEDGER, SqlStore

QUEUES = {"q": QueueConfig("q", wrap_up_s=20)}
BACK_TIMEOUT_S = 20.0


class Centre:
    """A controller as the composition root builds it, in this process; everything it tells is noted."""

    def __init__(self, store: JournaledStore) -> None:
        self.store = store
        self.world = World(QUEUES, store=store)
        self.told: list[Entry] = []
        self.world.desk.listen(lambda change: self.told.extend(change.entries))

    async def serve(self, count: int) -> list[Interaction]:
        """That many contacts from their opening to their close."""
        rows = []
        for _ in range(count):
            row = await self.world.call("q")
            row = await self.world.accept(row)
            await self.world.desk.note(row.id, Kind.HELD, row.agent or "")
            await self.world.desk.end(row.id, EndReason.CUSTOMER_HUNG_UP, actor="customer")
            rows.append(await self.world.desk.wrap_up(row.id, row.agent or "", disposition="d"))
            await self.world.desk.note(row.id, Kind.RECORDING_STORED, "system")  # of a contact just closed
        return rows

    async def back(self) -> None:
        async with asyncio.timeout(BACK_TIMEOUT_S):
            while self.store.away:
                await asyncio.sleep(0.05)


@asynccontextmanager
async def running(engine: AsyncEngine, home: Path, *agents: str) -> AsyncIterator[Centre]:
    home.mkdir(exist_ok=True)
    async with own(engine, home, SystemClock(), lambda _: None) as owned, asyncio.TaskGroup() as group:
        assert isinstance(owned.store, JournaledStore)
        jobs = [group.create_task(job()) for job in owned.jobs.values()]
        centre = Centre(owned.store)
        async with centre.world:
            for agent in agents:
                await centre.world.agent(agent)
            yield centre
            await centre.world.desk.close()
        for job in jobs:
            job.cancel()


@pytest.fixture
async def url(postgres_server: PostgresServer) -> AsyncIterator[str]:
    yield await fresh_database(postgres_server)
    postgres_server.thaw()
    if not postgres_server.runs:
        postgres_server.start()


async def ledger(url: str) -> list[Entry]:
    async with opened(url) as engine, engine.connect() as connection:
        found = await connection.execute(select(LEDGER).order_by(LEDGER.c.seq))
        return [replace(rows.to_entry(row), seq=0) for row in found.mappings()]


async def rows_of(url: str) -> dict[str, Interaction]:
    async with opened(url) as engine:
        return {row.id: row for row in (await SqlStore(engine).load_live()).interactions}


@pytest.mark.parametrize("goes_away", [frozen, killed])
async def test_contacts_go_on_while_the_database_is_away_and_land_in_order_afterwards(
    url: str, postgres_server: PostgresServer, tmp_path: Path, goes_away: Callable[..., Callable[[], None]]
) -> None:
    async with opened(url) as engine, running(engine, tmp_path / "home", "ana") as centre:
        await centre.serve(2)
        talking = await centre.world.accept(await centre.world.call("q"))
        comes_back = goes_away(postgres_server)
        async with asyncio.timeout(8):
            await centre.world.call("q")  # the first to notice
        waiting = await centre.world.call("q")
        assert centre.store.away
        async with asyncio.timeout(2):  # from here on nobody waits for the database
            await centre.world.desk.end(talking.id, EndReason.AGENT_HUNG_UP, actor="ana")
            await centre.world.desk.wrap_up(talking.id, "ana", disposition="d")
        with pytest.raises(UnavailableError):
            await centre.store.entries("long ago")
        told_away = len(centre.told)
        await asyncio.to_thread(comes_back)
        await centre.back()
        assert not Journal(tmp_path / "home" / "journal").read()
        assert told_away > 0
        assert await ledger(url) == centre.told
        assert (await rows_of(url)) == centre.world.desk.floor.interactions
        assert waiting.id in centre.world.desk.floor.interactions
        await centre.world.call("q")
    assert await ledger(url) == centre.told


async def test_killed_at_random_moments_under_load_nothing_is_missing_or_doubled(
    url: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    moments = random.Random(seed)
    async with opened(url) as engine, running(engine, tmp_path / "home", "ana", "luis") as centre:
        done = asyncio.Event()

        async def load() -> list[Interaction]:
            rows: list[Interaction] = []
            while not done.is_set():
                rows += await centre.serve(1)
            return rows

        serving = asyncio.create_task(load())
        for _ in range(4):
            await asyncio.sleep(moments.uniform(0.05, 0.5))
            await asyncio.to_thread(postgres_server.kill)
            await asyncio.sleep(moments.uniform(0.05, 0.5))
            await asyncio.to_thread(postgres_server.start)
            if moments.random() < 0.7:
                await centre.back()
        done.set()
        rows = await serving
        await centre.back()
        assert len(rows) > 10
        assert await ledger(url) == centre.told
        assert await rows_of(url) == {}
        store = SqlStore(engine)
        assert [await store.interaction(row.id) for row in rows] == rows


async def test_a_controller_that_dies_while_the_database_is_away_goes_on_from_its_journal(
    url: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    engine = await open_database(url)
    async with running(engine, home, "ana") as first:
        await first.serve(1)
        postgres_server.kill()
        row = await first.world.call("q")
        await first.world.accept(row)
        memory = dict(first.world.desk.floor.interactions)
    await engine.dispose()
    assert Journal(home / "journal").read()
    postgres_server.start()
    async with opened(url) as engine, running(engine, home) as second:
        assert second.world.desk.floor.interactions == memory
        assert second.world.now(row).stage is Stage.TALKING
        assert await ledger(url) == first.told
        await second.world.desk.end(row.id, EndReason.CUSTOMER_HUNG_UP, actor="customer")
    assert await ledger(url) == first.told + second.told


async def test_a_journal_of_a_controller_that_was_replaced_is_set_aside_aloud(
    url: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    engine = await open_database(url)
    async with running(engine, tmp_path / "one", "ana") as first:
        row = await first.world.call("q")
        postgres_server.kill()
        await first.world.accept(row)
    await engine.dispose()
    postgres_server.start()
    async with opened(url) as engine:
        async with running(engine, tmp_path / "two") as second:  # after the lease stood still
            assert second.world.now(row).stage is Stage.OFFERED
            await second.world.desk.end(row.id, EndReason.LOST, actor="system")
        async with running(engine, tmp_path / "one") as third:
            assert third.world.desk.live() == []
        aside = list((tmp_path / "one" / "journal").glob("changes.jsonl.*"))
        assert len(aside) == 1
        assert Kind.ACCEPTED not in [entry.kind for entry in await ledger(url)]


async def test_a_full_journal_refuses_aloud_and_recovers(
    url: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    async with opened(url) as engine, running(engine, tmp_path / "home", "ana") as centre:
        centre.store._journal._most_bytes = 5000
        postgres_server.kill()
        refused = 0
        for _ in range(10):
            try:
                await centre.world.call("q")
            except UnavailableError:
                refused += 1
        assert refused > 0
        assert not centre.world.desk.healthy
        await asyncio.to_thread(postgres_server.start)
        await centre.back()
        async with asyncio.timeout(BACK_TIMEOUT_S):
            await centre.world.desk.recover()
        assert (await rows_of(url)) == centre.world.desk.floor.interactions
        await centre.world.call("q")
        assert await ledger(url) == centre.told


async def test_an_active_and_a_standby_one_at_a_time(
    url: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """The database away for longer than the lease lasts moves nothing; the active one gone, the standby is there."""
    told: list[str] = []
    async with opened(url) as one, opened(url) as other:
        async with running(one, tmp_path / "one", "ana") as first:
            (tmp_path / "two").mkdir()
            standby = asyncio.create_task(_take(other, tmp_path / "two", told))
            row = await first.world.call("q")
            postgres_server.freeze()
            await asyncio.sleep(6)
            postgres_server.thaw()
            await first.world.accept(row)
            await first.back()
            await asyncio.sleep(2)
            assert not standby.done()
            assert "one (" in told[0]
            await first.world.desk.note(row.id, Kind.HELD, "ana")
        async with asyncio.timeout(5):
            token = await standby
        assert token == 2
        with pytest.raises(FencedError):
            await first.store._store.commit(Change((contact("late"),)))


async def _take(engine: AsyncEngine, home: Path, told: list[str]) -> int:
    async with own(engine, home, SystemClock(), told.append) as owned:
        return owned.lease.token
