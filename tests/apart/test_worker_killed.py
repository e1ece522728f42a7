"""A worker killed between the close of a contact and its description: the next one's turn brings it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from recorder.models import RecordingRow, RecordingState
from tests.contract_store import contact
from tests.databases import fresh_database, opened
from tests.faults.processes import part
from tests.instance import Instance, prepare
from tests.postgres_server import PostgresServer
from tests.redis_server import RedisServer
from voice_core.interaction import EndReason, Stage
from voice_core.ledger import Entry, Kind
from voice_core.ports import Change
from voice_core.store.sql import SqlStore

pytestmark = pytest.mark.slow
T0 = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WAIT_S = 30.0


@pytest.fixture
async def database(postgres_server: PostgresServer) -> AsyncIterator[tuple[str, AsyncEngine]]:
    url = await fresh_database(postgres_server)
    async with opened(url) as engine:
        yield url, engine


async def test_the_description_arrives_all_the_same(
    database: tuple[str, AsyncEngine], redis_server: RedisServer, tmp_path: Path
) -> None:
    url, engine = database
    instance = prepare(tmp_path / "home", database_url=url, redis_url=redis_server.url)
    instance.home.mkdir()
    await closed_and_recorded(engine, "c1")
    async with recordings_locked(url), part(instance, "run", "worker") as worker:
        await until_somebody_waits_for_a_lock(engine)
        os.kill(worker.pid, signal.SIGKILL)
        await worker.wait()
    assert await disposition(engine, "c1") is None
    async with part(instance, "run", "worker") as worker:
        await described(engine, "c1", instance)
        await closed_and_recorded(engine, "c2")  # by nobody who would tell
        await described(engine, "c2", instance)
        assert worker.returncode is None


@asynccontextmanager
async def recordings_locked(url: str) -> AsyncIterator[None]:
    """By a connection of its own: ours are ended by the server when they sit in a transaction for 3 s."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        async with connection.transaction():
            await connection.execute("SELECT 1 FROM recordings FOR UPDATE")
            yield
    finally:
        await connection.close()


async def closed_and_recorded(engine: AsyncEngine, name: str) -> None:
    row = contact(name)
    store = SqlStore(engine)
    await store.commit(Change((row,), entries=(Entry(name, T0, Kind.OPENED, "system"),)))
    async with async_sessionmaker(engine).begin() as session:
        recording = RecordingRow(id=f"{name}.r1", interaction_id=name, channel_id=name)
        recording.state, recording.started_at, recording.direction = RecordingState.STORED, T0, row.direction
        recording.from_address = recording.to_address = ""
        session.add(recording)
    over = replace(
        row, version=row.version + 1, stage=Stage.CLOSED, disposition="resuelto", agent="ana",
        end_reason=EndReason.CUSTOMER_HUNG_UP,
    )  # fmt: skip
    await store.commit(Change((over,), entries=(Entry(name, T0, Kind.CLOSED, "ana"),)))


async def disposition(engine: AsyncEngine, name: str) -> str | None:
    async with engine.connect() as connection:
        wanted = select(RecordingRow.disposition).where(RecordingRow.interaction_id == name)
        found: str | None = await connection.scalar(wanted)
        return found


async def described(engine: AsyncEngine, name: str, instance: Instance) -> None:
    try:
        async with asyncio.timeout(WAIT_S):
            while await disposition(engine, name) != "resuelto":
                await asyncio.sleep(0.05)
    except TimeoutError:
        said = (instance.home.parent / "home-run-worker.out").read_text()
        raise AssertionError(f"{name} was never described:\n{said[-2000:]}") from None


async def until_somebody_waits_for_a_lock(engine: AsyncEngine) -> None:
    wanted = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with asyncio.timeout(WAIT_S):
        while True:
            async with engine.connect() as connection:
                if await connection.scalar(wanted):
                    return
            await asyncio.sleep(0.02)
